"""Events of language models: recorded as they came, counted like track events where they name one."""

import pytest

NOW = "2026-03-15T12:00:00Z"


@pytest.fixture
def acme(api):
    api.clock(NOW)
    tokens = api.feature("tokens", event_subtype="chat", aggregation="sum", value_trait="input_tokens")
    large = api.feature("large", event_subtype="chat", aggregation="count", filters=[
        {"trait": "response_model", "operator": "eq", "value": "large"}])
    return api.subscribed("acme", api.free_plan(
        "Free", *((feature, {"value_type": "unlimited"}) for feature in (tokens, large, api.feature("chat")))))


def inference(key: str | None = None, **fields) -> dict:
    body = {
        "company": {"id": "acme"}, "provider": "someone", "response_model": "large", "input_tokens": 120,
        "output_tokens": 30, "event": "chat", **fields}
    made = {"type": "inference", "body": {name: value for name, value in body.items() if value != "absent"}}
    return made if key is None else made | {"idempotency_key": key}


def usages(api) -> list:
    return [api.usage("acme", name) for name in ("chat", "tokens", "large")]


def test_it_counts_its_requests_under_its_event_and_its_fields_are_traits(server, api, acme):
    api.track(inference("a"), inference("b", requests=5, response_model="small", user={"id": "ada"}))
    assert api.batch(inference("a"))["duplicates"] == 1
    assert api.batch(inference("a", requests=2))["conflicts"] == 1
    # The same key means another event of another type.
    assert api.batch({"type": "track", "idempotency_key": "a", "body": {
        "event": "chat", "company": {"id": "acme"}}})["accepted"] == 1
    assert usages(api) == [7, 240, 1]
    server.kill()
    server.start()
    api = server.api
    assert usages(api) == [7, 240, 1]
    assert api.batch(inference("a"))["duplicates"] == 1


def test_it_is_listed_as_it_came(api, acme):
    sent = inference(cost="0.0042", currency="usd", requests=3, more=[1])
    api.track(sent, inference(event="absent"))
    silent, loud = api.get("/events", event_types=["inference"])
    assert (loud["type"], loud["subtype"], loud["quantity"], loud["body"]) == ("inference", "chat", 3, sent["body"])
    assert {feature["name"] for feature in loud["features"]} == {"chat", "tokens", "large"}
    assert (silent["subtype"], silent["company"]["name"]) == (None, "acme")
    assert api.get("/events", event_types=["track"]) == []
    assert usages(api) == [3, 120, 1]


@pytest.mark.parametrize("fields, sentence", [
    ({"company": "absent"}, "company is missing"),
    ({"company": {}}, "company is missing"),
    ({"provider": None}, "provider is missing"),
    ({"provider": 7}, "provider must be a string"),
    ({"response_model": ""}, "response_model is missing"),
    ({"input_tokens": "absent"}, "input_tokens is missing"),
    ({"input_tokens": "120"}, "input_tokens must be an integer"),
    ({"output_tokens": 1.5}, "output_tokens must be an integer of 0 to 10^15, not 1.5"),
    ({"reasoning_tokens": -1}, "reasoning_tokens must be an integer of 0 to 10^15, not -1"),
    ({"requests": 0}, "requests must not be 0"),
    ({"cost": 0.5}, "cost must be a string"),
    ({"company": {"id": 5}}, 'company key "id" must be a string, not a number'),
])
def test_what_is_wrong_is_refused_by_itself(api, acme, fields, sentence):
    answer = api.batch(inference(), inference(**fields), inference())
    assert answer["accepted"] == 2
    assert answer["rejected"] == [{"index": 1, "error": sentence}]


def test_unknown_companies_and_events_are_made(api, acme):
    api.track(inference(company={"id": "new"}, event="other", user={"id": "bob"}))
    assert api.get("/companies/lookup", **{"keys[id]": "new"})["keys"][0]["value"] == "new"
    assert [row["subtype"] for row in api.get("/events", event_subtype="other")] == ["other"]


def test_a_feature_may_count_inference_events_only(api):
    feature = api.feature("calls", event_subtype="chat", event_source="inference")
    assert feature["event_source"] == "inference"
    plain = api.feature("all", event_subtype="chat")
    assert plain["event_source"] == "track"
    api.subscribed("acme", api.free_plan("Free", *((row, {"value_type": "unlimited"}) for row in (feature, plain))))
    api.track(inference(requests=4), {"type": "track", "body": {"event": "chat", "company": {"id": "acme"}}})
    assert (api.usage("acme", "calls"), api.usage("acme", "all")) == (4, 5)
    refused = api.send("PUT", f"/features/{feature['id']}", {"event_source": "track"})
    assert refused.status_code == 400 and "event_source" in refused.json()["error"]
    assert api.put(f"/features/{feature['id']}", {"name": "renamed"})["event_source"] == "inference"

"""CloudEvents 1.0 in all three modes of its HTTP binding: what producers for OpenMeter send."""

import json

import pytest

from api import event
from server import Server

NOW = "2026-03-15T12:00:00Z"
PATH = "/api/v1/events"
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture
def acme(api):
    return subscribed(api)


def subscribed(api):
    api.clock(NOW)
    tokens = api.feature("tokens", event_subtype="prompt", aggregation="sum", value_trait="tokens")
    return api.subscribed("acme", api.free_plan(
        "Free", *((feature, {"value_type": "unlimited", "metric_period": "current_month"})
                  for feature in (tokens, api.feature("prompt")))))


def cloud(id: str = "1", **attributes) -> dict:
    made = {
        "specversion": "1.0", "id": id, "source": "/chat", "type": "prompt", "subject": "acme", "time": NOW,
        "data": {"tokens": 120, "model": "small"}, **attributes}
    return {name: value for name, value in made.items() if value is not None}


def send(api, body, content_type: str = ONE, **headers):
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return api.send("POST", PATH, content=content, headers={"Content-Type": content_type, **headers})


def usages(api) -> tuple:
    return api.usage("acme", "prompt"), api.usage("acme", "tokens")


def test_each_mode_counts_the_same_event_once_and_answers_as_batch_does(server, api, acme):
    answer = send(api, cloud())
    assert answer.status_code == 200
    expected = {"data": {"accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": [], "late": []}, "params": {}}
    assert answer.json() == expected
    again = expected["data"] | {"accepted": 0, "duplicates": 1}
    head = {f"ce-{name}": value for name, value in cloud().items() if name != "data"}
    for answer in (
            send(api, [cloud()], BATCH + "; charset=utf-8"), send(api, cloud(), "application/json"),
            send(api, [cloud()], "application/json"), send(api, cloud()["data"], "application/json", **head)):
        assert answer.json()["data"] == again, answer.text
    assert usages(api) == (1, 120)
    server.kill()
    server.start()
    assert send(server.api, cloud()).json()["data"] == again
    recorded = server.api.get("/events")
    assert [(row["subtype"], row["idempotency_key"], row["body"]["traits"]) for row in recorded] == [
        ("prompt", "/chat 1", {"tokens": 120, "model": "small"})]


def test_id_and_source_together_are_the_key(api, acme):
    answer = send(api, [
        cloud("1"), cloud("2"), cloud("1", source="/other"), cloud("1", subject="other"), cloud("1")], BATCH)
    data = answer.json()["data"]
    assert (data["accepted"], data["duplicates"], data["conflicts"]) == (3, 1, 1)
    assert usages(api) == (3, 360)


def test_time_is_when_it_counts_and_quantity_how_much(api, acme):
    late = cloud("1", time="2026-02-20T00:00:00Z", data={"quantity": 5, "tokens": 7})
    assert send(api, [late, cloud("2", time=None, data={"quantity": "3"}), cloud("3", data=None)], BATCH).is_success
    assert usages(api) == (4, 0)
    rows = api.get("/events")
    assert [row["effective_at"] for row in rows] == [NOW, NOW, "2026-02-20T00:00:00Z"]
    answer = send(api, cloud("4", time="2026-01-01T00:00:00Z"))
    assert answer.status_code == 400 and "34 days in the past" in answer.json()["error"]


def test_attributes_in_headers_are_percent_decoded(api, acme):
    head = {f"ce-{name}": value for name, value in cloud(type="r%C3%A9sum%C3%A9").items() if name != "data"}
    assert send(api, b"", "application/json", **head).json()["data"]["accepted"] == 1
    assert [row["subtype"] for row in api.get("/events")] == ["résumé"]


@pytest.mark.parametrize("change, sentence", [
    ({"specversion": None}, "specversion is missing"),
    ({"specversion": "0.3"}, 'specversion must be 1.0, not "0.3"'),
    ({"id": None}, "id is missing"),
    ({"id": ""}, "id must not be empty"),
    ({"id": 5}, "id must be a string, not 5"),
    ({"source": None}, "source is missing"),
    ({"source": "a b"}, "source must not contain white space"),
    ({"source": "x" * 300}, "source and id are longer than 255 bytes together: 301"),
    ({"type": None}, "type is missing"),
    ({"type": "x" * 300}, "event is longer than 256 bytes: 300"),
    ({"subject": None}, "subject is missing"),
    ({"time": "yesterday"}, "time must be an RFC 3339 date and time such as"),
    ({"data": [1]}, "data must be an object, not a list"),
    ({"data": {"quantity": 1.5}}, "data.quantity must be an integer, not 1.5"),
    ({"data": {"quantity": 0}}, "quantity must not be 0"),
    ({"data": {"tokens": 1.5}}, "the trait tokens must be a whole number"),
    ({"data": None, "data_base64": "eA=="}, "data must be JSON: data_base64 is not read"),
    ({"datacontenttype": "text/plain"}, 'datacontenttype must be application/json, not "text/plain"'),
])
def test_what_is_wrong_is_a_400_by_itself_and_rejected_in_a_batch(api, acme, change, sentence):
    wrong = cloud(**change)
    answer = send(api, wrong)
    assert answer.status_code == 400 and sentence in answer.json()["error"], answer.text
    data = send(api, [cloud("a"), wrong, cloud("b")], BATCH).json()["data"]
    assert data["accepted"] == 2
    assert [row["index"] for row in data["rejected"]] == [1] and sentence in data["rejected"][0]["error"]


@pytest.mark.parametrize("body, content_type, status", [
    ("{", ONE, 400), ("", ONE, 400), ("[]", ONE, 400), ("{}", BATCH, 400), ("[]", BATCH, 200), ("5", BATCH, 400),
    ("<a/>", "application/cloudevents+xml", 400), ("x", "text/plain", 400), ("[null, 7]", BATCH, 200)])
def test_bodies_that_are_no_events(api, acme, body, content_type, status):
    answer = send(api, body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.is_success or answer.json()["error"]


def test_only_secret_keys_that_may_write_send_them(api, acme):
    for fields, status in [
            ({"kind": "secret"}, 200), ({"kind": "secret", "readonly": True}, 403), ({"kind": "publishable"}, 403)]:
        key = api.post("/api-keys", {"name": "k", **fields})["key"]
        bearer = api.with_key(None)
        assert send(bearer, cloud(), ONE, Authorization=f"Bearer {key}").status_code == status
    assert send(api.with_key(None), cloud()).status_code == 401


def test_the_subject_may_be_another_key(tmp_path):
    server = Server(tmp_path / "data", options=["--subject-key", "customer"]).start()
    api = server.api
    subscribed(api)
    api.post("/companies", {"keys": {"id": "acme", "customer": "C-7"}, "name": "acme"})
    assert send(api, cloud(subject="C-7")).is_success
    api.track(event("prompt", "acme", 2))
    assert api.usage("acme", "prompt") == 3
    server.stop()
    server.verify()

"""Features that measure something else of their events than the sum of all quantities: counted, checked, billed."""

import json

import pytest

from api import event, lines
from server import Server, tollgate

JANUARY, FEBRUARY = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
ONLY_EU = [{"trait": "zone", "operator": "eq", "value": "eu"}]


def used(traits: dict, quantity: int = 1, **more) -> dict:
    made = event("call", "acme", quantity, **more)
    made["body"]["traits"] = traits
    return made


def measured(api, key: str, aggregation: str, **fields) -> dict:
    return api.feature(key, event_subtype="call", aggregation=aggregation, **fields)


@pytest.fixture
def features(api):
    api.clock(JANUARY)
    return {
        "bytes": measured(api, "bytes", "sum", value_trait="bytes"),
        "eu": measured(api, "eu", "count", filters=ONLY_EU),
        "peak": measured(api, "peak", "max", value_trait="seats"),
        "seats": measured(api, "seats", "latest", value_trait="seats"),
        "users": measured(api, "users", "unique_count", unique_trait="user"),
        "call": api.feature("call"),
    }


def usages(api, company: str = "acme") -> dict:
    rows = api.get("/feature-usage", **{"company_keys[id]": company})
    return {row["feature"]["name"]: row["usage"] for row in rows}


def test_what_is_declared_is_echoed_and_what_makes_no_sense_is_a_400(api, features):
    for name, expected in {
            "bytes": ("sum", "bytes", None, []), "eu": ("count", None, None, ONLY_EU),
            "users": ("unique_count", None, "user", []), "call": ("sum", None, None, [])}.items():
        for feature in features[name], api.get(f"/features/{features[name]['id']}"):
            assert tuple(feature[field] for field in (
                "aggregation", "value_trait", "unique_trait", "filters")) == expected
    several = [
        {"trait": "zone", "operator": "in", "value": ["eu", "us"]}, {"trait": "bytes", "operator": "gte", "value": 5.5}]
    changed = api.put(f"/features/{features['eu']['id']}", {"filters": several})
    assert (changed["aggregation"], changed["filters"]) == ("count", several)
    assert api.put(f"/features/{features['eu']['id']}", {"name": "other"})["filters"] == several
    assert api.put(f"/features/{features['eu']['id']}", {"aggregation": "sum"})["filters"] == []

    for fields, sentence in [
            ({"aggregation": "average"}, "aggregation must be one of sum, count, max, latest, unique_count"),
            ({"aggregation": "unique_count"}, "aggregation unique_count needs a unique_trait"),
            ({"filters": [{"trait": "a", "operator": "like", "value": "b"}]}, "filters[0].operator must be one of"),
            ({"filters": [{"trait": "a", "operator": "eq"}]}, "filters[0].value is missing"),
            ({"filters": "a"}, "filters must be a list")]:
        answer = api.send("POST", "/features", {
            "name": "x", "description": "", "feature_type": "event", "event_subtype": "call", **fields})
        assert answer.status_code == 400 and sentence in answer.json()["error"], answer.text


def test_usage_checks_and_history_follow_each_event_across_restart_kill_and_backup(
        server, api, features, tmp_path):
    limits = {"bytes": 100, "eu": 2, "peak": 10, "seats": 10, "users": 2, "call": 100}
    api.subscribed("acme", api.free_plan("Free", *(
        (features[name], {"value_type": "numeric", "value_numeric": limit, "metric_period": "current_month"})
        for name, limit in limits.items())))
    api.track(
        used({"bytes": 30, "zone": "eu", "seats": 4, "user": "ada"}), used({"bytes": 30, "seats": 9, "user": 7}),
        used({"bytes": "30", "zone": "us", "seats": 3, "user": "7"}), used({}, quantity=5))
    expected = {"bytes": 60, "eu": 1, "peak": 9, "seats": 3, "users": 2, "call": 8}
    assert usages(api) == expected
    assert {name: api.check(name, "acme")["value"] for name in expected} == {
        "bytes": True, "eu": True, "peak": True, "seats": True, "users": False, "call": True}
    once = used({"bytes": 50, "zone": "eu", "seats": 12, "user": "ada"}, key="once")
    assert [api.batch(once)["accepted"], api.batch(once)["duplicates"]] == [1, 1]
    expected = {"bytes": 110, "eu": 2, "peak": 12, "seats": 12, "users": 2, "call": 9}
    assert not any(api.check(name, "acme")["value"] for name in expected if name != "call")
    api.clock("2026-01-20T00:00:00Z")
    late = used({"bytes": 1, "seats": 2, "user": "eve"}, at="2026-01-19T00:00:00Z")
    api.track(late)
    expected |= {"bytes": 111, "seats": 2, "users": 3, "call": 10}
    assert usages(api) == expected

    server.restart()
    assert usages(server.api) == expected
    server.api.track(used({"seats": 20}))
    server.kill()
    server.start()
    api = server.api
    expected |= {"peak": 20, "seats": 20, "call": 11}
    assert usages(api) == expected
    tollgate("backup", "--data", str(server.data), "--to", str(tmp_path / "copy"))
    copy = Server(tmp_path / "copy").start()
    assert usages(copy.api) == expected
    copy.stop()
    copy.verify()
    rows = api.get(
        "/feature-usage-history", start_time=JANUARY, end_time=FEBRUARY, granularity="daily",
        feature_ids=[features[name]["id"] for name in ("peak", "users")])
    days = {(row["feature_id"], row["period_start"][:10]): row["usage"] for row in rows}
    peak, users = features["peak"]["id"], features["users"]["id"]
    assert days == {
        (peak, "2026-01-01"): 12, (peak, "2026-01-19"): 2, (peak, "2026-01-20"): 20, (users, "2026-01-01"): 2,
        (users, "2026-01-19"): 1}
    api.clock(FEBRUARY)
    assert usages(api) == dict.fromkeys(expected, 0)


def test_an_aggregate_is_consumed_and_billed(api, features):
    plan = api.plan("Pro", [
        (features["peak"], {"price_behavior": "pay_as_you_go", "value_type": "unlimited", "monthly_unit_price": 100}),
        (features["users"], {"price_behavior": "pay_as_you_go", "value_type": "unlimited", "monthly_unit_price": 10}),
        (features["bytes"], {"value_type": "numeric", "value_numeric": 10})], monthly_price=4900)
    acme = api.subscribed("acme", plan)
    api.track(used({"seats": 5, "user": "ada"}), used({"seats": 7, "user": "eve"}), used({"seats": 6, "user": "ada"}))
    assert [line["amount"] for line in lines(api.upcoming(acme), "usage")] == [700, 20]

    def consume(feature: str, quantity: int):
        return api.send("POST", "/usage/consume", {"company": {"id": "acme"}, "feature": feature, "quantity": quantity})

    assert [consume("bytes", 6).json()["data"]["allowed"] for _ in range(2)] == [True, False]
    answer = consume("peak", 1)
    assert answer.status_code == 400 and "only of a sum or a count" in answer.json()["error"]
    api.clock("2026-02-02T00:00:00Z")
    api.track(used({"seats": 9, "user": "bob"}, at="2026-01-31T00:00:00Z"))
    api.clock("2026-03-02T00:00:00Z")
    closed = api.invoices(acme)
    assert [line["amount"] for line in lines(closed[1], "usage")] == [700, 20]
    assert [line["amount"] for line in lines(closed[2], "correction")] == [200, 10]


def test_a_number_that_cannot_be_counted_exactly_rejects_its_event(api, features):
    answer = api.batch(used({"bytes": 1.5}), used({"bytes": 2}))
    assert answer["accepted"] == 1
    assert answer["rejected"] == [
        {"index": 0, "error": "the trait bytes must be a whole number to be counted, not 1.5"}]
    assert json.dumps(api.get("/events")[0]["body"]["traits"]) == '{"bytes": 2}'

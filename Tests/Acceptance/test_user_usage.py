"""Usage by user, by event name, and in time: exact, beside a plain sum of what was sent."""

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction

import pytest

from api import event, instant, rfc3339
from catalog import client

NOW = instant("2026-03-20T12:00:00Z")
COMPANIES, NAMES, USERS = ["acme", "other"], ["call", "seat"], [None, "u0", "u1", "u2"]


class World:
    """Random events of the last 33 days, and all of them in a list."""

    def __init__(self, api, rng):
        self.api, self.rng, self.events = api, rng, []
        api.clock(rfc3339(NOW))
        api.features = {name: api.feature(name) for name in NAMES}
        api.feature("times", event_subtype="call", aggregation="count")
        plan = api.free_plan("Free", (api.features["call"], {"value_type": "numeric", "value_numeric": 500,
                                                             "metric_period": "current_day"}))
        self.companies = {name: api.subscribed(name, plan) for name in COMPANIES}
        self.send(400)

    def send(self, count: int):
        made = []
        for _ in range(count):
            company, name, user = self.rng.choice(COMPANIES), self.rng.choice(NAMES), self.rng.choice(USERS)
            quantity = self.rng.choice([-3, 1, 2, 7, 40])
            # Few moments, so that bounds of windows are hit.
            at = NOW - timedelta(hours=self.rng.randrange(33 * 24), milliseconds=self.rng.choice([0, 0, 1, 1800000]))
            one = event(name, company, quantity, at=rfc3339(at))
            if user:
                one["body"]["user"] = {"user_id": user}
            made.append(one)
            self.events.append((company, name, user, quantity, at))
        self.api.track(*made)
        self.users = {
            user: self.api.get("/users/lookup", **{"keys[user_id]": user})["id"] for user in USERS if user}

    def window(self) -> tuple:
        start, end = sorted(self.rng.sample(range(33 * 24), 2), reverse=True)
        return NOW - timedelta(hours=start), NOW - timedelta(hours=end)

    def found(self, start, end, **wanted) -> list:
        return [
            (user, quantity, at) for company, name, user, quantity, at in self.events
            if start <= at < end and company == wanted["company"] and name == wanted["name"]]


@pytest.fixture
def world(api, rng):
    return World(api, rng)


def sums(found: list) -> tuple[dict, dict]:
    totals, seen = Counter(), {}
    for user, quantity, at in found:
        totals[user] += quantity
        seen[user] = max(seen.get(user, at), at)
    return {user: totals[user] for user in seen}, seen


def test_usage_by_user_is_the_sum_of_the_users_events(server, world):
    for turn in range(12):
        if turn == 6:
            server.kill()
            server.start()
            world.api = server.api
            world.send(100)
        company, name = world.rng.choice(COMPANIES), world.rng.choice(NAMES)
        start, end = world.window()
        totals, seen = sums(world.found(start, end, company=company, name=name))
        feature = world.api.get("/features", q=name)[0]["id"]
        ids = {None: None, **world.users}
        query = {
            "company_id": world.companies[company]["id"], "start_time": rfc3339(start), "end_time": rfc3339(end)}
        answer = world.api.get("/user-usage-by-company", feature_id=feature, **query)
        assert {row["user_id"]: row["value"] for row in answer["rows"]} == {ids[u]: n for u, n in totals.items()}
        assert {row["user_id"]: instant(row["last_seen"]) for row in answer["rows"]} == {
            ids[u]: at for u, at in seen.items()}
        if name == "call":
            times = world.api.get("/features", q="times")[0]["id"]
            counted = world.api.get("/user-usage-by-company", feature_id=times, **query)["rows"]
            expected = Counter()
            for user, quantity, _ in world.found(start, end, company=company, name=name):
                expected[ids[user]] += 1 if quantity > 0 else -1
            assert {row["user_id"]: row["value"] for row in counted} == dict(expected)
        values = [row["value"] for row in answer["rows"]]
        assert values == sorted(values, reverse=True)
        whole = sum(totals.values())
        for row in answer["rows"]:
            share = Fraction(row["value"], whole) if whole else 0
            assert abs(Fraction(row["share"]) - share) < Fraction(1, 10**6)

        page = world.api.get("/user-usage-by-company/users", feature_id=feature, metric="feature", **query)
        named = {ids[u]: n for u, n in totals.items() if u}
        assert page["total"] == whole and {row["user_id"]: row["value"] for row in page["rows"]} == named
        assert (page["unattributed"] or {}).get("value") == totals.get(None)
        count = world.api.get("/user-usage-by-company/users/count", feature_id=feature, metric="feature", **query)
        assert count["count"] == len(named)
        if len(named) > 1:
            second = world.api.get(
                "/user-usage-by-company/users", feature_id=feature, metric="feature", limit=1, offset=1, **query)
            assert second["rows"] == page["rows"][1:2]

        user = world.rng.choice(USERS[1:])
        detail = world.api.get("/user-usage-detail", user_id=world.users[user], **query)
        assert {row["feature"]["id"]: row["value"] for row in detail["feature_totals"]}.get(feature) == totals.get(user)
        daily = defaultdict(int)
        for whose, quantity, at in world.found(start, end, company=company, name=name):
            if whose == user:
                daily[at.date()] += quantity
        points = [p for p in detail["daily_points"] if p["feature"]["id"] == feature]
        assert [(instant(p["date"]).date(), p["value"]) for p in points] == sorted(daily.items())


def test_what_was_used_at_all(world):
    query = {"company_id": world.companies["acme"]["id"]}
    metrics = world.api.get("/user-usage-by-company/metrics", **query)
    assert {feature["name"] for feature in metrics["features"]} == {*NAMES, "times"} and metrics["has_credits"] is False
    # The last 30 days when nothing is said.
    assert (instant(metrics["start_time"]), instant(metrics["end_time"])) == (NOW - timedelta(days=30), NOW)
    early = world.api.get("/user-usage-by-company/metrics", **query, start_time="2025-06-01T00:00:00Z",
                          end_time="2025-07-01T00:00:00Z")
    assert early["features"] == []
    credits = world.api.get("/user-usage-by-company/users", metric="credits", **query)
    assert credits["rows"] == [] and credits["total"] == 0 and credits["unattributed"] is None
    for bad, status in [
        ({"company_id": "comp_11111111111"}, 404), ({}, 400), ({**query, "start_time": rfc3339(NOW)}, 400),
        ({**query, "start_time": "2025-01-01T00:00:00Z"}, 400), ({**query, "feature_id": "x"}, 400),
    ]:
        answer = world.api.send("GET", "/user-usage-by-company", query=bad)
        assert answer.status_code == status and answer.json()["error"], bad


def test_event_types_count_what_came_also_after_a_kill(server, world):
    def check():
        sdk = client(server.url)
        summaries = {s.event_subtype: s for s in sdk.events.get_event_summaries().data}
        assert set(summaries) == set(NAMES)
        for name, summary in summaries.items():
            of_name = [one for one in world.events if one[1] == name]
            assert summary.event_count == len(of_name)
            assert summary.company_count == len({one[0] for one in of_name})
            assert summary.user_count == len({one[2] for one in of_name} - {None})
            assert summary.last_seen_at == NOW
        assert [s.event_subtype for s in sdk.events.get_event_summaries(q="EA").data] == ["seat"]
        assert [s.event_subtype for s in sdk.events.get_event_summaries(event_subtypes=["call", "x"]).data] == ["call"]
        sdk.shutdown()

    check()
    world.send(50)
    check()
    server.kill()
    server.start()
    world.api = server.api
    world.send(50)
    check()


def test_a_time_series_grows_in_each_period_of_the_limit(world):
    api, company = world.api, world.companies["acme"]
    start, end = NOW.replace(hour=0) - timedelta(days=5), NOW.replace(hour=0) + timedelta(days=1)
    series = api.get(
        "/feature-usage-timeseries", company_id=company["id"], feature_id=api.features["call"]["id"],
        granularity="hourly", start_time=rfc3339(start), end_time=rfc3339(end))
    assert series["period_type"] == "current_day" and series["feature_type"] == "event"
    [limit] = series["limits"]
    assert (limit["limit_value"], limit["limit_source"], limit["is_soft_limit"]) == (500, "plan_entitlement", False)
    # Up to now: five days and twelve hours.
    assert len(series["usage_points"]) == 5 * 24 + 12
    for point in series["usage_points"]:
        until = instant(point["period_end"])
        day = instant(point["timestamp"]).replace(hour=0)
        used = world.found(day, until, company="acme", name="call")
        assert point["usage"] == sum(quantity for _, quantity, _ in used), point
    whole = api.get(
        "/feature-usage-timeseries", company_id=company["id"], feature_id=api.features["seat"]["id"],
        start_time=rfc3339(start), end_time=rfc3339(end))
    # Without an entitlement it grows from the beginning, and has no limit.
    assert whole["limits"] == [] and [p["usage"] for p in whole["usage_points"]] == [
        sum(q for _, q, _ in world.found(NOW - timedelta(days=99), instant(p["period_end"]), company="acme",
                                         name="seat"))
        for p in whole["usage_points"]]
    for bad in [{"granularity": "yearly"}, {"start_time": "2026-03-20T00:30:00Z"}, {"end_time": rfc3339(start)},
                {"start_time": "2020-01-01T00:00:00Z"}]:
        answer = api.send("GET", "/feature-usage-timeseries", query={
            "company_id": company["id"], "feature_id": api.features["call"]["id"], "start_time": rfc3339(start),
            "end_time": rfc3339(end), **bad})
        assert answer.status_code == 400, (bad, answer.text)


def test_a_time_series_of_a_maximum_shows_what_it_had_come_to(api):
    api.clock(rfc3339(NOW))
    most = api.feature("most", event_subtype="load", aggregation="max", value_trait="size")
    company = api.company("acme")
    for hours, size in (5, 3), (4, 9), (2, 4), (1, 12):
        one = event("load", "acme", at=rfc3339(NOW - timedelta(hours=hours)))
        one["body"]["traits"] = {"size": size}
        api.track(one)
    series = api.get(
        "/feature-usage-timeseries", company_id=company["id"], feature_id=most["id"], granularity="hourly",
        start_time=rfc3339(NOW - timedelta(hours=6)), end_time=rfc3339(NOW))
    assert [point["usage"] for point in series["usage_points"]] == [0, 3, 9, 9, 9, 12]
    rows = api.get("/user-usage-by-company", company_id=company["id"], feature_id=most["id"])["rows"]
    assert rows == []

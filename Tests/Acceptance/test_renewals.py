"""What ends soon, and who is near a limit: one question each, whoever owns the dates."""

from datetime import datetime, timedelta, timezone

import pytest

from api import event, instant, rfc3339
from test_mirror import START, Provider

NOW = datetime(2026, 1, 10, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def at(days: float) -> str:
    return rfc3339(NOW + days * DAY)


def renewals(api, **query) -> list:
    rows = api.get("/renewals", **query)
    if "limit" not in query:
        assert api.get("/renewals/count", **query)["count"] == len(rows)
    return [(row["kind"], (instant(row["date"]) - NOW) / DAY, row["company_name"]) for row in rows]


@pytest.fixture
def provider(api) -> Provider:
    api.clock(rfc3339(NOW))
    return Provider(api)


def override(api, company: dict, feature: dict, days: float) -> dict:
    return api.post("/company-overrides", {
        "company_id": company["id"], "feature_id": feature["id"], "value_type": "boolean", "value_bool": True,
        "expiration_date": at(days)})


def seconds(days: float) -> int:
    return int((NOW + days * DAY).timestamp())


def test_uc12_a1_what_ends_within_14_days(provider, server):
    api = provider.api
    # Its period ends in nine days: 31 days after 19 December.
    api.put("/test-clock", {"now": at(0)})
    for days in (3, 10, 40):
        override(api, api.company(f"over{days}"), provider.sso, days)
    trial = api.company("trial")
    provider.customer("cus_1", trial)
    provider.says("trialing", trial_end=seconds(2))
    payer = api.company("payer")
    provider.customer("cus_2", payer)
    provider.says("active", id="sub_2", customer="cus_2", period_start=seconds(-21), period_end=seconds(9))
    expected = [
        ("trial_end", 2, "trial"), ("override_expiry", 3, "over3"), ("period_end", 9, "payer"),
        ("override_expiry", 10, "over10")]
    assert renewals(api, within_days=14) == expected
    server.kill()
    server.start()
    api = server.api
    assert renewals(api, within_days=14) == expected
    assert renewals(api, within_days=14, limit=2, offset=1) == expected[1:3]
    assert renewals(api, within_days=14, kinds=["trial_end", "period_end"]) == [expected[0], expected[2]]
    assert renewals(api, within_days=14, company_id=payer["id"]) == [expected[2]]
    assert renewals(api, within_days=40)[-1] == ("override_expiry", 40, "over40")
    assert renewals(api, within_days=2) == expected[:1]
    assert renewals(api, within_days=0) == []


def test_tollgates_own_periods_and_cancellations(api):
    api.clock(rfc3339(NOW))
    pro = api.plan("Pro", monthly_price=4900)
    acme = api.subscribed("acme", pro)
    row = api.get("/renewals", within_days=31)[0]
    assert (row["kind"], row["renews"], row["provider_type"]) == ("period_end", True, "schematic")
    assert instant(row["date"]) == datetime(2026, 2, 10, tzinfo=timezone.utc)
    assert row["subscription_id"] == api.subscription(acme)["id"] and row["plan_name"] == "Pro"
    api.post("/manage-plan/subscription/cancel", {"company_id": acme["id"], "cancel_immediately": False})
    assert api.get("/renewals", within_days=31)[0]["renews"] is False
    api.clock("2026-02-10T00:00:00Z")
    assert api.get("/renewals", within_days=3660) == []


def test_dates_that_move_and_go_are_listed_where_they_are(provider):
    api = provider.api
    acme = api.company("acme")
    made = override(api, acme, provider.sso, 5)
    assert renewals(api) == [("override_expiry", 5, "acme")]
    value = {"value_type": "boolean", "value_bool": True}
    api.put(f"/company-overrides/{made['id']}", {**value, "expiration_date": at(7)})
    assert renewals(api) == [("override_expiry", 7, "acme")]
    api.put(f"/company-overrides/{made['id']}", value)
    assert renewals(api) == []
    api.put(f"/company-overrides/{made['id']}", {**value, "expiration_date": at(7)})
    api.delete(f"/company-overrides/{made['id']}")
    assert renewals(api) == []
    override(api, acme, provider.sso, 5)
    provider.customer("cus_1", acme)
    provider.says("active", period_start=seconds(-10), period_end=seconds(20))
    provider.says("active", period_start=seconds(20), period_end=seconds(25))
    assert renewals(api) == [("override_expiry", 5, "acme"), ("period_end", 25, "acme")]
    provider.says("canceled", period_start=seconds(20), period_end=seconds(25))
    assert renewals(api) == [("override_expiry", 5, "acme")]
    api.clock(at(5))
    assert renewals(api) == []
    api.delete(f"/companies/{acme['id']}")


def test_a_company_that_is_gone_renews_nothing(provider):
    api = provider.api
    acme = api.company("acme")
    override(api, acme, provider.sso, 5)
    provider.customer("cus_1", acme)
    provider.says("active", period_start=START, period_end=seconds(20))
    api.delete(f"/companies/{acme['id']}")
    assert renewals(api) == []


@pytest.mark.parametrize("query, word", [
    ({"within_days": -1}, "within_days"), ({"within_days": "soon"}, "within_days"), ({"kind": "wedding"}, "kind"),
    ({"limit": 0}, "limit")])
def test_questions_about_renewals_that_make_no_sense(shared, query, word):
    answer = shared.send("GET", "/renewals", query=query)
    assert answer.status_code == 400 and word in answer.json()["error"]


# Usage signals -------------------------------------------------------------------------------------------------------

def limited(api, period: str = "current_month", limit: int = 100) -> dict:
    feature = api.feature("calls")
    plan = api.free_plan("Free", (feature, {
        "value_type": "numeric", "metric_period": period, "value_numeric": limit}))
    api.post("/plan-groups", {
        "initial_plan_id": plan.id, "fallback_plan_id": plan.id, "add_on_ids": [], "ordered_add_ons": [],
        "ordered_plans": [], "ordered_bundle_list": []})
    return feature


def test_uc11_a1_a_hundred_companies_of_which_21_are_near_their_limit(api):
    feature = limited(api)
    for used in range(1, 101):
        api.company(f"c{used:03}")
    api.track(*(event("calls", f"c{used:03}", used) for used in range(1, 101)))
    def count(**query):
        return api.get("/usage-signals/count", feature_id=feature["id"], **query)["count"]
    assert [count(kind=kind) for kind in ("near_limit", "at_limit", "under_used")] == [21, 1, 19]
    assert count() == 40
    assert count(kinds=["at_limit", "under_used"]) == 20
    assert count(kind="near_limit", threshold=50) == 51
    assert count(kind="under_used", under_threshold=5) == 4
    rows = api.get("/usage-signals", kind="near_limit", limit=3, offset=0)
    assert [(row["company_name"], row["usage"], row["percent_used"]) for row in rows] == [
        ("c100", 100, 100), ("c099", 99, 99), ("c098", 98, 98)]
    assert rows[0]["signals"] == ["at_limit", "near_limit"] and rows[1]["signals"] == ["near_limit"]
    assert count(plan_id=rows[0]["plan_id"]) == 40
    one = api.get("/usage-signals", company_id=rows[0]["company_id"])
    assert [row["company_name"] for row in one] == ["c100"]


def test_the_trend_against_the_period_before(api):
    limited(api)
    api.clock("2026-01-05T00:00:00Z")
    api.company("acme")
    api.track(event("calls", "acme", 40))
    api.clock("2026-01-20T12:00:00Z")
    api.track(event("calls", "acme", 30))
    api.clock("2026-02-10T00:00:00Z")
    api.track(event("calls", "acme", 90))
    row = api.get("/usage-signals")[0]
    assert (row["usage"], row["previous_usage"], row["previous_usage_to_date"]) == (90, 70, 40)
    assert row["change_percent"] == 125
    api.clock("2026-02-20T13:00:00Z")
    assert api.get("/usage-signals")[0]["previous_usage_to_date"] == 70


def test_use_of_all_time_has_no_period_before(api):
    limited(api, "all_time", 10)
    api.company("acme")
    api.track(event("calls", "acme", 10))
    row = api.get("/usage-signals")[0]
    assert (row["signals"], row["previous_usage"], row["change_percent"]) == (["at_limit", "near_limit"], None, None)


@pytest.mark.parametrize("query, status", [
    ({"threshold": 0}, 400), ({"threshold": 101}, 400), ({"kind": "odd"}, 400),
    ({"feature_id": "feat_11111111111"}, 404)])
def test_questions_about_signals_that_make_no_sense(shared, query, status):
    assert shared.send("GET", "/usage-signals", query=query).status_code == status


# Lists of companies --------------------------------------------------------------------------------------------------

def test_companies_by_what_they_pay(provider):
    api = provider.api
    own = api.plan("Own", monthly_price=1000)
    nothing = api.plan("Nothing", monthly_price=0)
    api.subscribed("native", own)
    api.subscribed("zero", nothing)
    api.company("free")
    for number, status in enumerate(["active", "trialing", "past_due", "unpaid", "canceled"]):
        company = api.company(status)
        provider.customer(f"cus_{number}", company)
        provider.says(status, id=f"sub_{number}", customer=f"cus_{number}")
    def found(**query) -> set:
        rows = api.get("/companies", **query)
        assert api.get("/companies/count", **query)["count"] == len(rows)
        return {row["name"] for row in rows}
    paying = {"native", "active", "past_due"}
    running = paying | {"zero", "trialing"}
    everyone = running | {"free", "unpaid", "canceled"}
    assert found() == everyone
    assert found(subscription_types="paid") == found(monetized_subscriptions=True) == paying
    assert found(subscription_types="trial") == {"trialing"}
    assert found(subscription_types=["trial", "free"]) == found(monetized_subscriptions=False) == everyone - paying
    assert found(with_subscription=True) == found(without_subscription=False) == running
    assert found(without_subscription=True) == everyone - running
    assert found(subscription_statuses="active") == {"native", "zero", "active"}
    assert found(subscription_statuses=["unpaid", "canceled"]) == {"unpaid", "canceled"}
    assert found(plan_id=provider.pro.id, q="AST_") == {"past_due"}
    assert found(plan_ids=[provider.pro.id, own.id]) == paying | {"trialing"}
    assert found(with_entitlement_for=provider.sso["id"]) == {"active", "past_due", "trialing"}
    assert found(without_plan=True) == set() and found(without_plan=False) == everyone
    refused = api.send("GET", "/companies", query={"subscription_types": "barter"})
    assert refused.status_code == 400 and "subscription_types" in refused.json()["error"]

"""Add-ons: what they allow beside the base plan, what they cost, and what stands in their way."""

from types import SimpleNamespace

import pytest

from api import event, lines

START, HALF, BOUNDARY = "2026-04-01T00:00:00Z", "2026-04-16T00:00:00Z", "2026-05-01T00:00:00Z"
UNLIMITED = {"value_type": "unlimited"}


def per_month(count: int) -> dict:
    return {"value_type": "numeric", "value_numeric": count, "metric_period": "current_month"}


def add_on(api, name: str, entitlements=(), charge_type: str = "recurring", currency: str = "usd", **prices):
    plan = api.post("/plans", {"name": name, "plan_type": "add_on", "description": "", "icon": "blue"})
    billed = charge_type == "recurring"
    api.put(f"/plans/{plan['id']}/billing_products", {
        "charge_type": charge_type, "is_trialable": False, "currency": currency,
        "billing_strategy": "schematic_managed" if billed else "no_billing", **prices})
    rows = {}
    for feature, fields in entitlements:
        body = {"plan_id": plan["id"], "feature_id": feature["id"], "currency": currency, **fields}
        rows[feature["flags"][0]["key"]] = api.post("/plan-entitlements", body)
    version = api.get(f"/plans/{plan['id']}")["draft_version"]["id"]
    api.publish(version)
    detail = api.get(f"/plans/{plan['id']}")
    return SimpleNamespace(id=plan["id"], version_id=version, entitlements=rows, detail=detail)


def having(*add_ons, **fields) -> dict:
    return {"add_on_selections": [{"plan_id": one.id, **fields} for one in add_ons]}


@pytest.fixture
def shop(api):
    api.clock(START)
    calls = api.feature("calls")
    free = api.free_plan("Free", (calls, per_month(10)))
    pro = api.plan("Pro", [(calls, per_month(1000))], monthly_price=4900, yearly_price=49_000)
    more = add_on(api, "Unlimited API", [(calls, UNLIMITED)], monthly_price=2500)
    return SimpleNamespace(calls=calls, free=free, pro=pro, more=more)


def names(rows: list) -> list:
    return [row["name"] for row in rows]


def test_uc9_an_add_on_is_allowed_billed_and_given_up_again(api, shop):
    acme = api.subscribed("acme", shop.pro)
    api.track(event("calls", "acme", 1200))
    assert api.check("calls", "acme")["value"] is False
    api.clock(HALF)
    api.subscribe(acme, shop.pro, **having(shop.more))

    assert api.check("calls", "acme")["value"] is True
    row = api.usage_row("acme", "calls")
    assert (row["usage"], row["allocation"], row["is_unlimited"]) == (1200, None, True)
    company = api.get(f"/companies/{acme['id']}")
    assert names([company["plan"]]) == ["Pro"] and names(company["plans"]) == ["Pro", "Unlimited API"]
    assert [(one["name"], one["plan_price"], one["plan_period"]) for one in company["add_ons"]] == [
        ("Unlimited API", 2500, "month")]
    assert company["billing_subscription"]["total_price"] == 7400
    assert [row["name"] for row in api.get("/companies", plan_ids=shop.more.id)] == ["acme"]

    upcoming = api.get(f"/companies/{acme['id']}/upcoming-invoice")
    assert [(line["line_type"], line["amount"], line["plan_id"]) for line in upcoming["lines"]] == [
        ("proration_charge", 1250, shop.more.id), ("base", 4900, shop.pro.id), ("base", 2500, shop.more.id)]
    assert upcoming["lines"][0]["proration_basis"] == {"seconds": 15 * 86_400, "of_seconds": 30 * 86_400}

    api.subscribe(acme, shop.pro)
    assert api.check("calls", "acme")["value"] is False
    row = api.usage_row("acme", "calls")
    assert (row["usage"], row["allocation"]) == (1200, 1000)
    upcoming = api.get(f"/companies/{acme['id']}/upcoming-invoice")
    assert [(line["line_type"], line["amount"]) for line in upcoming["lines"]] == [
        ("proration_charge", 1250), ("proration_credit", -1250), ("base", 4900)]


def test_what_several_plans_grant_the_most_generous_allows(api):
    """A daily 40 is more than a monthly 1,000; a switch that one source turns on is on."""
    api.clock(START)
    calls, sso = api.feature("calls"), api.feature("sso", feature_type="boolean")
    off, on = ({"value_type": "boolean", "value_bool": value} for value in (False, True))
    pro = api.plan("Pro", [(calls, per_month(1000)), (sso, off)], monthly_price=4900)
    daily = add_on(api, "Daily", [(calls, {**per_month(40), "metric_period": "current_day"}), (sso, on)], "free")
    small = add_on(api, "Small", [(calls, {**per_month(30), "metric_period": "current_day"})], "free")
    acme = api.company("acme")

    def allowed(*add_ons) -> tuple:
        api.subscribe(acme, pro, **having(*add_ons))
        row = api.usage_row("acme", "calls")
        return row["allocation"], row["period"], api.check("sso", "acme")["value"]

    assert allowed() == (1000, "current_month", False)
    assert allowed(small) == (1000, "current_month", False)
    assert allowed(daily) == (40, "current_day", True)
    assert allowed(small, daily) == (40, "current_day", True)


def test_seats_of_an_add_on_are_bought_ahead(api):
    api.clock(START)
    pro = api.plan("Pro", monthly_price=4900)
    team = add_on(api, "Team", [(api.seats(), {
        "value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 1000})], monthly_price=500)
    price = team.entitlements["seats"]["metered_monthly_price"]["id"]
    acme = api.company("acme", traits={"seats_used": 2})
    api.subscribe(acme, pro, {price: 3}, **having(team))
    (invoice,) = api.invoices(acme)
    assert [(line["line_type"], line["amount"], line["plan_id"]) for line in invoice["lines"]] == [
        ("base", 4900, pro.id), ("base", 500, team.id), ("seat", 3000, team.id)]
    assert api.usage_row("acme", "seats")["allocation"] == 3
    rows = api.subscription(acme)["lines"]
    assert [(row["base"], row["source_name"], row["quantity"], row["unit_amount"]) for row in rows] == [
        (True, "Pro", 1, 4900), (False, "Team", 1, 500), (False, "seats", 3, 1000)]


PROBLEMS = {  # what is asked for: the code, and how to ask for it in this shop
    "a base plan as add-on": ("add_on_unavailable", lambda shop, api: (shop.pro, having(shop.free))),
    "an add-on as base plan": ("plan_unavailable", lambda shop, api: (shop.more, {})),
    "an add-on that does not exist": (
        "add_on_unavailable", lambda shop, api: (shop.pro, having(SimpleNamespace(id="plan_zzzzzzzzzzz")))),
    "paid for beside a free plan": ("add_on_requires_billed_plan", lambda shop, api: (shop.free, having(shop.more))),
    "monthly beside yearly": ("add_on_interval_mismatch", lambda shop, api: (
        shop.pro, {**having(shop.more), "base_plan_price_id": api.get(f"/plans/{shop.pro.id}")["yearly_price"]["id"]})),
    "the price of another plan": ("price_unavailable", lambda shop, api: (
        shop.pro, having(shop.more, price_id=api.get(f"/plans/{shop.pro.id}")["monthly_price"]["id"]))),
    "in another currency": ("currency_mismatch", lambda shop, api: (
        shop.pro, having(add_on(api, "Euro", currency="eur", monthly_price=100)))),
    "a price for what costs nothing": ("price_unavailable", lambda shop, api: (
        shop.pro, having(add_on(api, "Gift", charge_type="free"), price_id="bilpp_zzzzzzzzzzz"))),
    "named twice": ("selection_invalid", lambda shop, api: (shop.pro, having(shop.more, shop.more))),
    "without a base plan": ("selection_invalid", lambda shop, api: (None, having(shop.more))),
    "billing the same use twice": ("add_on_conflicts_with_plan", lambda shop, api: (
        shop.pro, having(*[add_on(api, name, [(shop.calls, {
            "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 5})],
            monthly_price=100) for name in ("Metered", "Measured")]))),
}


@pytest.mark.parametrize("code, ask", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_pc_12_what_cannot_be_had_changes_nothing(api, shop, code, ask):
    acme = api.subscribed("acme", shop.pro)
    plan, fields = ask(shop, api)
    before = api.get(f"/companies/{acme['id']}"), api.invoices(acme), api.get("/plan-changes")
    outcome = api.manage_plan(acme, plan, **fields)
    assert (outcome["success"], [problem["code"] for problem in outcome["problems"]]) == (False, [code])
    assert (api.get(f"/companies/{acme['id']}"), api.invoices(acme), api.get("/plan-changes")) == before


def test_add_ons_end_with_the_subscription(api, shop):
    acme = api.company("acme")
    api.subscribe(acme, shop.pro, **having(shop.more))
    assert [line["amount"] for line in lines(api.invoices(acme)[0], "base")] == [4900, 2500]
    api.post("/manage-plan/subscription/cancel", {"company_id": acme["id"], "cancel_immediately": False})
    api.clock(BOUNDARY)
    company = api.get(f"/companies/{acme['id']}")
    assert (company["add_ons"], company["plans"], company["billing_subscriptions"]) == ([], [], [])


# What is recorded -----------------------------------------------------------------------------------------------------

def test_pc_03_every_change_is_one_row(api, shop):
    acme, beta = api.company("acme"), api.company("beta")
    api.subscribe(beta, shop.free)

    def rows(**query) -> list:
        found = api.get("/plan-changes", company_id=acme["id"], **query)
        assert all(api.get(f"/plan-changes/{row['id']}") == row for row in found)
        return [(
            row["action"], row["subscription_change_action"], (row["previous_base_plan"] or {}).get("name"),
            (row["base_plan"] or {}).get("name"), names(row["add_ons_added"]), names(row["add_ons_removed"]))
            for row in found]

    expected = []

    def step(row: tuple | None, plan, **fields):
        api.subscribe(acme, plan, **fields)
        if row:
            expected.insert(0, ("manage_plan", *row))
        assert rows() == expected

    assert rows() == []
    step((None, None, "Free", [], []), shop.free)
    step(None, shop.free)
    step(("subscribe", "Free", "Pro", [], []), shop.pro)
    step(None, shop.pro)
    step(("upgrade", "Pro", "Pro", ["Unlimited API"], []), shop.pro, **having(shop.more))
    step(("downgrade", "Pro", "Pro", [], ["Unlimited API"]), shop.pro)
    step(("unsubscribe", "Pro", "Free", [], []), shop.free)
    assert rows(action="checkout") == [] and len(rows(action="manage_plan", limit=2)) == 2
    assert len(api.get("/plan-changes")) == len(expected) + 1
    (first,) = api.get("/plan-changes", company_ids=[acme["id"], beta["id"]], limit=1, offset=len(expected))
    assert (first["company"]["name"], first["actor_type"], first["is_version_upgrade"]) == ("beta", "api_key", False)
    assert first["api_key"]["id"] and first["base_plan_version"]["version"] == 1


def test_plan_changes_tell_names_as_they_were_and_the_initial_plan(api, shop):
    api.post("/plan-groups", {
        "add_on_ids": [shop.more.id], "ordered_add_ons": [], "ordered_bundle_list": [], "initial_plan_id": shop.free.id,
        "ordered_plans": [{"plan_id": shop.free.id}]})
    acme = api.company("acme")
    api.put(f"/plans/{shop.free.id}", {"name": "Gratis"})
    (row,) = api.get("/plan-changes", company_id=acme["id"], base_plan_action="initial")
    assert (row["action"], row["base_plan"]["name"], row["base_plan"]["deleted"]) == ("company_upsert", "Free", False)
    assert api.get("/plan-changes", company_id=acme["id"], base_plan_action="fallback") == []
    assert api.send("GET", "/plan-changes/plch_zzzzzzzzzzz").status_code == 404
    assert api.send("GET", "/plan-changes", query={"action": "nonsense"}).status_code == 400

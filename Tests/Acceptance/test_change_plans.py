"""Plan changes by the ids of the reference: what is kept, charged and in the way, and what a preview says of it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from api import event, instant, lines, rfc3339
from server import Server
from test_change_add_ons import add_on, having, per_month

START, HALF, BOUNDARY = "2026-04-01T00:00:00Z", "2026-04-16T00:00:00Z", "2026-05-01T00:00:00Z"
DAY = 86_400


def checkout(api, company, plan, add_ons=(), pay_in_advance: dict | None = None) -> dict:
    return {
        "company_id": company["id"], "new_plan_id": plan.id, "new_price_id": "", "skip_trial": True,
        "add_on_ids": [{"add_on_id": one.id, "price_id": ""} for one in add_ons], "auto_topup_overrides": [],
        "credit_bundles": [], "custom_field_values": [],
        "pay_in_advance": [{"price_id": id, "quantity": n} for id, n in (pay_in_advance or {}).items()]}


def preview(api, company, plan=None, **fields) -> dict:
    return api.post("/manage-plan/preview", {
        "company_id": company["id"], "add_on_selections": [], "credit_bundles": [], "custom_field_values": [],
        "pay_in_advance_entitlements": [], **({} if plan is None else {"base_plan_id": plan.id}), **fields})


def by_manage_plan(api, company, plan):
    api.subscribe(company, plan)


def by_checkout(api, company, plan):
    answer = api.send("POST", "/checkout-internal", checkout(api, company, plan))
    assert answer.status_code == 201, answer.text


def by_company_plans(api, company, plan):
    api.put(f"/company-plans/{company['id']}", {"add_on_ids": [], "base_plan_id": plan.id})


def group(api, *plans, fallback=None, **fields):
    return api.post("/plan-groups", {
        "add_on_ids": [], "ordered_add_ons": [], "ordered_bundle_list": [],
        "ordered_plans": [{"plan_id": plan.id} for plan in plans],
        **({"fallback_plan_id": fallback.id} if fallback else {}), **fields})


def balance(api, company) -> int:
    return api.get(f"/companies/{company['id']}/customer-balance")["balance"]


def upcoming(api, company) -> list:
    invoice = api.get(f"/companies/{company['id']}/upcoming-invoice")
    return [(line["line_type"], line["amount"]) for line in invoice["lines"]]


@pytest.fixture
def calls(api):
    api.clock(START)
    return api.feature("calls")


# PC-01, 02, 06 … 13 ---------------------------------------------------------------------------------------------------

CAUSES = {"manage plan": by_manage_plan, "checkout": by_checkout, "company plans": by_company_plans}
# Old and new monthly price (None: free), and whether the subscription is kept, made, or ended.
CHANGES = {
    "dearer": (4900, 9900, "kept"), "as dear": (4900, 4900, "kept"), "cheaper": (9900, 4900, "new"),
    "free to paid": (None, 4900, "new"), "paid to free": (4900, None, "none"),
}


def end_state(api, change: str, cause: str) -> dict:
    """What a change leaves behind, without what tells the cause: of companies that differ in nothing else."""
    old_price, new_price, fate = CHANGES[change]
    calls, seats = api.feature("calls"), api.seats()
    plan = lambda name, price, limit: api.plan(
        name, [(calls, per_month(limit)), (seats, {"value_type": "numeric", "value_numeric": 5})],
        charge_type="free" if price is None else "recurring", **({} if price is None else {"monthly_price": price}))
    old, new = plan("Old", old_price, 10), plan("New", new_price, 100)
    acme = api.company("acme", traits={"seats_used": 3})
    api.subscribe(acme, old)
    override = api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": seats["id"], "value_type": "numeric", "value_numeric": 7,
        "note": "promised", "expiration_date": "2027-01-01T00:00:00Z"})
    api.track(event("calls", "acme", 7))
    before, subscription = len(api.get("/events")), api.get(f"/companies/{acme['id']}")["billing_subscription"]
    api.clock(HALF)
    CAUSES[cause](api, acme, new)

    answer = api.check("calls", "acme")  # PC-01: the very next check
    assert (answer["feature_usage"], answer["feature_allocation"]) == (7, 100)
    row = api.usage_row("acme", "calls")  # PC-06
    assert (row["usage"], row["allocation"]) == (7, 100)
    company = api.get(f"/companies/{acme['id']}")
    now = company["billing_subscription"]
    assert {"kept": now and subscription and now["id"] == subscription["id"],
            "new": now and (subscription is None or now["id"] != subscription["id"]), "none": now is None}[fate]
    assert len(api.get("/events")) == before
    assert api.usage_row("acme", "seats")["usage"] == 3  # PC-07
    kept = api.get(f"/company-overrides/{override['id']}")  # PC-08
    assert {name: kept[name] for name in ("value_numeric", "notes", "expiration_date")} == {
        name: override[name] for name in ("value_numeric", "notes", "expiration_date")}
    recorded = api.get("/plan-changes", company_id=acme["id"])[0]
    return {
        "plan": company["plan"]["name"], "seats": api.usage_row("acme", "seats")["allocation"],
        "subscription": now and (now["period_start"], now["period_end"], now["total_price"]),
        "invoices": [(i["status"], i["total"], i["amount_remaining"],
                      [(x["line_type"], x["amount"]) for x in i["lines"]])
                     for i in api.invoices(acme)],
        "upcoming": upcoming(api, acme) if now else None, "balance": balance(api, acme),
        "recorded": (recorded["base_plan"]["name"], recorded["subscription_change_action"]),
        "action": recorded["action"],
    }


@pytest.mark.parametrize("change", CHANGES)
def test_pc_01_02_06_07_08_every_cause_leads_to_the_same_end(tmp_path, change):
    states = {}
    for cause in CAUSES:
        server = Server(tmp_path / cause.replace(" ", "-")).start()
        server.api.clock(START)
        states[cause] = end_state(server.api, change, cause)
        server.stop()
        server.verify()
    actions = {cause: state.pop("action") for cause, state in states.items()}
    assert actions == {"manage plan": "manage_plan", "checkout": "checkout", "company plans": "manage_plan"}
    assert states["checkout"] == states["manage plan"] == states["company plans"]


WINDOWS = {
    "calendar month": {**per_month(1000), "metric_period_month_reset": "first_of_month"},
    "billing cycle": {**per_month(1000), "metric_period_month_reset": "billing_cycle"},
    "all time": {"value_type": "numeric", "value_numeric": 1000},
}


@pytest.mark.parametrize("new_price, cycle_ends", [
    (9900, "2026-05-11T00:00:00Z"), (2900, "2026-05-16T00:00:00Z")], ids=["same subscription", "new subscription"])
def test_pc_13_a_change_never_sets_a_counter_back(api, calls, new_price, cycle_ends):
    """From each window to each other: the count so far goes on, until the new window's first boundary."""
    day = lambda number: f"2026-04-{number:02}T00:00:00Z"
    plans = {window: [api.plan(f"{price} per {window}", [(calls, granted)], monthly_price=price)
                      for price in (4900, new_price)] for window, granted in WINDOWS.items()}
    api.clock(day(11))
    moves = {f"{old} to {new}": (plans[old][0], plans[new][1], new) for old in WINDOWS for new in WINDOWS}
    companies = {move: api.subscribed(move, old) for move, (old, _, _) in moves.items()}
    api.clock(day(14))
    api.track(*(event("calls", move, 7) for move in moves))
    api.clock(day(16))
    for move, (_, new, _) in moves.items():
        api.subscribe(companies[move], new)
        assert api.usage(move, "calls") == api.check("calls", move)["feature_usage"] == 7, move
    api.track(*(event("calls", move, 2) for move in moves))
    for boundary, reset in ((BOUNDARY, {"calendar month"}), (cycle_ends, {*WINDOWS} - {"all time"})):
        api.clock(boundary)
        for move, (_, _, window) in moves.items():
            assert api.usage(move, "calls") == (0 if window in reset else 9), (move, boundary)


def test_pc_09_to_11_overrides_count_as_before(api, calls):
    sso = api.feature("sso", feature_type="boolean")
    on = {"value_type": "boolean", "value_bool": True}
    small = api.plan("Small", [(calls, per_month(100))], monthly_price=1000)
    large = api.plan("Large", [(calls, per_month(1000)), (sso, on)], monthly_price=2000)
    acme = api.subscribed("acme", small)

    def override(feature, **fields):
        return api.post("/company-overrides", {"company_id": acme["id"], "feature_id": feature["id"], **fields})

    override(calls, value_type="numeric", value_numeric=500, expiration_date=HALF)
    override(sso, value_type="boolean", value_bool=False)
    assert api.usage_row("acme", "calls")["allocation"] == 500
    api.subscribe(acme, large)
    assert api.usage_row("acme", "calls")["allocation"] == 1000
    assert api.check("sso", "acme")["value"] is False
    api.track(event("calls", "acme", 999))
    assert api.check("calls", "acme")["value"] is True
    api.track(event("calls", "acme"))
    assert api.check("calls", "acme")["value"] is False
    api.clock(HALF)
    api.subscribe(acme, small)
    assert api.usage_row("acme", "calls")["allocation"] == 100


def test_pc_12_a_change_that_billing_refuses_leaves_all_as_it_was(api, calls):
    """The sum of the first invoice does not fit 64 bits: the company keeps its plan, and nothing half is seen."""
    old = api.plan("Old", [(calls, per_month(10))], monthly_price=4900)
    huge = api.plan("Huge", [(api.seats(), {
        "value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 9_000_000_000_000_000_000})],
        monthly_price=9_000_000_000_000_000_000)
    acme = api.subscribed("acme", old)
    state = lambda: (api.get(f"/companies/{acme['id']}"), api.invoices(acme), upcoming(api, acme), balance(api, acme),
                     api.get("/plan-changes"))
    before = state()
    price = huge.entitlements["seats"]["metered_monthly_price"]["id"]
    body = {
        "company_id": acme["id"], "base_plan_id": huge.id, "add_on_selections": [], "credit_bundles": [],
        "custom_field_values": [], "pay_in_advance_entitlements": [{"price_id": price, "quantity": 1_000_000}]}
    for path, fields in (
            ("/manage-plan", body), ("/manage-plan/preview", body),
            ("/checkout-internal", checkout(api, acme, huge, pay_in_advance={price: 1_000_000}))):
        assert api.send("POST", path, fields).status_code == 400
        assert state() == before


# PC-20 … 24 -----------------------------------------------------------------------------------------------------------

@pytest.fixture
def over(api, calls):
    """A company that has used 18, on an unlimited plan, beside one of 10."""
    small = api.plan("Small", [(calls, per_month(10))], monthly_price=1000)
    large = api.plan("Large", [(calls, {"value_type": "unlimited"})], monthly_price=2000)
    acme = api.subscribed("acme", large)
    api.track(event("calls", "acme", 18))
    return SimpleNamespace(acme=acme, small=small, large=large)


def test_pc_20_a_customer_cannot_downgrade_over_a_limit(api, over):
    body = checkout(api, over.acme, over.small)
    before = api.get(f"/companies/{over.acme['id']}"), api.get("/plan-changes")
    answer = api.send("POST", "/checkout-internal", body)
    assert answer.status_code == 400 and "usage_over_limit" in answer.json()["error"]
    seen = api.post("/checkout-internal/preview", body)
    (problem,) = seen["problems"]
    assert (problem["code"], problem["blocking"], problem["feature_id"]) == (
        "usage_over_limit", True, api.usage_row("acme", "calls")["feature"]["id"])
    assert [(row["usage"], row["allocation"], row["overuse"]) for row in seen["usage_violations"]] == [(18, 10, 8)]
    assert (api.get(f"/companies/{over.acme['id']}"), api.get("/plan-changes")) == before


def test_pc_21_22_53_whoever_manages_the_plan_is_warned_and_goes_through(api, over):
    seen = preview(api, over.acme, over.small)
    assert [(one["code"], one["blocking"]) for one in seen["problems"]] == [("usage_over_limit", False)]
    (row,) = seen["subscription_change_preview"]["usage_violations"]
    assert (row["feature"]["name"], row["usage"], row["allocation"]) == ("calls", 18, 10)
    outcome = api.manage_plan(over.acme, over.small)
    assert outcome["success"] is True and [one["code"] for one in outcome["problems"]] == ["usage_over_limit"]
    answer = api.check("calls", "acme")
    assert (answer["value"], answer["feature_usage"], answer["feature_allocation"], answer["rule_type"]) == (
        False, 18, 10, "plan_entitlement_usage_exceeded")
    api.track(event("calls", "acme", -9))
    assert api.check("calls", "acme")["value"] is True


def test_pc_22_the_next_period_allows_again(api, over):
    api.subscribe(over.acme, over.small)
    assert api.check("calls", "acme")["value"] is False
    api.clock(BOUNDARY)
    answer = api.check("calls", "acme")
    assert (answer["value"], answer["feature_usage"], answer["feature_allocation"]) == (True, 0, 10)


LIMITS = {  # how much was used; the limit of an override, if any; what the cheaper plan grants: whether it is refused
    "as much as is allowed": (10, None, per_month(10), False),
    "one more": (11, None, per_month(10), True),
    "an override that covers it": (18, 18, per_month(10), False),
    "an override that does not": (18, 17, per_month(10), True),
    "unlimited": (10**9, None, {"value_type": "unlimited"}, False),
    "overage without a hard limit": (
        600, None, {"value_type": "unlimited", "price_behavior": "overage", "soft_limit": 5, "monthly_unit_price": 1},
        False),
    "overage with a hard limit": (
        600, None, {"value_type": "numeric", "value_numeric": 500, "price_behavior": "overage", "soft_limit": 5,
                    "monthly_unit_price": 1}, True),
    "nothing granted": (18, None, None, False),
    "another day's use": (18, None, {**per_month(10), "metric_period": "current_day"}, False),
    "of all time": (18, None, {"value_type": "numeric", "value_numeric": 10}, True),
}


@pytest.mark.parametrize("used, limit, granted, refused", LIMITS.values(), ids=LIMITS.keys())
def test_pc_23_the_effective_limit_counts(api, calls, used, limit, granted, refused):
    large = api.plan("Large", [(calls, {"value_type": "unlimited"})], monthly_price=2000)
    small = api.plan("Small", [] if granted is None else [(calls, granted)], monthly_price=1000)
    acme = api.subscribed("acme", large)
    api.track(event("calls", "acme", used))
    if limit is not None:
        api.post("/company-overrides", {
            "company_id": acme["id"], "feature_id": calls["id"], "value_type": "numeric", "value_numeric": limit})
    api.clock("2026-04-02T00:00:00Z")
    assert api.send("POST", "/checkout-internal", checkout(api, acme, small)).status_code == (400 if refused else 201)


def test_pc_24_settings_of_the_plan_group(api, over):
    made = group(api, over.small, over.large, prevent_downgrades_when_over_limit=False)
    change = lambda **fields: api.put(f"/plan-groups/{made['id']}", {
        "add_on_ids": [], "ordered_add_ons": [], "ordered_bundle_list": [],
        "ordered_plans": [{"plan_id": over.small.id}, {"plan_id": over.large.id}], **fields})
    down, up = checkout(api, over.acme, over.small), checkout(api, over.acme, over.large)
    assert api.send("POST", "/checkout-internal", down).status_code == 201
    assert api.send("POST", "/checkout-internal", up).status_code == 201
    change(prevent_self_service_downgrade=True, prevent_self_service_downgrade_url="https://example.com/talk",
           prevent_self_service_downgrade_button_text="Talk to us")
    seen = api.post("/checkout-internal/preview", down)["problems"]
    assert [(one["code"], one["blocking"]) for one in seen] == [
        ("downgrade_not_permitted", True), ("usage_over_limit", True)]
    assert seen[0]["detail"] == "Talk to us: https://example.com/talk"
    assert "downgrade_not_permitted" in api.send("POST", "/checkout-internal", down).json()["error"]
    assert api.send("POST", "/checkout-internal", up).status_code == 201
    api.subscribe(over.acme, over.small)


def test_fewer_seats_than_are_taken_is_a_violation(api):
    api.clock(START)
    plan = api.plan("Pro", [(api.seats(), {
        "value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 1000})], monthly_price=4900)
    price = plan.entitlements["seats"]["metered_monthly_price"]["id"]
    acme = api.company("acme", traits={"seats_used": 4})
    api.subscribe(acme, plan, {price: 5})
    fewer = checkout(api, acme, plan, pay_in_advance={price: 3})
    assert "usage_over_limit" in api.send("POST", "/checkout-internal", fewer).json()["error"]
    enough = checkout(api, acme, plan, pay_in_advance={price: 4})
    assert api.send("POST", "/checkout-internal", enough).status_code == 201


# PC-30, 31 ------------------------------------------------------------------------------------------------------------

UP_OR_DOWN = {
    "49 → 99": (4900, 9900, "upgrade"), "49 → 49": (4900, 4900, "upgrade"), "99 → 49": (9900, 4900, "downgrade")}


@pytest.mark.parametrize("old, new, action", UP_OR_DOWN.values(), ids=UP_OR_DOWN.keys())
def test_pc_30_31_the_base_price_decides(api, old, new, action):
    api.clock(START)
    acme = api.subscribed("acme", api.plan("Old", monthly_price=old))
    api.subscribe(acme, api.plan("New", monthly_price=new))
    assert api.get("/plan-changes", company_id=acme["id"])[0]["subscription_change_action"] == action


def test_pc_31_a_longer_period_is_an_upgrade_with_a_calendar_of_its_own(api, calls):
    pro = api.plan("Pro", [(calls, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 5,
        "yearly_unit_price": 4})],
        monthly_price=4900, yearly_price=49_000)
    acme = api.subscribed("acme", pro)
    api.track(event("calls", "acme", 100))
    api.clock(HALF)
    yearly = api.get(f"/plans/{pro.id}")["yearly_price"]["id"]
    seen = preview(api, acme, pro, base_plan_price_id=yearly)["subscription_change_preview"]
    assert (seen["proration"], seen["new_charges"], seen["due_now"]) == (-2450, 49_000, 46_550)
    api.subscribe(acme, pro, base_plan_price_id=yearly)
    api.clock("2026-04-16T01:00:00Z")
    billed = [[(line["line_type"], line["amount"]) for line in one["lines"]] for one in api.invoices(acme)]
    assert sorted(billed) == sorted([
        [("base", 4900)], [("usage", 500)], [("base", 49_000), ("proration_credit", -2450)]])
    assert api.get("/plan-changes", company_id=acme["id"])[0]["subscription_change_action"] == "upgrade"


# PC-40 … 46 -----------------------------------------------------------------------------------------------------------

def test_pc_40_43_an_upgrade_keeps_the_subscription_and_prorates_by_the_second(api):
    api.clock(START)
    acme = api.subscribed("acme", api.plan("Pro", monthly_price=4900))
    before = api.subscription(acme)
    api.clock(HALF)
    team = api.plan("Team", monthly_price=9900)
    seen = preview(api, acme, team)["subscription_change_preview"]
    finance = seen["finance"]
    detail = {name: finance["proration_detail"][name] for name in ("credit", "charge", "total", "timing")}
    assert detail == {"credit": 2450, "charge": 4950, "total": 2500, "timing": "at_renewal"}
    assert [(line["kind"], line["amount"]) for line in finance["proration_detail"]["lines"]] == [
        ("credit", -2450), ("charge", 4950)]
    assert (seen["proration"], seen["new_charges"], seen["due_now"]) == (2500, 0, 0)
    assert finance["total_per_billing_period"] == 9900
    api.subscribe(acme, team)
    after = api.subscription(acme)
    assert {name: before[name] for name in ("id", "period_start", "period_end")} == {
        name: after[name] for name in ("id", "period_start", "period_end")}
    made = api.get(f"/companies/{acme['id']}/upcoming-invoice")
    assert [(line["line_type"], line["amount"], line["proration_basis"]) for line in made["lines"]] == [
        ("proration_credit", -2450, {"seconds": 15 * DAY, "of_seconds": 30 * DAY}),
        ("proration_charge", 4950, {"seconds": 15 * DAY, "of_seconds": 30 * DAY}), ("base", 9900, None)]
    assert [(item["amount"], item["proration"]) for item in finance["upcoming_invoice_line_items"]] == [
        (line["amount"], line["kind"] == "adjustment") for line in made["lines"]]


PAID = {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 100}
ACCRUED = {  # what N asks for the 100 units that were accrued at $1.00 each: what they cost at the month's end
    "stay": (PAID, [10_000]),
    "cheaper": ({**PAID, "monthly_unit_price": 50}, [5000]),
    "overage": ({"value_type": "unlimited", "price_behavior": "overage", "soft_limit": 50, "monthly_unit_price": 50},
                [2500]),
    "tiered": ({"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume", "monthly_price_tiers": [
        {"up_to": 50, "flat_amount": 1000}, {"up_to": 200, "flat_amount": 2000}, {"flat_amount": 3000}]}, [2000]),
    "unlimited": ({"value_type": "unlimited"}, []),
    "no entitlement": (None, []),
}


@pytest.mark.parametrize("granted, charges", ACCRUED.values(), ids=ACCRUED.keys())
def test_pc_41_42_46_accrued_use_is_priced_as_if_it_had_always_been_there(api, calls, granted, charges):
    old = api.plan("Old", [(calls, PAID)], monthly_price=1000)
    new = api.plan("New", [(calls, granted)] if granted else [], monthly_price=1000)
    acme = api.subscribed("acme", old)
    api.track(event("calls", "acme", 100))
    api.clock(HALF)
    api.subscribe(acme, new)
    api.clock(BOUNDARY)
    assert [line["amount"] for line in lines(api.invoices(acme)[-1], "usage")] == charges
    assert len(api.get("/events", company_id=acme["id"])) == 1


def test_pc_45_at_once_when_the_plan_group_says_so(api):
    api.clock(START)
    pro, team = api.plan("Pro", monthly_price=4900), api.plan("Team", monthly_price=9900)
    group(api, pro, team, proration_behavior="invoice_immediately")
    acme = api.subscribed("acme", pro)
    api.clock(HALF)
    seen = preview(api, acme, team)["subscription_change_preview"]
    assert (seen["proration"], seen["due_now"], seen["finance"]["proration_detail"]["timing"]) == (2500, 2500, "now")
    api.subscribe(acme, team)
    made = api.invoices(acme)[-1]
    assert (made["total"], made["status"], [line["amount"] for line in made["lines"]]) == (2500, "open", [-2450, 4950])
    assert upcoming(api, acme) == [("base", 9900)]


@pytest.mark.parametrize("behavior, amount", [("create_prorations", 0), ("invoice_immediately", 1250)])
def test_an_add_on_in_mid_period_is_charged_for_the_rest(api, behavior, amount):
    api.clock(START)
    pro, more = api.plan("Pro", monthly_price=4900), add_on(api, "More", monthly_price=2500)
    group(api, pro, proration_behavior=behavior)
    acme = api.subscribed("acme", pro)
    api.clock(HALF)
    seen = preview(api, acme, pro, **having(more))["subscription_change_preview"]
    assert (seen["proration"], seen["due_now"]) == (1250, amount)
    assert seen["finance"]["proration_detail"]["credit"] == 0
    assert seen["finance"]["total_per_billing_period"] == 7400
    api.subscribe(acme, pro, **having(more))
    assert sum(invoice["total"] for invoice in api.invoices(acme)) == 4900 + amount


def test_seats_in_mid_period_are_charged_for_the_rest(api):
    """Only the difference, in one line: 3 seats more for half a period, then 2 fewer for a third of it."""
    api.clock(START)
    plan = api.plan("Pro", [(api.seats(), {
        "value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 999})], monthly_price=4900)
    price = plan.entitlements["seats"]["metered_monthly_price"]["id"]
    acme = api.company("acme")
    api.subscribe(acme, plan, {price: 4})
    api.clock(HALF)
    api.subscribe(acme, plan, {price: 7})
    api.clock("2026-04-21T00:00:00Z")
    api.subscribe(acme, plan, {price: 5})
    assert upcoming(api, acme) == [
        ("proration_charge", 1499), ("proration_credit", -666), ("base", 4900), ("seat", 4995)]
    actions = [row["subscription_change_action"] for row in api.get("/plan-changes", company_id=acme["id"])]
    assert actions == ["downgrade", "upgrade", "subscribe"]


# PC-50 … 54 -----------------------------------------------------------------------------------------------------------

def test_pc_50_54_a_downgrade_starts_anew_and_credits_what_is_unused(api):
    api.clock(START)
    team, pro = api.plan("Team", monthly_price=9900), api.plan("Pro", monthly_price=4900)
    acme = api.subscribed("acme", team)
    before = api.subscription(acme)
    api.clock(HALF)
    seen = preview(api, acme, pro)["subscription_change_preview"]
    finance = seen["finance"]
    assert (seen["new_charges"], seen["due_now"]) == (4900, 0)
    assert (finance["customer_balance_applied"], finance["customer_balance_remaining"]) == (4900, 50)
    detail = {name: finance["proration_detail"][name] for name in ("credit", "charge", "total")}
    assert detail == {"credit": 4950, "charge": 0, "total": -4950}
    api.subscribe(acme, pro)
    after = api.subscription(acme)
    assert after["id"] != before["id"]
    assert (after["period_start"], after["period_end"]) == ("2026-04-16T00:00:00Z", "2026-05-16T00:00:00Z")
    made = api.invoices(acme)[-1]
    assert (made["total"], made["amount_remaining"], made["status"]) == (4900, 0, "paid")
    assert balance(api, acme) == 50


def test_pc_51_52_accrued_charges_are_not_carried_and_the_count_is(api, calls):
    old = api.plan("Old", [(calls, PAID)], monthly_price=9900)
    new = api.plan("New", [(calls, {**PAID, "monthly_unit_price": 50})], monthly_price=4900)
    acme = api.subscribed("acme", old)
    api.track(event("calls", "acme", 100))
    api.clock(HALF)
    api.subscribe(acme, new)
    assert upcoming(api, acme) == [("usage", 0), ("base", 4900)]
    row = api.usage_row("acme", "calls")
    assert (row["usage"], row["billed_usage"]) == (100, 0)
    api.clock("2026-04-17T00:00:00Z")
    api.track(event("calls", "acme", 10))
    row = api.usage_row("acme", "calls")
    assert (row["usage"], row["billed_usage"]) == (110, 10)
    assert upcoming(api, acme) == [("usage", 500), ("base", 4900)]
    api.clock("2026-05-17T00:00:00Z")
    assert sum(line["amount"] for invoice in api.invoices(acme) for line in lines(invoice, "usage")) == 500


@pytest.mark.parametrize("prorate, credit", [(True, 2450), (False, 0)])
def test_cancelling_at_once_credits_the_unused_base_fee(api, calls, prorate, credit):
    acme = api.subscribed("acme", api.plan("Pro", [(calls, PAID)], monthly_price=4900))
    api.track(event("calls", "acme", 3))
    api.clock(HALF)
    api.post("/manage-plan/subscription/cancel", {
        "company_id": acme["id"], "cancel_immediately": True, "prorate": prorate})
    assert balance(api, acme) == credit
    api.clock("2026-04-16T01:00:00Z")
    used = api.invoices(acme)[-1]
    assert (used["total"], used["amount_remaining"]) == (300, 300 - min(300, credit))
    (entry, *_) = api.get("/plan-changes", company_id=acme["id"])
    assert (entry["subscription_change_action"], entry["base_plan"]) == ("unsubscribe", None)


def test_nobody_gets_credit_for_a_fee_that_he_was_not_charged(api):
    """Half a period of 49.00 is worth 24.50, as far as the invoice that charged it stands: on every way to a credit."""
    api.clock(START)
    small, pro, team = (api.plan(name, monthly_price=price) for name, price in (
        ("Small", 1900), ("Pro", 4900), ("Team", 9900)))
    lives = []
    for undone, credit in (("nothing", 2450), ("void", 0), ("all", 0), ("half", 1225)):
        for way in ("cancel", "leave", "down", "up"):
            acme = api.subscribed(f"{undone} {way}", pro)
            invoice, = api.invoices(acme)
            if undone == "void":
                api.post(f"/invoices/{invoice['id']}/void", {})
            elif undone != "nothing":
                amount = {"all": 4900, "half": 2450}[undone]
                api.post(f"/invoices/{invoice['id']}/credit-notes", {
                    "lines": [{"line_id": invoice["lines"][0]["id"], "amount": amount}]})
            lives.append((acme, way, credit))
    api.clock(HALF)
    for acme, way, credit in lives:
        if way == "cancel":
            api.post("/manage-plan/subscription/cancel", {
                "company_id": acme["id"], "cancel_immediately": True, "prorate": True})
            assert balance(api, acme) == credit
            continue
        plan = {"leave": None, "down": small, "up": team}[way]
        fields = {"prorate": True} if plan is None else {}
        seen = preview(api, acme, plan, **fields)["subscription_change_preview"]["finance"]["proration_detail"]
        charge = 4950 if way == "up" else 0
        assert (seen["credit"], seen["charge"], seen["total"]) == (credit, charge, charge - credit), way
        outcome = api.manage_plan(acme, plan, **fields)
        assert outcome["success"]
        if way == "up":
            credits = [("proration_credit", -credit)] if credit else []
            assert upcoming(api, acme) == [*credits, ("proration_charge", 4950), ("base", 9900)]
        else:
            assert balance(api, acme) == max(0, credit - (1900 if way == "down" else 0))


def test_leaving_at_the_end_of_the_period_serves_it_out(api):
    api.clock(START)
    pro = api.plan("Pro", monthly_price=4900)
    acme = api.subscribed("acme", pro)
    api.clock(HALF)
    outcome = api.manage_plan(acme, None, cancel_immediately=False)
    assert outcome["success"] and outcome["company"]["plan"]["name"] == "Pro"
    assert len(api.get("/plan-changes", company_id=acme["id"])) == 1
    api.clock(BOUNDARY)
    assert api.get(f"/companies/{acme['id']}")["plan"] is None
    assert [row["subscription_change_action"] for row in api.get("/plan-changes", company_id=acme["id"])] == [
        "unsubscribe", "subscribe"]
    assert balance(api, acme) == 0


def test_a_change_survives_a_kill(server):
    """What was answered is there after kill -9, and the journal gives the same; so it is in a backup."""
    api = server.api
    api.clock(START)
    calls = api.feature("calls")
    team, pro = api.plan("Team", [(calls, PAID)], monthly_price=9900), api.plan("Pro", [(calls, per_month(10))],
                                                                              monthly_price=4900)
    more = add_on(api, "More", [(calls, {"value_type": "unlimited"})], monthly_price=2500)
    acme = api.subscribed("acme", team)
    api.clock(HALF)
    api.subscribe(acme, pro, **having(more))

    def state(api) -> tuple:
        return (api.get(f"/companies/{acme['id']}"), api.invoices(acme), upcoming(api, acme), balance(api, acme),
                api.get("/plan-changes"), api.usage_row("acme", "calls"))

    before = state(api)
    assert before[3] == 0 and len(before[4]) == 2
    server.kill()
    server.start()
    assert state(server.api) == before


def test_rules_ask_for_add_ons_too(api):
    api.clock(START)
    flag = api.post("/flags", {"key": "beta", "name": "beta", "description": "", "flag_type": "boolean",
                               "default_value": False})
    pro, more = api.plan("Pro", monthly_price=4900), add_on(api, "More", monthly_price=2500)
    for kind, value in (("plan", more.id), ("plan_version", more.version_id)):
        api.put(f"/flags/{flag['id']}/rules", {"rules": [{
            "name": "more", "priority": 1, "rule_type": "standard", "value": True, "condition_groups": [],
            "conditions": [{"condition_type": kind, "operator": "eq", "resource_ids": [value]}]}]})
        acme = api.company(kind)
        api.subscribe(acme, pro)
        assert api.check("beta", kind)["value"] is False
        api.subscribe(acme, pro, **having(more))
        assert api.check("beta", kind)["value"] is True


# PC-44 ----------------------------------------------------------------------------------------------------------------

def test_pc_44_a_preview_says_what_the_change_then_does(api, calls, rng):
    """Random changes at random instants: what the preview tells is what invoices, balance and checks say afterwards."""
    seats = api.seats()
    seat_prices = {}

    def plan(name, price):
        made = api.plan(name, [
            (calls, rng.choice([PAID, per_month(50), {"value_type": "unlimited"}])),
            (seats, {"value_type": "trait", "price_behavior": "pay_in_advance",
                     "monthly_unit_price": rng.randint(1, 999)})],
            monthly_price=price)
        seat_prices[made.id] = made.entitlements["seats"]["metered_monthly_price"]["id"]
        return made

    plans = [plan(f"Plan {price}", price) for price in (0, 1999, 4900, 4900, 9901)]
    extras = [add_on(api, f"Add-on {price}", monthly_price=price) for price in (333, 2500)]
    group(api, *plans, proration_behavior=rng.choice(["create_prorations", "invoice_immediately"]))
    acme = api.company("acme", traits={"seats_used": 2})
    (profile,) = api.get("/billing/profiles", company_id=acme["id"])
    rates = [{"name": name, "percent": percent, "inclusive": rng.random() < 0.3}
             for name, percent in (("State", "8.875"), ("City", "1.3"))]
    api.put(f"/billing/profiles/{profile['id']}", {"tax_rates": rng.sample(rates, rng.randint(0, 2))})
    whole = lambda invoice: api.get(f"/invoices/{invoice['id']}")
    now = 0
    for step in range(25):
        now += rng.randint(1, 9 * DAY)
        api.clock(rfc3339(instant(START) + timedelta(seconds=now)))
        if rng.random() < 0.5:
            api.track(event("calls", "acme", rng.randint(1, 40)))
        chosen = rng.choice(plans + [None])
        fields = {} if chosen is None else {
            **having(*rng.sample(extras, rng.randint(0, 2))),
            "pay_in_advance_entitlements": [{"price_id": seat_prices[chosen.id], "quantity": rng.randint(0, 5)}]}
        seen = preview(api, acme, chosen, **fields)
        again = preview(api, acme, chosen, **fields)
        assert seen == again, "a preview changes nothing"
        told = seen["subscription_change_preview"]
        invoices = {invoice["id"] for invoice in api.invoices(acme)}
        outcome = api.post("/manage-plan", {
            "company_id": acme["id"], "add_on_selections": [], "credit_bundles": [], "custom_field_values": [],
            "pay_in_advance_entitlements": [], **({} if chosen is None else {"base_plan_id": chosen.id}), **fields})
        place = f"step {step}: {chosen and chosen.id} {fields}"
        assert outcome["problems"] == seen["problems"], place
        issued = [one for one in api.invoices(acme) if one["id"] not in invoices and one["document_state"] != "draft"]
        assert told["due_now"] == sum(one["amount_remaining"] for one in issued), place
        finance = told["finance"]
        assert (finance["tax_amount"], finance["discount_amount"]) == (
            sum(one["tax"] for one in map(whole, issued)), sum(one["discount"] for one in map(whole, issued))), place
        assert finance["customer_balance_remaining"] == balance(api, acme), place
        assert finance["proration"] == finance["proration_detail"]["total"] == sum(
            line["amount"] for line in finance["proration_detail"]["lines"]), place
        items = [(item["amount"], item["quantity"]) for item in finance["upcoming_invoice_line_items"]]
        company = api.get(f"/companies/{acme['id']}")
        if company["billing_subscription"]:
            made = api.get(f"/companies/{acme['id']}/upcoming-invoice")
            assert items == [(line["amount"], line["quantity"]) for line in made["lines"]], place
        else:
            assert items == [], place

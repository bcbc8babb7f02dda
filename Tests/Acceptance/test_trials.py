"""Trials by the clock: started, moved, left, paid for, run out; and what the company is on before and after."""

import pytest

from api import event, instant, lines, rfc3339

START = "2024-01-10T09:30:00Z"
END = "2024-01-24T09:30:00Z"


class World:
    """A free plan to fall back to, one that trials run out into, and two that can be tried."""

    def __init__(self, api, start=START, **settings):
        api.clock(start)
        self.api = api
        self.sso = api.feature("sso", feature_type="boolean")
        self.calls = api.feature("calls")
        on = {"value_type": "boolean", "value_bool": True}
        limited = {"value_type": "numeric", "value_numeric": 10, "metric_period": "all_time"}
        self.free = api.free_plan("Free", (self.calls, limited))
        self.after = api.free_plan("After", (self.calls, {**limited, "value_numeric": 20}))
        self.pro = api.plan(
            "Pro", [(self.sso, on), (self.calls, {**limited, "value_numeric": 100})], monthly_price=4900,
            yearly_price=49_000, is_trialable=True, trial_days=14)
        self.team = api.plan("Team", [(self.sso, on)], monthly_price=9900, is_trialable=True, trial_days=7)
        self.metered = api.plan(
            "Metered", [(self.calls, {"value_type": "unlimited", "price_behavior": "pay_as_you_go",
                                      "monthly_unit_price": 25})], monthly_price=1000, is_trialable=True)
        self.solid = api.plan("Solid", [(self.sso, on)], monthly_price=2900)
        self.group = api.post("/plan-groups", {"fallback_plan_id": self.free.id, **settings})

    def set(self, **settings):
        return self.api.put(f"/plan-groups/{self.group['id']}", {"fallback_plan_id": self.free.id, **settings})

    def trial(self, key="acme", plan=None, end=END, **fields):
        company = self.api.company(key)
        self.api.subscribe(company, plan or self.pro, trial_end=end, **fields)
        return company

    def plan_of(self, company):
        plan = self.api.get(f"/companies/{company['id']}")["plan"]
        return None if plan is None else plan["name"]

    def checked(self, key="acme"):
        return self.api.post("/flags/check", {"company": {"id": key}})["plan"]

    def subscription(self, company):
        return self.api.get(f"/companies/{company['id']}")["billing_subscription"]


def test_uc3_a_trial_without_a_card(api):
    world = World(api)
    world.set(trial_expiry_plan_id=world.after.id)
    acme = world.trial()
    subscription = world.subscription(acme)
    assert subscription["status"] == "trialing"
    assert subscription["trial_end_setting"] == "cancel"
    assert subscription["trial_end"] == subscription["period_end"] == instant(END).timestamp()
    assert api.invoices(acme) == []
    assert api.send("GET", f"/companies/{acme['id']}/upcoming-invoice").status_code == 404
    for day in range(10, 24):
        api.clock(f"2024-01-{day}T23:59:59Z" if day < 23 else "2024-01-24T09:29:59.999Z")
        assert api.check("sso", "acme")["value"] is True
    api.track(event("calls", "acme", 15))
    assert world.checked()["trial_status"] == "active"
    api.clock(END)
    assert api.check("sso", "acme")["value"] is False
    assert world.plan_of(acme) == "After"
    assert world.checked() == {
        "id": world.after.id, "name": "After", "trial_end_date": rfc3339(instant(END)).replace(".000", ""),
        "trial_status": "expired"}
    assert api.usage("acme", "calls") == 15
    assert world.subscription(acme) is None
    assert api.invoices(acme) == []


@pytest.mark.parametrize("settings, plan", [({}, "Free"), ({"fallback_plan_id": None}, None)])
def test_pc_04_without_a_trial_expiry_plan_the_fallback_plan_counts(api, settings, plan):
    world = World(api)
    world.set(**settings)
    acme = world.trial()
    api.clock("2024-03-01T00:00:00Z")
    assert world.plan_of(acme) == plan


PROBLEMS = {
    "in the past": (dict(trial_end="2024-01-10T09:29:59Z"), "trial_end_must_be_future"),
    "now": (dict(trial_end=START), "trial_end_must_be_future"),
    "more than two years away": (dict(trial_end="2026-01-09T09:30:00.001Z"), "trial_end_too_far"),
    "a plan that cannot be tried": (dict(trial_end=END, plan="solid"), "plan_not_trialable"),
    "a plan that costs nothing": (dict(trial_end=END, plan="free"), "plan_not_trialable"),
    "no plan": (dict(trial_end=END, plan=None), "plan_not_trialable"),
    "a plan that charges for use": (dict(trial_end=END, plan="metered"), "trial_excludes_usage_based"),
    "a billing day besides": (
        dict(trial_end=END, billing_cycle_anchor=END), "billing_cycle_anchor_conflicts_with_trial"),
    "a billing day in the past": (dict(billing_cycle_anchor=START), "billing_cycle_anchor_must_be_future"),
    "a billing day of a free plan": (
        dict(billing_cycle_anchor=END, plan="free"), "billing_cycle_anchor_without_plan"),
    "a billing day of no plan": (dict(billing_cycle_anchor=END, plan=None), "billing_cycle_anchor_without_plan"),
    "a stub without a billing day": (dict(prorate_first_period=True), "prorate_first_period_without_anchor"),
}


@pytest.mark.parametrize("fields, code", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_what_stands_in_the_way_of_a_trial_or_a_billing_day(api, fields, code):
    world = World(api)
    acme = api.company("acme")
    before = api.get(f"/companies/{acme['id']}")
    plan = fields.get("plan", "pro")
    rest = {name: value for name, value in fields.items() if name != "plan"}
    outcome = api.manage_plan(acme, plan and getattr(world, plan), **rest)
    assert (outcome["success"], [problem["code"] for problem in outcome["problems"]]) == (False, [code])
    assert api.get(f"/companies/{acme['id']}") == before


def test_a_billing_day_is_set_when_a_subscription_starts(api):
    world = World(api)
    acme = api.subscribed("acme", world.pro)
    outcome = api.manage_plan(acme, world.team, billing_cycle_anchor=END)
    assert [problem["code"] for problem in outcome["problems"]] == ["billing_cycle_anchor_needs_new_subscription"]
    outcome = api.manage_plan(acme, world.team, trial_end=END)
    assert [problem["code"] for problem in outcome["problems"]] == ["plan_not_trialable"]


def test_a_trial_is_moved_by_its_end(api):
    world = World(api)
    acme = world.trial()
    id = world.subscription(acme)["id"]
    edited = api.put(f"/subscription/{id}/edit-trial-end", {"trial_end": "2024-02-20T00:00:00Z"})
    assert edited["trial_end"] == instant("2024-02-20T00:00:00Z").timestamp()
    api.clock("2024-02-19T23:59:59Z")
    assert world.plan_of(acme) == "Pro"
    assert world.checked()["trial_end_date"] == "2024-02-20T00:00:00Z"
    edited = api.put(f"/subscription/{id}/edit-trial-end", {"trial_end": "2024-02-19T23:59:59.500Z"})
    api.clock("2024-02-19T23:59:59.499Z")
    assert world.plan_of(acme) == "Pro"
    api.clock("2024-02-19T23:59:59.500Z")
    assert world.plan_of(acme) == "Free"
    gone = api.send("PUT", f"/subscription/{id}/edit-trial-end", {"trial_end": "2024-06-01T00:00:00Z"})
    assert gone.status_code == 422


@pytest.mark.parametrize("end, code", [
    ("2024-01-10T09:30:00Z", "trial_end_must_be_future"), ("2027-01-01T00:00:00Z", "trial_end_too_far")])
def test_a_trial_cannot_end_in_the_past_or_far_away(api, end, code):
    world = World(api)
    acme = world.trial()
    id = world.subscription(acme)["id"]
    refused = api.send("PUT", f"/subscription/{id}/edit-trial-end", {"trial_end": end})
    assert refused.status_code == 400 and code in refused.json()["error"]
    assert world.subscription(acme)["trial_end"] == instant(END).timestamp()


def test_a_trial_that_is_ended_now_becomes_what_it_would_have_become(api):
    world = World(api)
    acme = world.trial()
    api.clock("2024-01-12T00:00:00Z")
    ended = api.put(f"/subscription/{world.subscription(acme)['id']}/edit-trial-end", {})
    assert ended["status"] == "canceled"
    assert world.plan_of(acme) == "Free"


def test_a_trial_is_paid_for_early_and_its_end_anchors_the_periods(api):
    world = World(api)
    acme = world.trial()
    id = world.subscription(acme)["id"]
    api.clock("2024-01-15T12:00:00Z")
    api.track(event("calls", "acme", 5))
    api.subscribe(acme, world.pro)
    subscription = world.subscription(acme)
    assert (subscription["id"], subscription["status"]) == (id, "active")
    assert world.checked()["trial_status"] == "converted"
    [first] = api.invoices(acme)
    assert [(line["line_type"], line["amount"]) for line in first["lines"]] == [("base", 4900)]
    assert instant(first["lines"][0]["period_start"]) == instant("2024-01-15T12:00:00Z")
    assert instant(first["lines"][0]["period_end"]) == instant("2024-02-15T12:00:00Z")
    api.clock("2024-02-16T00:00:00Z")
    assert [invoice["total"] for invoice in api.invoices(acme)] == [4900, 4900]
    assert world.plan_of(acme) == "Pro"
    assert api.usage("acme", "calls") == 5


def test_a_trial_is_left_for_another_plan(api):
    world = World(api)
    acme = world.trial()
    api.subscribe(acme, world.team)
    assert world.plan_of(acme) == "Team"
    assert [invoice["total"] for invoice in api.invoices(acme)] == [9900]
    bob = world.trial("bob")
    api.subscribe(bob, world.free)
    assert world.plan_of(bob) == "Free"
    assert world.checked("bob")["trial_status"] == "expired"
    eve = world.trial("eve")
    api.subscribe(eve, world.team, trial_end="2024-02-01T00:00:00Z")
    assert world.subscription(eve)["status"] == "trialing"
    api.clock("2024-02-02T00:00:00Z")
    assert [world.plan_of(company) for company in (bob, eve)] == ["Free", "Free"]
    assert api.invoices(bob) == api.invoices(eve) == []


def pay_by_card(api, company):
    api.post("/billing/customer/upsert", {
        "external_id": "cus_1", "name": "c", "email": "c@example.com", "meta": {}, "company_id": company["id"]})
    api.post("/billing/payment-methods", {
        "external_id": "pm_1", "customer_external_id": "cus_1", "payment_method_type": "card", "card_last4": "4242"})


def test_pc_04_with_a_payment_method_the_trial_becomes_a_paid_subscription(api):
    world = World(api, trial_payment_method_required=True)
    acme, bob = world.trial(), world.trial("bob")
    pay_by_card(api, acme)
    before = world.subscription(acme)
    assert before["trial_end_setting"] == "subscribe"
    coming = api.upcoming(acme)
    assert [line["amount"] for line in coming["lines"]] == [4900]
    assert (coming["document_state"], coming["number"], coming["amount_remaining"]) == ("draft", None, 4900)
    rows = api.get("/plan-changes", company_id=acme["id"])
    api.clock(END)
    after = world.subscription(acme)
    assert (after["id"], after["status"]) == (before["id"], "active")
    assert (after["period_start"], after["period_end"]) == tuple(
        instant(text).timestamp() for text in (END, "2024-02-24T09:30:00Z"))
    assert (world.plan_of(acme), world.checked()["trial_status"]) == ("Pro", "converted")
    assert [invoice["total"] for invoice in api.invoices(acme)] == [4900]
    after = api.get("/plan-changes", company_id=acme["id"])
    assert [row["id"] for row in after] == [row["id"] for row in rows]
    assert (world.plan_of(bob), api.invoices(bob)) == ("Free", [])


def test_pc_02_a_trials_end_leaves_what_manage_plan_would_leave(api):
    world = World(api)
    world.set(trial_expiry_plan_id=world.after.id)
    acme, bob = world.trial(), world.trial("bob")
    for company in (acme, bob):
        api.post("/company-overrides", {
            "company_id": company["id"], "feature_id": world.calls["id"], "value_type": "numeric",
            "value_numeric": 17, "metric_period": "all_time"})
        api.track(event("calls", company["name"], 18))
    api.clock("2024-01-24T09:29:59Z")
    api.subscribe(bob, world.after)
    api.clock(END)
    assert world.subscription(acme) == world.subscription(bob) is None
    rows = [api.usage_row(name, "calls") for name in ("acme", "bob")]
    same = ("usage", "allocation", "access", "entitlement_type", "metric_reset_at", "percent_used")
    assert [rows[0].get(name) for name in same] == [rows[1].get(name) for name in same]
    assert (rows[0]["usage"], rows[0]["allocation"]) == (18, 20)
    assert [world.plan_of(company) for company in (acme, bob)] == ["After", "After"]
    [ended], [left] = [api.get("/plan-changes", company_id=company["id"], limit=1) for company in (acme, bob)]
    told = ("action", "base_plan_action", "subscription_change_action", "actor_type", "trial_status")
    assert [ended[name] for name in told] == ["subscription_change", "trial_expiry", None, "system", "expired"]
    assert [left[name] for name in told] == ["manage_plan", None, "unsubscribe", "api_key", "expired"]
    assert instant(ended["created_at"]) == instant(ended["trial_expires_at"]) == instant(END)
    assert ended["previous_base_plan"]["name"] == left["previous_base_plan"]["name"] == "Pro"


def checkout(api, company, plan, **fields):
    return api.send("POST", "/checkout-internal", {
        "company_id": company["id"], "new_plan_id": plan.id, "new_price_id": "", "add_on_ids": [],
        "auto_topup_overrides": [], "credit_bundles": [], "custom_field_values": [], "pay_in_advance": [],
        "skip_trial": False, **fields})


def trial_of(api, company, plan):
    data = api.post("/checkout-internal/data", {"company_id": company["id"], "selected_plan_id": plan.id})
    return data["company_can_trial_selected_plan"], data["selected_plan_already_trialed"]


@pytest.mark.parametrize("per_plan", [False, True])
def test_a_checkout_begins_the_trial_that_a_company_may_have(api, per_plan):
    world = World(api, trial_eligibility_per_plan=per_plan)
    acme = api.company("acme")
    assert trial_of(api, acme, world.pro) == (True, False)
    bought = checkout(api, acme, world.pro)
    assert (bought.status_code, bought.json()["data"]["status"]) == (201, "trialing")
    assert bought.json()["data"]["trial_end"] == instant(END).timestamp()
    api.clock(END)
    assert world.plan_of(acme) == "Free"
    assert trial_of(api, acme, world.pro) == (False, True)
    assert trial_of(api, acme, world.team) == (per_plan, not per_plan)
    again = checkout(api, acme, world.team).json()["data"]
    assert again["status"] == ("trialing" if per_plan else "active")
    bob = api.company("bob")
    assert checkout(api, bob, world.pro, skip_trial=True).json()["data"]["status"] == "active"
    assert checkout(api, api.company("eve"), world.solid).json()["data"]["status"] == "active"


def test_a_checkout_during_a_trial_pays_for_it(api):
    world = World(api)
    acme = api.company("acme")
    checkout(api, acme, world.pro)
    assert checkout(api, acme, world.pro).json()["data"]["status"] == "active"
    [row] = api.get("/plan-changes", company_id=acme["id"], limit=1)
    told = ("action", "subscription_change_action", "trial_status", "trial_converted_at")
    assert [row[name] for name in told] == ["checkout", "upgrade_trial", "converted", START]


def test_a_checkout_with_a_trial_that_needs_a_card(api):
    world = World(api, trial_payment_method_required=True)
    acme = api.company("acme")
    refused = checkout(api, acme, world.pro)
    assert refused.status_code == 400 and "payment_method_required" in refused.json()["error"]
    pay_by_card(api, acme)
    assert checkout(api, acme, world.pro).json()["data"]["trial_end_setting"] == "subscribe"


def test_settings_do_not_touch_trials_that_run(api):
    world = World(api, trial_payment_method_required=True)
    acme = world.trial()
    world.set(trial_payment_method_required=False, trial_days=1)
    assert world.subscription(acme)["trial_end_setting"] == "subscribe"
    assert world.subscription(world.trial("bob"))["trial_end_setting"] == "cancel"


def test_a_trial_as_the_initial_plan(api):
    world = World(api)
    world.set(initial_plan_id=world.pro.id, trial_expiry_plan_id=world.after.id)
    acme = api.company("acme", timezone="America/New_York")
    api.track(event("calls", "born-of-an-event", 3))
    found = api.get("/companies/lookup", **{"keys[id]": "born-of-an-event"})
    for key, company in (("acme", acme), ("born-of-an-event", found)):
        assert world.subscription(company)["status"] == "trialing"
        assert world.checked(key)["trial_end_date"] == "2024-01-24T09:30:00Z"
    api.clock(END)
    assert world.plan_of(acme) == "After"
    refused = api.send("PUT", f"/plan-groups/{world.group['id']}", {
        "initial_plan_id": world.pro.id, "trial_payment_method_required": True})
    assert refused.status_code in (400, 422)


STUBS = {  # name: (start, anchor, prorate, price, the stub's base fee, its seconds, of the full period's)
    "half of June": ("2024-06-16T00:00:00Z", "2024-07-01T00:00:00Z", None, {"monthly_price": 4900}, 2450, 15, 30),
    "a third of a quarter": (
        "2024-04-01T00:00:00Z", "2024-05-01T00:00:00Z", True, {"quarterly_price": 9000}, 3000, 30, 90),
    "longer than a month": (
        "2024-01-01T00:00:00Z", "2024-03-01T00:00:00Z", True, {"monthly_price": 2900}, 6000, 60, 29),
    "free": ("2024-06-16T00:00:00Z", "2024-07-01T00:00:00Z", False, {"monthly_price": 4900}, None, 15, 30),
}


@pytest.mark.parametrize("start, anchor, prorate, price, fee, days, whole", STUBS.values(), ids=STUBS.keys())
def test_a_billing_day_makes_a_stub(api, start, anchor, prorate, price, fee, days, whole):
    api.clock(start)
    calls = api.feature("calls")
    plan = api.plan("Pro", [(calls, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 25,
        "quarterly_unit_price": 25})], **price)
    acme = api.company("acme")
    fields = {} if prorate is None else {"prorate_first_period": prorate}
    api.subscribe(acme, plan, billing_cycle_anchor=anchor, **fields)
    subscription = api.subscription(acme)
    assert [instant(subscription[name]) for name in ("period_start", "period_end")] == [instant(start), instant(anchor)]
    first = api.invoices(acme)
    if fee is None:
        assert first == []
    else:
        [line] = lines(first[0])
        assert (line["line_type"], line["amount"]) == ("base", fee)
        assert line["proration_basis"] == {"seconds": days * 86_400, "of_seconds": whole * 86_400}
    api.track(event("calls", "acme", 7))
    api.clock(anchor)
    api.track(event("calls", "acme", 1))
    second = api.invoices(acme)[-1]
    [base], [usage] = lines(second, "base"), lines(second, "usage")
    assert base["amount"] == next(iter(price.values()))
    assert instant(base["period_start"]) == instant(anchor)
    assert (usage["quantity"], usage["amount"], instant(usage["period_start"])) == (7, 175, instant(start))


@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill -9"])
def test_a_trial_ends_once_whatever_becomes_of_the_server(server, kill):
    world = World(server.api)
    acme = world.trial()
    world.trial("bob", plan=world.team, end="2024-02-01T00:00:00Z")
    server.kill() if kill else server.stop()
    server.start()
    world.api = api = server.api
    assert world.plan_of(acme) == "Pro"
    api.clock(END)
    server.kill() if kill else server.stop()
    server.start()
    world.api = api = server.api
    assert (world.plan_of(acme), world.checked()["trial_status"]) == ("Free", "expired")
    api.clock("2024-03-01T00:00:00Z")
    assert world.checked("bob")["trial_status"] == "expired"
    assert api.invoices() == []

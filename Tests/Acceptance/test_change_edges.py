"""What happens at one instant of a test clock that stands still, and what previews say beside money."""

from api import event, lines
from test_change_plans import BOUNDARY, HALF, START, checkout, group, preview, upcoming


def billed(api, company) -> list:
    """The quantities that invoices billed, drafts and what is to come included, in order."""
    made = [line["quantity"] for invoice in api.invoices(company) for line in lines(invoice, "usage")]
    return made + [line["quantity"] for line in lines(api.upcoming(company), "usage")]


def test_pc_51_52_what_came_before_a_change_is_told_from_what_came_after_it_at_one_instant(api):
    api.clock(START)
    calls = api.feature("calls")
    paid = lambda cents: (calls, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": cents})
    dear = api.plan("Dear", [paid(7)], monthly_price=9100)
    cheap = api.plan("Cheap", [paid(3)], monthly_price=2300)
    down, back, late = (api.company(name) for name in ("down", "back", "late"))
    api.subscribe(down, dear)
    api.subscribe(back, dear)
    api.clock(HALF)

    api.track(event("calls", "down", 100))
    api.subscribe(down, cheap)
    api.track(event("calls", "down", 10))
    row = api.usage_row("down", "calls")
    assert (row["usage"], row["billed_usage"]) == (110, 10)

    # Somebody else's change has parted the instant: nothing of this company's use is lost by that.
    api.track(event("calls", "back", 40))
    api.post("/manage-plan/subscription/cancel", {"company_id": back["id"], "cancel_immediately": True})
    api.track(event("calls", "back", 5))
    api.subscribe(back, cheap)
    api.consume("back", "calls", 2)
    api.commit(api.reserve("back", "calls", 4), 1)

    api.track(event("calls", "late", 6))
    api.subscribe(late, cheap)
    api.track(event("calls", "late", 1))
    api.subscribe(late, dear)
    api.track(event("calls", "late", 1))
    api.subscribe(late, cheap)
    api.track(event("calls", "late", 9))

    # An upgrade is no new subscription: 1 and 1 were of one that has ended in a downgrade.
    wanted = {"down": [10], "back": [40, 3], "late": [9]}
    assert {name["name"]: billed(api, name) for name in (down, back, late)} == wanted
    api.clock("2026-04-16T02:00:00Z")
    api.track(event("calls", "down", 1))
    api.clock("2026-05-16T02:00:00Z")
    assert [line["amount"] for invoice in api.invoices(down) for line in lines(invoice, "usage")] == [33]
    assert [line["amount"] for invoice in api.invoices(back) for line in lines(invoice, "usage")] == [280, 9]
    assert [line["amount"] for invoice in api.invoices(late) for line in lines(invoice, "usage")] == [27]


def test_previews_tell_times_discounts_and_what_is_asked_for(api):
    api.clock(START)
    pro, lite = api.plan("Pro", monthly_price=8000), api.plan("Lite", monthly_price=3000)
    tried = api.plan("Tried", monthly_price=5000, is_trialable=True, trial_days=9)
    group(
        api, pro, lite, tried, scheduled_downgrade_behavior="end_of_billing_period", opt_in_enabled=True,
        opt_in_text="Yes, I will", opt_in_title="Terms")
    api.post("/billing/coupons", {
        "external_id": "FIFTH", "name": "A fifth", "percent_off": 20, "amount_off": 0, "duration": "forever"})
    acme = api.company("acme")
    seen = preview(api, acme, pro, promo_code="FIFTH")["subscription_change_preview"]
    told = ("promo_code_applied", "percent_off", "amount_off", "due_now")
    assert [seen[name] for name in told] == [True, 20, 0, 6400]
    assert [seen["finance"][name] for name in told] == [True, 20, 0, 6400]
    assert [(row["coupon_name"], row["percent_off"]) for row in seen["finance"]["discounts"]] == [("A fifth", 20)]
    assert not seen["opt_in_required"] and seen["scheduled_change_time"] is None

    ask = {**checkout(api, acme, tried), "skip_trial": False}
    seen = api.post("/checkout-internal/preview", ask)
    assert (seen["opt_in_required"], seen["opt_in_text"], seen["opt_in_title"]) == (True, "Yes, I will", "Terms")
    assert [(row["code"], row["source"]) for row in seen["problems"]] == [("opt_in_required", "requirement")]
    assert (seen["trial_end"], seen["finance"]["trial_end"], seen["due_now"]) == (
        "2026-04-10T00:00:00Z", "2026-04-10T00:00:00Z", 0)
    refused = api.send("POST", "/checkout-internal", ask)
    assert refused.status_code == 400 and "opt_in_required" in refused.text
    assert api.get(f"/companies/{acme['id']}")["plan"] is None

    api.subscribe(acme, pro)
    api.clock(HALF)
    ask = {**checkout(api, acme, lite), "opt_in_accepted": True}
    seen = api.post("/checkout-internal/preview", ask)
    assert (seen["problems"], seen["is_scheduled_downgrade"], seen["scheduled_change_time"]) == ([], True, BOUNDARY)
    api.post("/checkout-internal", ask)
    assert api.get(f"/companies/{acme['id']}")["scheduled_downgrade"]["effective_after"] == BOUNDARY


def test_a_new_company_has_the_fallback_plan_where_nothing_else_is_for_it(api):
    free, zero = api.free_plan("Free"), api.plan("Zero", monthly_price=0, yearly_price=500)
    early = api.company("early")
    group(api, free, zero, fallback=free)
    acme = api.company("acme")
    assert (acme["plan"]["id"], api.get(f"/companies/{early['id']}")["plan"]) == (free.id, None)
    changes = api.get("/plan-changes", company_id=acme["id"])
    assert [(row["action"], row["base_plan_action"]) for row in changes] == [("company_upsert", "fallback")]

    prices = api.get(f"/plans/{zero.id}")
    named = {"base_plan_id": zero.id, "base_plan_price_id": prices["monthly_price"]["id"]}
    given = api.company("given", **named)
    assert given["plan"]["id"] == zero.id and given["billing_subscription"]["total_price"] == 0
    for wrong in ({"base_plan_id": zero.id}, {**named, "base_plan_price_id": prices["yearly_price"]["id"]}):
        answer = api.send("POST", "/companies", {"keys": {"id": "wrong"}, **wrong})
        assert answer.status_code == 422, answer.text


def test_pc_55_leaving_at_the_end_takes_the_place_of_a_downgrade_that_waits(api):
    api.clock(START)
    free, lite, pro = api.free_plan("Free"), api.plan("Lite", monthly_price=3000), api.plan("Pro", monthly_price=8000)
    group(api, free, lite, pro, fallback=free, scheduled_downgrade_behavior="end_of_billing_period")
    acme = api.subscribed("acme", pro)
    api.post("/checkout-internal", checkout(api, acme, lite))
    api.post("/manage-plan/subscription/cancel", {"company_id": acme["id"], "cancel_immediately": False})
    assert api.get(f"/companies/{acme['id']}")["scheduled_downgrade"] is None
    api.clock(BOUNDARY)
    assert api.get(f"/companies/{acme['id']}")["plan"]["id"] == free.id
    assert [row["status"] for row in api.get("/scheduled-checkout", company_id=acme["id"])] == ["cancelled"]

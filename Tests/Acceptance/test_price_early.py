"""Use that is billed before its period ends: at a threshold, and more often than the period. Nothing is billed twice."""

import pytest

from api import event, lines

START, END = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
GRADUATED = [{"up_to": 100, "per_unit_price": 10}, {"per_unit_price": 5}]


def priced(**fields) -> dict:
    return {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 10, **fields}


def tiered(mode: str, **fields) -> dict:
    return {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": mode, "price_tiers": GRADUATED, **fields}


def use(api, quantity: int, at: str | None = None):
    api.track(event("sms", "acme", quantity, at=at))


def early(api, acme) -> list:
    """Amount and quantity of the use on invoices after the first one, oldest first."""
    return [(line["amount"], line["quantity"]) for invoice in api.invoices(acme)[1:] for line in lines(invoice, "usage")]


def test_a_threshold_bills_at_once(server):
    api = server.api
    api.clock(START)
    plan = api.plan("Plan", [(api.feature("sms"), priced(billing_threshold=500))], monthly_price=1000)
    assert plan.entitlements["sms"]["billing_threshold"] == 500
    acme = api.subscribed("acme", plan)
    api.clock("2026-01-05T00:00:00Z")
    use(api, 49)
    assert early(api, acme) == []
    use(api, 1)
    assert early(api, acme) == [(500, 50)]
    invoice = api.invoices(acme)[1]
    assert (invoice["status"], invoice["document_state"], invoice["total"]) == ("open", "finalized", 500)
    assert (invoice["period_start"], invoice["period_end"]) == (START, "2026-01-05T00:00:00Z")
    use(api, 170)
    use(api, 30)
    assert early(api, acme) == [(500, 50), (1700, 170)]
    server.kill()
    server.start()
    api = server.api
    assert early(api, acme) == [(500, 50), (1700, 170)]
    assert [line["amount"] for line in lines(api.upcoming(acme), "usage")] == [300]
    # What comes late for a part that is billed already is with the rest.
    use(api, 5, at="2026-01-02T00:00:00Z")
    api.clock("2026-02-01T01:00:00Z")
    assert early(api, acme) == [(500, 50), (1700, 170), (350, 35)]
    assert sum(quantity for _, quantity in early(api, acme)) == 255
    # And after that it is a correction, as ever.
    use(api, 2, at="2026-01-20T00:00:00Z")
    correction, = lines(api.upcoming(acme), "correction")
    assert (correction["amount"], correction["quantity"]) == (20, 2)
    # The next period begins anew.
    use(api, 50)
    assert early(api, acme)[-1] == (500, 50)


def test_tiers_go_on_over_early_invoices(api):
    api.clock(START)
    fields = tiered("graduated", billing_threshold=400)
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("sms"), fields)], monthly_price=0))
    for quantity in (60, 60, 60, 60):
        use(api, quantity)
    # 600; then 40 at 10 and 20 at 5; then twice 300 at 5, which reach it together.
    assert early(api, acme) == [(600, 60), (500, 60), (600, 120)]
    api.clock("2026-02-01T01:00:00Z")
    assert sum(amount for amount, _ in early(api, acme)) == 1000 + 700


def test_volume_tiers_are_never_early(api):
    api.clock(START)
    fields = tiered("volume", billing_threshold=400)
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("sms"), fields)], monthly_price=0))
    use(api, 90)
    assert early(api, acme) == []
    use(api, 60)
    api.clock("2026-02-01T01:00:00Z")
    assert early(api, acme) == [(750, 150)]


def test_consumes_and_holds_reach_a_threshold_too(api):
    api.clock(START)
    plan = api.plan("Plan", [(api.feature("sms"), priced(billing_threshold=500))], monthly_price=0)
    acme = api.subscribed("acme", plan)
    assert api.consume("acme", "sms", 60)["recorded"]
    assert early(api, acme) == [(600, 60)]
    hold = api.reserve("acme", "sms", 80)
    assert early(api, acme) == [(600, 60)]
    api.commit(hold, 70)
    assert early(api, acme) == [(600, 60), (700, 70)]


def test_percentages_are_early_too(api):
    """Each event once, the allowance of the period once."""
    api.clock(START)
    fields = {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "billing_threshold": 100,
              "percentage": {"rate": "10", "fixed_amount": 1, "free_amount": 500}}
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("sms"), fields)], monthly_price=0))
    for quantity in (400, 1100, 300, 900):
        use(api, quantity)
    assert early(api, acme) == [(101, 1500), (31 + 91, 1200)]
    api.clock("2026-02-01T01:00:00Z")
    assert early(api, acme)[2:] == [(0, 0)]


def test_an_upgrade_rates_again_what_was_billed_early(api):
    api.clock(START)
    sms = api.feature("sms")
    acme = api.subscribed("acme", api.plan("Plan", [(sms, priced(billing_threshold=500))], monthly_price=1000))
    use(api, 60)
    assert early(api, acme) == [(600, 60)]
    api.subscribe(acme, api.plan("Better", [(sms, priced(monthly_unit_price=4))], monthly_price=2000))
    api.clock("2026-02-01T01:00:00Z")
    assert early(api, acme) == [(600, 60), (240 - 600, 0)]


CADENCES = {  # name: (cadence, anchor, start, the ends of what early invoices bill)
    "every month": ("monthly", "billing_period_start", "2026-01-31T00:00:00Z", [
        "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30",
        "2026-10-31", "2026-11-30", "2026-12-31"]),
    "every quarter": ("quarterly", None, "2026-01-31T00:00:00Z", ["2026-04-30", "2026-07-31", "2026-10-31"]),
    "at the ends of months": ("monthly", "month_end", "2026-01-10T00:00:00Z", [
        "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01",
        "2026-10-01", "2026-11-01", "2026-12-01", "2027-01-01"]),
    "at the period's end": ("end_of_billing_period", None, "2026-01-10T00:00:00Z", []),
}


@pytest.mark.parametrize("cadence, anchor, start, ends", CADENCES.values(), ids=CADENCES.keys())
def test_use_is_billed_more_often_than_a_year(api, cadence, anchor, start, ends):
    api.clock(start)
    fields = {"value_type": "unlimited", "price_behavior": "overage", "soft_limit": 15, "yearly_unit_price": 10,
              "overage_billing_cadence": cadence, "overage_invoice_anchor": anchor}
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("sms"), fields)], yearly_price=9000))
    for end in ends:
        use(api, 10)
        api.clock(end + "T00:00:00Z")
    billed = [invoice["period_end"][:10] for invoice in api.invoices(acme)[1:]]
    # The first ten units are free.
    assert billed == ends[1:]
    use(api, 7)
    api.clock("2027-02-01T00:00:00Z")
    amounts = [amount for amount, _ in early(api, acme)]
    assert amounts == ([50] + [100] * (len(ends) - 2) if ends else []) + [70 if ends else 0]

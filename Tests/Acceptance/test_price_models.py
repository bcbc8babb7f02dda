"""Prices beyond tiers: packages, free quantities, percentages of events, minima, more currencies, and what is refused."""

import pytest

from api import event, lines

START, MIDDLE, END = "2026-01-01T00:00:00Z", "2026-01-16T12:00:00Z", "2026-02-01T00:00:00Z"
AFTER_GRACE = "2026-02-01T01:00:00Z"


def pay_as_you_go(**fields) -> dict:
    return {"value_type": "unlimited", "price_behavior": "pay_as_you_go", **fields}


def percent(rate: str, **fields) -> dict:
    return pay_as_you_go(percentage={"rate": rate, **fields})


def usage_line(api, acme) -> dict:
    """The usage line of the invoice of the first period, which upcoming-invoice must have told beforehand."""
    told = [line["amount"] for line in lines(api.upcoming(acme), "usage")]
    api.clock(AFTER_GRACE)
    line, = lines(api.invoices(acme)[1], "usage")
    assert told == [line["amount"]]
    return line


PACKAGE = pay_as_you_go(monthly_unit_price=1500, package_size=10)
MODELS = {  # name: (fields of the entitlement, {quantity: amount in cents})
    "packages": (PACKAGE, {0: 0, 1: 1500, 10: 1500, 11: 3000, 95: 15_000}),
    "full packages": ({**PACKAGE, "package_rounding": "down"}, {9: 0, 10: 1500, 19: 1500}),
    "packages above a soft limit": (
        {**PACKAGE, "price_behavior": "overage", "soft_limit": 100}, {100: 0, 101: 1500, 111: 3000}),
    "packages below a cent": (pay_as_you_go(monthly_unit_price_decimal="0.4", package_size=3), {3: 0, 6: 1, 12: 2}),
    "some free": (pay_as_you_go(monthly_unit_price=7, free_quantity=20), {20: 0, 21: 7, 40: 140}),
    "some free below tiers": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated", "free_quantity": 5,
         "price_tiers": [{"up_to": 5, "per_unit_price": 7}, {"per_unit_price": 6}]}, {5: 0, 10: 35, 12: 47}),
    "tiers with a flat amount at zero": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume", "flat_at_zero": True,
         "price_tiers": [{"up_to": 5, "per_unit_price": 7, "flat_amount": 90}, {"per_unit_price": 6}]},
        {0: 90, 5: 125, 6: 36}),
}


@pytest.mark.parametrize(
    "fields, quantity, amount",
    [(fields, *row) for fields, rows in MODELS.values() for row in rows.items()],
    ids=[f"{name}, {quantity}" for name, (_, rows) in MODELS.items() for quantity in rows])
def test_what_a_quantity_costs(shared, fields, quantity, amount):
    """On one server with many plans, told by the upcoming invoice."""
    name = f"f{test_what_a_quantity_costs.count}"
    test_what_a_quantity_costs.count += 1
    plan = shared.plan(name, [(shared.feature(name), fields)], monthly_price=0)
    acme = shared.subscribed(name, plan)
    if quantity:
        shared.track(event(name, name, quantity))
    line, = lines(shared.upcoming(acme), "usage")
    assert (line["amount"], line["quantity"]) == (amount, quantity)


test_what_a_quantity_costs.count = 0

PERCENTAGES = {  # name: (price, quantities of the events in order, amount in cents)
    "a rate": (percent("1.3"), [10_000], 130),
    "and a fixed amount": (percent("1.3", fixed_amount=20), [10_000, 10_000], 300),
    "exact for each event, rounded once": (percent("1.3"), [33, 33, 33], 1),
    "free events": (percent("1", fixed_amount=20, free_events=2), [10_000, 10_000, 300], 23),
    "a free amount": (percent("1", fixed_amount=20, free_amount=500), [300, 300, 100], 42),
    "events are used up first": (percent("1", fixed_amount=20, free_events=1, free_amount=500), [100, 100], 21),
    "the amount is used up first": (percent("1", fixed_amount=20, free_events=3, free_amount=500), [600, 100], 42),
    "at least and at most": (percent("1", min_amount=50, max_amount=60), [100, 5500, 10_000], 165),
}


@pytest.mark.parametrize("fields, quantities, amount", PERCENTAGES.values(), ids=PERCENTAGES.keys())
def test_a_percentage_is_of_each_event(api, fields, quantities, amount):
    api.clock(START)
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("pay"), fields)], monthly_price=0))
    for quantity in quantities:
        api.track(event("pay", "acme", quantity))
    line = usage_line(api, acme)
    assert (line["amount"], line["quantity"]) == (amount, sum(quantities))


def test_events_are_in_the_order_of_their_own_times(server):
    """What comes late is before what came earlier; the same after a crash, and in a correction."""
    api = server.api
    api.clock(START)
    fields = percent("10", fixed_amount=1, free_amount=1000)
    acme = api.subscribed("acme", api.plan("Plan", [(api.feature("pay"), fields)], monthly_price=0))
    api.clock(MIDDLE)
    api.track(event("pay", "acme", 900))
    assert lines(api.upcoming(acme), "usage")[0]["amount"] == 0
    api.track(event("pay", "acme", 300, at="2026-01-02T00:00:00Z"))
    # 300, then 900 of which 200 are above.
    assert lines(api.upcoming(acme), "usage")[0]["amount"] == 21
    server.kill()
    server.start()
    api = server.api
    assert lines(api.upcoming(acme), "usage")[0]["amount"] == 21
    line = usage_line(api, acme)
    assert (line["amount"], line["quantity"]) == (21, 1200)
    api.track(event("pay", "acme", 800, at="2026-01-03T00:00:00Z"))
    # 300, 800 of which 100 are above, 900.
    correction, = lines(api.upcoming(acme), "correction")
    assert (correction["amount"], correction["quantity"]) == (11 + 91 - 21, 800)


def test_what_was_used_before_the_price_is_one_event(api):
    """A meter cannot look back: what it has not seen singly is the period's first event."""
    api.clock(START)
    pay = api.feature("pay")
    plan = api.plan("Plan", [(pay, {"value_type": "unlimited"})], monthly_price=100)
    acme = api.subscribed("acme", plan)
    api.track(event("pay", "acme", 400), event("pay", "acme", 600))
    better = api.plan("Better", [(pay, percent("10", fixed_amount=1))], monthly_price=200)
    api.subscribe(acme, better)
    api.track(event("pay", "acme", 100))
    assert lines(api.upcoming(acme), "usage")[0]["amount"] == 101 + 11


def test_all_of_a_price_is_told_again(api):
    api.put("/test-clock", {"now": START})
    plan = api.post("/plans", {"name": "Plan", "plan_type": "plan", "description": "", "icon": "blue"})
    sent = {
        "rate": "1.25", "fixed_amount": 20, "free_events": 3, "free_amount": 1000, "min_amount": 5, "max_amount": 900}
    made = api.post("/plan-entitlements", {
        "plan_id": plan["id"], "feature_id": api.feature("pay")["id"], "minimum_amount": 1000, "maximum_amount": 9000,
        **percent(**sent)})
    assert (made["percentage"], made["minimum_amount"], made["maximum_amount"]) == (sent, 1000, 9000)
    made = api.post("/plan-entitlements", {
        "plan_id": plan["id"], "feature_id": api.feature("sms")["id"], "free_quantity": 50, "package_rounding": "down",
        **PACKAGE})
    assert {field: made[field] for field in ("package_size", "package_rounding", "free_quantity", "percentage")} == {
        "package_size": 10, "package_rounding": "down", "free_quantity": 50, "percentage": None}
    assert made["metered_monthly_price"]["package_size"] == 10
    assert made["metered_monthly_price"]["price"] == 1500
    assert api.get(f"/plan-entitlements/{made['id']}") == made
    changed = api.put(f"/plan-entitlements/{made['id']}", pay_as_you_go(monthly_unit_price=5))
    assert (changed["package_size"], changed["free_quantity"]) == (None, None)


def test_each_currency_has_its_own_prices(api):
    """Dollars with two places, yen with none, dinars with three; the subscription's currency chooses."""
    api.clock(START)
    sms = api.feature("sms")
    fields = pay_as_you_go(monthly_unit_price=5, currency="usd", currency_prices=[
        {"currency": "jpy", "monthly_unit_price": 7}, {"currency": "bhd", "monthly_unit_price_decimal": "12.5"}])
    plan = api.plan("Plan", [(sms, fields)], currency="usd", monthly_price=1000, currency_prices=[
        {"currency": "jpy", "monthly_price": 1500}, {"currency": "bhd", "monthly_price": 4000}])
    shown = {row["currency"]: row["monthly_price"]["price_decimal"]
             for row in plan.entitlements["sms"]["currency_prices"]}
    assert shown == {"usd": "5", "jpy": "7", "bhd": "12.5"}
    prices = {row["currency"]: row["monthly_price"] for row in api.get(f"/plans/{plan.id}")["currency_prices"]}
    for currency, base, usage in (("usd", 1000, 15), ("jpy", 1500, 21), ("bhd", 4000, 38)):
        company = api.company(currency)
        api.subscribe(company, plan, base_plan_price_id=prices[currency]["id"])
        api.track(event("sms", currency, 3))
        upcoming = api.upcoming(company)
        assert upcoming["currency"] == currency
        assert [line["amount"] for line in upcoming["lines"]] == [usage, base]


WRONG = {  # name: (fields, the field that the sentence names)
    "a negative price": (pay_as_you_go(monthly_unit_price=-1), "monthly_unit_price"),
    "a negative decimal": (pay_as_you_go(yearly_unit_price_decimal="-0.5"), "yearly_unit_price"),
    "no package at all": ({**PACKAGE, "package_size": 0}, "package_size"),
    "rounding without packages": (pay_as_you_go(monthly_unit_price=1, package_rounding="up"), "package_size"),
    "an unknown rounding": ({**PACKAGE, "package_rounding": "half"}, "package_rounding"),
    "packages of tiers": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume", "package_size": 5,
         "price_tiers": [{"per_unit_price": 1}]}, "package_size"),
    "tiers that fall back": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume",
         "price_tiers": [{"up_to": 9, "per_unit_price": 1}, {"up_to": 5, "per_unit_price": 1}]}, "price_tiers"),
    "tiers without an end": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume",
         "yearly_price_tiers": [{"up_to": 9, "per_unit_price": 1}]}, "yearly_price_tiers"),
    "tiers that cost too much": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated",
         "price_tiers": [{"up_to": 10**18, "per_unit_price": 10**8}, {"per_unit_price": 1}]}, "price_tiers"),
    "a limit that costs too much": (
        pay_as_you_go(monthly_unit_price=10**8, value_numeric=10**18), "monthly_unit_price"),
    "an unknown currency": (pay_as_you_go(monthly_unit_price=1, currency="xyz"), "currency"),
    "an unknown further currency": (
        pay_as_you_go(monthly_unit_price=1, currency_prices=[{"currency": "zzz"}]), "currency_prices[0].currency"),
    "a currency twice": (
        pay_as_you_go(monthly_unit_price=1, currency_prices=[{"currency": "usd", "monthly_unit_price": 2}]),
        "currency_prices"),
    "a percentage and a price": (
        {**percent("1"), "monthly_unit_price": 1}, "percentage"),
    "a percentage without a rate": (pay_as_you_go(percentage={"fixed_amount": 1}), "percentage.rate"),
    "a negative rate": (percent("-1"), "percentage"),
    "a rate of too many places": (percent("0.00000000001"), "percentage"),
    "negative free events": (percent("1", free_events=-1), "free_events"),
    "at least more than at most": (percent("1", min_amount=2, max_amount=1), "min_amount"),
    "a negative minimum": (pay_as_you_go(monthly_unit_price=1, minimum_amount=-1), "minimum_amount"),
    "a minimum above the maximum": (
        pay_as_you_go(monthly_unit_price=1, minimum_amount=2, maximum_amount=1), "minimum_amount"),
    "a minimum of nothing": ({"value_type": "unlimited", "minimum_amount": 1}, "minimum_amount"),
    "free units that are bought": (
        {"value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": 1, "free_quantity": 1},
        "free_quantity"),
    "negative free units": (pay_as_you_go(monthly_unit_price=1, free_quantity=-1), "free_quantity"),
    "a negative tier": (
        {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume",
         "price_tiers": [{"per_unit_price": 1, "flat_amount": -1}]}, "flat_amount of tier 0"),
    "no tiers": ({"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "volume"}, "price_tiers"),
    "more than the whole of an event": (percent("100.5"), "rate"),
    "a negative fixed amount": (percent("1", fixed_amount=-1), "fixed_amount"),
    "more than an amount can be": (percent("1", fixed_amount=10**30), "fixed_amount"),
}


@pytest.mark.parametrize("fields, field", WRONG.values(), ids=WRONG.keys())
def test_wrong_prices_are_refused_by_name(shared, fields, field):
    plan = shared.post(
        "/plans", {"name": "Plan", "plan_type": "plan", "description": "", "icon": "blue"})
    before = shared.get(f"/plans/{plan['id']}")
    feature = shared.feature(f"w{test_wrong_prices_are_refused_by_name.count}")
    test_wrong_prices_are_refused_by_name.count += 1
    answer = shared.send("POST", "/plan-entitlements", {"plan_id": plan["id"], "feature_id": feature["id"], **fields})
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["error"]
    assert shared.get(f"/plans/{plan['id']}") == before


test_wrong_prices_are_refused_by_name.count = 0


def test_prices_given_once_count_for_every_interval(api):
    """Tiers with those of one interval beside them, also for an interval that has no name of its own."""
    api.clock(START)
    fields = {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated",
              "price_tiers": [{"per_unit_price": 3}], "monthly_price_tiers": [{"per_unit_price": 4}]}
    weekly = [{"interval": "week", "interval_count": 2, "price": 500, "currency": "usd"}]
    plan = api.plan("Plan", [(api.feature("sms"), fields)], monthly_price=1000, yearly_price=9000, prices=weekly)
    shown = api.get(f"/plans/{plan.id}")
    ids = [shown["monthly_price"]["id"], shown["yearly_price"]["id"],
           next(price["id"] for price in shown["prices"] if price["interval"] == "week")]
    for index, (price, amount) in enumerate(zip(ids, (40, 30, 30))):
        company = api.company(f"c{index}")
        api.subscribe(company, plan, base_plan_price_id=price)
        api.track(event("sms", f"c{index}", 10))
        assert lines(api.upcoming(company), "usage")[0]["amount"] == amount


def test_an_interval_without_a_price_is_refused(api):
    fields = {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated",
              "monthly_price_tiers": [{"per_unit_price": 4}]}
    plan = api.plan("Plan", [(api.feature("sms"), fields)], monthly_price=1000, yearly_price=9000, publish=False)
    answer = api.send("PUT", f"/plans/version/{plan.version_id}/publish",
                      {"excluded_company_ids": [], "migration_strategy": "immediate"})
    assert answer.status_code in (400, 422)
    assert "usage_price_missing_for_interval" in answer.json()["error"]

"""Quantities with places: taken as numbers and texts, limited, shown and billed exactly."""

from api import event, lines

START = "2026-01-01T00:00:00Z"


def gigabytes(api, places: int = 3, **fields) -> dict:
    made = api.feature("gb", quantity_decimals=places, **fields)
    assert made["quantity_decimals"] == places
    return made


def test_fractions_are_counted_and_billed_exactly(server):
    api = server.api
    api.clock(START)
    fields = {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price_decimal": "10.5"}
    acme = api.subscribed("acme", api.plan("Plan", [(gigabytes(api), fields)], monthly_price=0))
    api.track(event("gb", "acme", 1.25), event("gb", "acme", "0.125", key="k"), event("gb", "acme", 2))
    # Sent again it is the same event.
    assert api.batch(event("gb", "acme", "0.125", key="k"))["duplicates"] == 1
    row = api.usage_row("acme", "gb")
    assert (row["usage"], row["usage_decimal"]) == (3, "3.375")
    assert (row["billed_usage"], row["billed_usage_decimal"]) == (3, "3.375")
    server.kill()
    server.start()
    api = server.api
    assert api.usage_row("acme", "gb")["usage_decimal"] == "3.375"
    # 3.375 × 10.5 is 35.4375.
    line, = lines(api.upcoming(acme), "usage")
    assert (line["quantity"], line["quantity_decimal"], line["amount"]) == (3, "3.375", 35)
    api.clock("2026-02-01T00:00:00Z")
    api.track(event("gb", "acme", 0.625, at="2026-01-20T00:00:00Z"))
    api.clock("2026-02-01T01:00:00Z")
    line, = lines(api.invoices(acme)[1], "usage")
    assert (line["quantity_decimal"], line["amount"]) == ("4", 42)
    api.track(event("gb", "acme", -0.5, at="2026-01-20T00:00:00Z"))
    correction, = lines(api.upcoming(acme), "correction")
    assert (correction["quantity_decimal"], correction["amount"]) == ("-0.5", 37 - 42)


def test_tiers_may_end_between_units(api):
    api.clock(START)
    fields = {"value_type": "unlimited", "price_behavior": "tier", "tier_mode": "graduated",
              "price_tiers": [{"up_to_decimal": "0.5", "per_unit_price": 100}, {"per_unit_price": 10}]}
    acme = api.subscribed("acme", api.plan("Plan", [(gigabytes(api), fields)], monthly_price=0))
    api.track(event("gb", "acme", 0.75))
    line, = lines(api.upcoming(acme), "usage")
    assert line["amount"] == 53  # 50 + 2.5
    assert [tier["up_to_decimal"] for tier in line["tier_detail"]] == ["0.5", None]


def test_limits_are_exact(api):
    gb = gigabytes(api)
    plan = api.free_plan("Plan", (gb, {"value_type": "numeric", "value_numeric": 2}))
    company = api.company("acme")
    api.manage_plan(company, plan)
    api.track(event("gb", "acme", 0.75))
    # 0.75 + 1 fits into 2, 1.75 + 1 does not.
    assert api.post("/usage/consume", {"company": {"id": "acme"}, "feature": "gb", "quantity": 1})["allowed"]
    assert not api.post("/usage/consume", {"company": {"id": "acme"}, "feature": "gb", "quantity": 1})["allowed"]
    assert api.usage_row("acme", "gb")["usage_decimal"] == "1.75"
    assert api.check("gb", "acme")["value"]
    api.track(event("gb", "acme", 0.249))
    assert api.check("gb", "acme")["value"]
    api.track(event("gb", "acme", 0.001))
    assert not api.check("gb", "acme")["value"]


def test_what_no_feature_declares_is_refused(api):
    gigabytes(api, 2)
    api.feature("calls")
    api.company("acme")
    answer = api.batch(
        event("gb", "acme", 0.25), event("gb", "acme", 0.125), event("gb", "acme", "x"), event("gb", "acme", ""),
        event("calls", "acme", 0.5), event("calls", "acme", "5"), event("gb", "acme", 0.0), event("gb", "acme", "1e2"))
    assert answer["accepted"] == 1
    assert [row["index"] for row in answer["rejected"]] == [1, 2, 3, 4, 5, 6, 7]
    assert {row["error"] for row in answer["rejected"]} == {"quantity must be an integer", "quantity must not be 0"}
    for wrong in (-1, 10):
        refused = api.send("POST", "/features", {
            "name": "f", "description": "", "feature_type": "event", "event_subtype": "f", "quantity_decimals": wrong})
        assert refused.status_code == 400 and "quantity_decimals" in refused.json()["error"]


def test_percentages_of_fractions(api):
    api.clock(START)
    fields = {"value_type": "unlimited", "price_behavior": "pay_as_you_go",
              "percentage": {"rate": "1.5", "free_amount": "100.5"}}
    acme = api.subscribed("acme", api.plan("Plan", [(gigabytes(api, 2), fields)], monthly_price=0))
    api.track(event("gb", "acme", "100.25"), event("gb", "acme", "900.75"))
    line, = lines(api.upcoming(acme), "usage")
    assert (line["quantity_decimal"], line["amount"]) == ("1001", 14)  # 900.5 at 1.5 % are 13.5075

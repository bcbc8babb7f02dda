"""What follows from an invoice's charges, and what becomes of it: discounts, taxes, balance, credit notes, documents."""

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from api import event, lines

START, GRACE_OVER = "2024-01-01T00:00:00Z", "2024-02-01T01:00:00Z"


def half_up(amount) -> int:
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.fixture
def shop(api):
    api.clock(START)
    calls = api.feature("calls")
    api.pro = api.plan(
        "Pro", [(calls, {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 25})],
        monthly_price=4900)
    return api


def coupon(api, external_id: str, **fields) -> dict:
    return api.post("/billing/coupons", {
        "external_id": external_id, "name": external_id, "amount_off": 0, "percent_off": 0, "duration": "forever",
        "duration_in_months": 0, "max_redemptions": 0, "times_redeemed": 0, **fields})


def taxed(api, company: dict, *rates: dict):
    profile = api.get("/billing/profiles", company_id=company["id"])[0]
    return api.put(f"/billing/profiles/{profile['id']}", {"tax_rates": list(rates)})


def test_tax_is_one_rounded_line_for_each_rate_and_line(shop):
    acme = shop.company("acme")
    rates = [{"name": "State", "percent": "8.875", "inclusive": False}, {"name": "City", "percent": "1.5"}]
    profile = taxed(shop, acme, *rates)
    assert profile["tax_rates"] == [{**rates[0]}, {**rates[1], "inclusive": False}]
    shop.subscribe(acme, shop.pro)
    shop.track(event("calls", "acme", 137))
    shop.clock(GRACE_OVER)
    invoice = shop.invoices(acme)[1]
    expected = [half_up(Decimal(amount) * Decimal(percent) / 100)
                for amount in (3425, 4900) for percent in ("8.875", "1.5")]
    assert [line["amount"] for line in lines(invoice, "tax")] == expected
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (8325, sum(expected), 8325 + sum(expected))
    charges = {line["id"]: line for line in invoice["lines"] if line["line_type"] in ("base", "usage")}
    assert all(line["applies_to_line_id"] in charges for line in lines(invoice, "tax"))
    refused = shop.send("PUT", f"/billing/profiles/{profile['id']}", {"tax_rates": [{"name": "x", "percent": "-1"}]})
    assert refused.status_code == 400 and "percent" in refused.json()["error"]


def test_coupons_reduce_base_and_usage_and_are_told_on_the_subscription(shop):
    made = coupon(shop, "TEN", percent_off=10, max_redemptions=1)
    assert made["percent_off"] == 10 and made["times_redeemed"] == 0 and made["is_active"]
    acme = shop.company("acme")
    assert shop.manage_plan(acme, shop.pro, coupon_external_id="TEN")["success"]
    shop.track(event("calls", "acme", 137))
    shop.clock(GRACE_OVER)
    first, second = shop.invoices(acme)
    assert (first["subtotal"], first["discount"], first["total"]) == (4900, 490, 4410)
    assert [line["amount"] for line in lines(second, "discount")] == [-343, -490]
    view = shop.get("/company-subscriptions", company_id=acme["id"])[0]["discounts"][0]
    assert view["coupon_id"] == made["id"] and view["is_active"]
    other = shop.company("other")
    outcome = shop.manage_plan(other, shop.pro, promo_code="TEN")
    assert not outcome["success"] and outcome["problems"][0]["code"] == "discount_ineligible"
    assert shop.invoices(other) == []
    assert shop.get("/billing/coupons")[0]["times_redeemed"] == 1
    shop.delete("/billing/coupons/TEN")
    assert shop.get("/billing/coupons") == []
    assert shop.send("DELETE", "/billing/coupons/TEN").status_code == 404


@pytest.mark.parametrize("wrong", [
    {"amount_off": 5, "percent_off": 5}, {}, {"percent_off": 101}, {"amount_off": -1},
    {"percent_off": 5, "duration": "repeating"}, {"percent_off": 5, "duration": "sometimes"},
    {"amount_off": 5, "currency": "zzz"}, {"percent_off": 5, "name": ""}, {"amount_off": 10**30}])
def test_a_coupon_that_makes_no_sense_is_a_400(api, wrong):
    body = {"external_id": "X", "name": "x", "amount_off": 0, "percent_off": 0, "duration": "once",
            "duration_in_months": 0, "max_redemptions": 0, "times_redeemed": 0, **wrong}
    answer = api.send("POST", "/billing/coupons", body)
    assert answer.status_code == 400, answer.text
    assert api.get("/billing/coupons") == []


def test_a_credit_note_takes_back_at_most_the_line_and_refunds_to_the_balance(shop):
    acme = shop.company("acme")
    taxed(shop, acme, {"name": "VAT", "percent": "25", "inclusive": False})
    plan = shop.plan("Large", monthly_price=20_000)
    shop.subscribe(acme, plan)
    invoice = shop.invoices(acme)[0]
    base = lines(invoice, "base")[0]["id"]
    notes = f"/invoices/{invoice['id']}/credit-notes"
    shop.post(f"/invoices/{invoice['id']}/mark-paid", {"idempotency_key": "p"})
    note = shop.post(notes, {"lines": [{"line_id": base, "amount": 19_333}], "reason": "unused"})
    assert (note["subtotal"], note["tax"], note["total"]) == (19_333, 4833, 24_166)
    assert note["number"] == "CN-000001" and note["refunded_to_balance"] == 24_166
    balance = shop.get(f"/companies/{acme['id']}/customer-balance")
    assert (balance["balance"], balance["currency"]) == (24_166, "usd")
    assert [entry["amount"] for entry in balance["entries"]] == [24_166]
    for body in (
            {"lines": [{"line_id": base, "amount": 668}]}, {"lines": [{"line_id": base, "amount": 0}]}, {"lines": []},
            {"lines": [{"line_id": base}]}, {"lines": [{"line_id": base, "amount": 1, "quantity": "1"}]},
            {"lines": [{"line_id": "invl_none", "amount": 1}]},
            {"lines": [{"line_id": lines(invoice, "tax")[0]["id"], "amount": 1}]}, {}):
        assert shop.send("POST", notes, body).status_code in (400, 404, 422), body
    shop.post(notes, {"lines": [{"line_id": base, "amount": 667}]})
    assert shop.invoice(invoice["id"])["document_state"] == "credited"
    assert [row["total"] for row in shop.get("/credit-notes", invoice_id=invoice["id"])] == [834, 24_166]
    # The next invoice is paid from it.
    shop.clock(GRACE_OVER)
    second = shop.invoices(acme)[1]
    assert (second["status"], second["total"], second["amount_remaining"]) == ("paid", 25_000, 0)
    assert [settlement["amount"] for settlement in second["settlements"]] == [25_000]
    assert shop.get(f"/companies/{acme['id']}/customer-balance")["balance"] == 0


def test_an_uncollectible_invoice_may_still_be_paid(shop):
    acme = shop.subscribed("acme", shop.pro)
    id = shop.invoices(acme)[0]["id"]
    assert shop.post(f"/invoices/{id}/mark-uncollectible")["status"] == "uncollectible"
    assert shop.post(f"/invoices/{id}/mark-paid", {"idempotency_key": "p"})["status"] == "paid"
    assert shop.send("POST", f"/invoices/{id}/mark-uncollectible").status_code == 422


def test_a_usage_line_is_explained_down_to_its_events(shop):
    acme = shop.subscribed("acme", shop.pro)
    shop.track(*(event("calls", "acme", n) for n in range(1, 31)))
    shop.clock(GRACE_OVER)
    shop.track(event("calls", "acme", 7, at="2024-01-15T00:00:00Z"))
    invoice = shop.invoices(acme)[1]
    usage = lines(invoice, "usage")[0]
    path = f"/invoices/{invoice['id']}/lines/{usage['id']}/explain"
    page = shop.get(path, limit=10)
    assert page["usage"]["events_count"] == 31 and len(page["usage"]["events"]) == 10
    events = shop.get(path, limit=10, offset=30)["usage"]["events"] + shop.get(path, limit=30)["usage"]["events"]
    assert sum(row["quantity"] for row in events) == int(page["usage"]["events_sum"]) == 465 + 7
    assert sum(row["quantity"] for row in events if not row["is_late"]) == usage["quantity"] == 465
    assert [row["quantity"] for row in events if row["is_late"]] == [7]
    assert (page["usage"]["metered"], page["usage"]["uncorrected"]) == (472, "7")
    assert Decimal(page["calculation"]["exact_amount_decimal"]) == usage["amount"] == 465 * 25
    shop.clock("2024-03-01T01:00:00Z")
    next_one = shop.invoices(acme)[2]
    correction = lines(next_one, "correction")[0]
    why = shop.get(f"/invoices/{next_one['id']}/lines/{correction['id']}/explain")
    assert why["corrects"]["line"]["id"] == usage["id"]
    assert (why["corrects"]["amount_before"], why["corrects"]["amount_after"]) == (465 * 25, 472 * 25)
    assert why["usage"]["uncorrected"] == "0"
    assert shop.send("GET", f"/invoices/{invoice['id']}/lines/invl_none/explain").status_code == 404


def test_a_draft_shows_the_late_use_that_joins_it(shop):
    acme = shop.subscribed("acme", shop.pro)
    shop.track(event("calls", "acme", 4))
    shop.clock("2024-02-01T00:30:00Z")
    draft = shop.invoices(acme)[1]
    late = shop.track(event("calls", "acme", 2, at="2024-01-31T23:59:59Z"))
    assert [row["effect"] for row in late["late"]] == ["grace"]
    now = shop.invoice(draft["id"])
    assert (draft["total"], now["total"], now["status"], now["number"]) == (5000, 5050, "draft", None)
    assert shop.get("/invoices", company_id=acme["id"])[0]["total"] == 5050
    january = {"period_start": "2023-12-01T00:00:00Z", "period_end": "2024-01-01T00:00:00Z"}
    assert shop.get("/invoices/count", company_id=acme["id"], **january)["count"] == 0
    shop.clock(GRACE_OVER)
    final = shop.invoice(draft["id"])
    assert [(line["id"], line["amount"]) for line in final["lines"]] == [
        (line["id"], line["amount"]) for line in now["lines"]]


def test_fractions_and_early_bills_are_explained(shop):
    """metered = billed + billed_otherwise + corrected + uncorrected, and the tiers come to the line."""
    priced = {"value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 3}
    tons, sms, refunds = shop.feature("tons", quantity_decimals=3), shop.feature("sms"), shop.feature("refunds")
    plan = shop.plan("Plan", [
        (tons, {**priced, "package_size": 1}), (sms, {**priced, "billing_threshold": 30}), (refunds, priced)],
        monthly_price=0)
    acme = shop.subscribed("acme", plan)
    shop.track(event("tons", "acme", "1.25"), event("tons", "acme", "2.125"), event("refunds", "acme", -4))
    for quantity in (12, 15, 4):
        shop.track(event("sms", "acme", quantity))
    shop.clock(GRACE_OVER)
    amounts = {}
    for invoice in shop.invoices(acme):
        for line in lines(invoice, "usage"):
            why = shop.get(f"/invoices/{invoice['id']}/lines/{line['id']}/explain")
            use, calculation = why["usage"], why["calculation"]
            amounts.setdefault(line["feature_key"], []).append(line["amount"])
            assert Decimal(calculation["exact_amount_decimal"]) == line["amount"]
            assert sum(Decimal(tier["amount_decimal"]) for tier in calculation["tiers"]) in (0, line["amount"])
            assert Decimal(use["events_sum"]) == Decimal(use["metered_decimal"])
            assert sum(Decimal(row["quantity_decimal"]) for row in use["events"]) == Decimal(use["metered_decimal"])
            assert (use["corrected"], use["uncorrected"]) == ("0", "0"), use
            assert Decimal(use["billed"]) + Decimal(use["billed_otherwise"]) == Decimal(use["metered_decimal"])
    # Four whole packages of 3.375 tons.
    assert amounts == {"tons": [12], "sms": [36, 45, 12], "refunds": [0]}


def test_documents_escape_hostile_names(shop):
    acme = shop.company("acme")
    shop.post("/companies", {"keys": {"id": "acme"}, "name": "<script>alert(1)</script>"})
    plan = shop.plan('=HYPERLINK("evil"),<b>', monthly_price=100)
    shop.subscribe(acme, plan)
    invoice = shop.invoices(acme)[0]
    page = shop.send("GET", f"/invoices/{invoice['id']}/pdf")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text and "&lt;script&gt;" in page.text and "<b>" not in page.text
    export = shop.send("GET", f"/invoices/{invoice['id']}/export")
    rows = list(csv.DictReader(io.StringIO(export.text, newline="")))
    assert rows[0]["description"] == "'" + '=HYPERLINK("evil"),<b>' and rows[0]["amount"] == "100"
    assert shop.get(f"/invoices/{invoice['id']}/export", format="json")["id"] == invoice["id"]
    assert shop.send("GET", f"/invoices/{invoice['id']}/export?format=exe").status_code == 400


def test_a_statement_goes_from_one_balance_to_the_next(shop):
    acme = shop.subscribed("acme", shop.pro)
    first = shop.invoices(acme)[0]
    shop.clock("2024-01-10T00:00:00Z")
    shop.post(f"/invoices/{first['id']}/mark-paid", {"idempotency_key": "p", "amount": 4000, "reference": "wire"})
    shop.track(event("calls", "acme", 4))
    shop.clock("2024-02-10T00:00:00Z")
    second = shop.invoices(acme)[1]
    shop.post(f"/invoices/{second['id']}/credit-notes", {
        "lines": [{"line_id": lines(second, "base")[0]["id"], "amount": 900}]})
    statement = shop.get(f"/companies/{acme['id']}/statement")
    assert [(row["type"], row["amount"], row["balance"]) for row in statement["entries"]] == [
        ("invoice", 4900, 4900), ("payment", -4000, 900), ("invoice", 5000, 5900), ("credit_note", -900, 5000)]
    assert statement["opening_balance"] == 0
    owed = sum(invoice["amount_remaining"] for invoice in shop.invoices(acme))
    assert statement["closing_balance"] == owed == 5000
    january = shop.get(f"/companies/{acme['id']}/statement", **{"from": "2024-01-05T00:00:00Z", "to": "2024-02-01T00:00:00Z"})
    assert (january["opening_balance"], january["closing_balance"]) == (4900, 900)
    february = shop.get(f"/companies/{acme['id']}/statement", **{"from": "2024-02-01T00:00:00Z"})
    assert february["opening_balance"] == january["closing_balance"]
    shop.post(f"/invoices/{second['id']}/void")
    assert shop.get(f"/companies/{acme['id']}/statement")["closing_balance"] == 900


def test_invoices_are_chained_by_their_hashes(shop):
    for name in ("a", "b", "c"):
        shop.subscribed(name, shop.pro)
    shop.clock(GRACE_OVER)
    invoices = sorted(shop.invoices(), key=lambda invoice: invoice["number"])
    assert len(invoices) == 6
    assert all(re.fullmatch("[0-9a-f]{64}", invoice["hash"]) for invoice in invoices)
    assert [invoice["previous_hash"] for invoice in invoices] == [None] + [invoice["hash"] for invoice in invoices[:-1]]


def test_late_use_after_the_end_is_billed_on_an_invoice_of_its_own(shop):
    acme = shop.subscribed("acme", shop.pro)
    shop.track(event("calls", "acme", 2))
    shop.clock("2024-01-15T00:00:00Z")
    shop.post("/manage-plan/subscription/cancel", {"company_id": acme["id"], "cancel_immediately": True})
    shop.clock("2024-01-20T00:00:00Z")
    answer = shop.batch(event("calls", "acme", 3, at="2024-01-14T00:00:00Z"))
    assert [row["effect"] for row in answer["late"]] == ["correction"]
    shop.clock("2024-01-20T01:00:00Z")
    invoices = shop.invoices(acme)
    assert [line["line_type"] for line in invoices[2]["lines"]] == ["correction"]
    assert invoices[2]["total"] == 75 and len(invoices) == 3


def test_a_deleted_company_is_billed_what_it_used(shop):
    acme = shop.subscribed("acme", shop.pro)
    shop.track(event("calls", "acme", 3))
    assert shop.send("DELETE", f"/companies/{acme['id']}?cancel_subscription=true").status_code == 200
    shop.clock(GRACE_OVER)
    assert [invoice["total"] for invoice in shop.invoices()] == [4900, 75]

"""Plans and add-ons that are paid once: bought on an invoice of their own, had from then on, never charged again."""

from types import SimpleNamespace

import pytest

from test_change_add_ons import having
from test_checkout_form import checkout

START, HALF, BOUNDARY, YEAR = (f"{day}T00:00:00Z" for day in ("2026-04-01", "2026-04-16", "2026-05-01", "2027-04-01"))
ON = {"value_type": "boolean", "value_bool": True}


def paid_once(api, name: str, price: int, feature: dict, plan_type: str = "plan", **fields):
    plan = api.post("/plans", {"name": name, "plan_type": plan_type, "description": "", "icon": "blue"})
    api.put(f"/plans/{plan['id']}/billing_products", {
        "charge_type": "one_time", "is_trialable": False, "currency": "usd", "one_time_price": price,
        "billing_strategy": "schematic_managed", **fields})
    api.post("/plan-entitlements", {"plan_id": plan["id"], "feature_id": feature["id"], **ON})
    api.publish(api.get(f"/plans/{plan['id']}")["draft_version"]["id"])
    return SimpleNamespace(id=plan["id"])


@pytest.fixture
def shop(api):
    api.clock(START)
    sso, extra = (api.feature(name, feature_type="boolean") for name in ("sso", "extra"))
    free = api.free_plan("Free")
    pro = api.plan("Pro", monthly_price=4900)
    life = paid_once(api, "For life", 50_000, sso)
    setup = paid_once(api, "Setup", 9900, extra, "add_on")
    api.post("/billing/settings", {"invoice_grace_seconds": 0})
    return SimpleNamespace(sso=sso, free=free, pro=pro, life=life, setup=setup)


def amounts(invoice: dict) -> list:
    return [(line["line_type"], line["kind"], line["amount"]) for line in invoice["lines"]]


def preview(api, company: dict, plan, **fields) -> dict:
    return api.post("/manage-plan/preview", {
        "company_id": company["id"], "base_plan_id": plan.id, "add_on_selections": [], "credit_bundles": [],
        "custom_field_values": [], "pay_in_advance_entitlements": [], **fields})["subscription_change_preview"]


def test_a_plan_is_paid_once_and_had_for_good(api, shop):
    acme = api.company("acme")
    asked = preview(api, acme, shop.life)
    assert (asked["due_now"], asked["new_charges"], asked["proration"]) == (50_000, 50_000, 0)
    assert api.invoices(acme) == [] and api.check("sso", "acme")["value"] is False

    api.subscribe(acme, shop.life)
    (invoice,) = api.invoices(acme)
    assert amounts(invoice) == [("base", "purchase", 50_000)]
    assert (invoice["status"], invoice["number"], invoice["amount_remaining"]) == ("open", "INV-000001", 50_000)
    assert api.check("sso", "acme")["value"] is True
    company = api.get(f"/companies/{acme['id']}")
    assert (company["plan"]["plan_period"], company["plan"]["plan_price"]) == ("one-time", 50_000)
    assert company.get("billing_subscription") is None
    assert [row["name"] for row in api.get("/companies", subscription_types="one_time")] == ["acme"]

    api.subscribe(acme, shop.life)
    api.clock(YEAR)
    assert len(api.invoices(acme)) == 1 and api.check("sso", "acme")["value"] is True
    api.subscribe(acme, shop.free)
    assert len(api.invoices(acme)) == 1 and api.check("sso", "acme")["value"] is False
    assert api.get(f"/companies/{acme['id']}/customer-balance")["balance"] == 0
    api.subscribe(acme, shop.life)
    assert [amounts(one) for one in api.invoices(acme)] == [[("base", "purchase", 50_000)]] * 2


def test_an_add_on_is_paid_once_beside_what_recurs(api, shop):
    acme = api.subscribed("acme", shop.pro)
    api.clock(HALF)
    asked = preview(api, acme, shop.pro, **having(shop.setup))
    assert (asked["due_now"], asked["proration"]) == (9900, 0)
    api.subscribe(acme, shop.pro, **having(shop.setup))
    assert [amounts(one) for one in api.invoices(acme)] == [
        [("base", "subscription", 4900)], [("base", "purchase", 9900)]]
    assert api.check("extra", "acme")["value"] is True
    (add_on,) = api.get(f"/companies/{acme['id']}")["add_ons"]
    assert (add_on["plan_period"], add_on["plan_price"]) == ("one-time", 9900)
    api.clock(BOUNDARY)
    assert amounts(api.invoices(acme)[-1]) == [("base", "subscription", 4900)]

    api.subscribe(acme, shop.pro)
    assert api.check("extra", "acme")["value"] is False
    upcoming = api.get(f"/companies/{acme['id']}/upcoming-invoice")
    assert amounts(upcoming) == [("base", "subscription", 4900)]


def test_leaving_what_recurs_for_a_plan_paid_once_credits_what_is_unused(api, shop):
    acme = api.subscribed("acme", shop.pro)
    api.clock(HALF)
    api.subscribe(acme, shop.life)
    purchase = api.invoices(acme)[-1]
    assert (purchase["total"], purchase["amount_remaining"]) == (50_000, 50_000 - 2450)
    api.clock(YEAR)
    assert [one["total"] for one in api.invoices(acme)] == [4900, 50_000]
    [row] = api.get("/plan-changes", company_id=acme["id"], limit=1)
    assert (row["base_plan"]["name"], row["subscription_change_action"]) == ("For life", "unsubscribe")


def test_coupon_and_taxes_count_for_a_purchase(api, shop):
    api.post("/billing/coupons", {
        "external_id": "TENTH", "name": "Tenth", "amount_off": 0, "percent_off": 10, "duration": "once",
        "duration_in_months": 0, "max_redemptions": 1, "times_redeemed": 0})
    acme = api.company("acme")
    profile = api.get("/billing/profiles", company_id=acme["id"])[0]["id"]
    api.put(f"/billing/profiles/{profile}", {"tax_rates": [{"name": "VAT", "percent": "20", "inclusive": False}]})
    asked = preview(api, acme, shop.life, coupon_external_id="TENTH")
    assert (asked["due_now"], asked["promo_code_applied"], asked["percent_off"]) == (54_000, True, 10)
    api.subscribe(acme, shop.life, coupon_external_id="TENTH")
    assert [(line["line_type"], line["amount"]) for line in api.invoices(acme)[0]["lines"]] == [
        ("base", 50_000), ("discount", -5000), ("tax", 10_000), ("tax", -1000)]
    assert api.get("/billing/coupons")[0]["times_redeemed"] == 1
    bob = api.company("bob")
    outcome = api.manage_plan(bob, shop.life, coupon_external_id="TENTH")
    assert [problem["code"] for problem in outcome["problems"]] == ["discount_ineligible"]


def test_a_purchase_that_is_not_paid_leads_to_the_fallback_plan(api, shop):
    api.post("/plan-groups", {
        "fallback_plan_id": shop.free.id, "initial_plan_id": shop.free.id,
        "ordered_plans": [{"plan_id": plan.id} for plan in (shop.free, shop.pro, shop.life)]})
    acme = api.company("acme")
    bought = checkout(api, acme, shop.life)
    assert bought.status_code == 201
    (invoice,) = api.invoices(acme)
    assert (bought.json()["data"]["invoice_id"], bought.json()["data"]["interval"]) == (invoice["id"], "one-time")
    api.post(f"/invoices/{invoice['id']}/mark-uncollectible")
    assert api.get(f"/companies/{acme['id']}")["plan"]["name"] == "Free"
    assert api.check("sso", "acme")["value"] is False


def test_a_new_version_moves_those_who_paid_and_nobody_else(api, shop):
    acme, bob = api.company("acme"), api.company("bob")
    api.subscribe(acme, shop.life)
    api.subscribe(bob, shop.free)

    def published(plan, **prices) -> dict:
        api.put(f"/plans/{plan.id}/billing_products", {
            "charge_type": "one_time", "is_trialable": False, "currency": "usd",
            "billing_strategy": "schematic_managed", **prices})
        version = api.get(f"/plans/{plan.id}")["draft_version"]["id"]
        api.publish(version)
        return version

    newer = published(shop.life, one_time_price=60_000)
    assert api.get(f"/companies/{acme['id']}")["plan"]["plan_version_id"] == newer
    assert len(api.invoices(acme)) == 1
    newer = published(shop.free, one_time_price=100)
    assert api.get(f"/companies/{bob['id']}")["plan"]["plan_version_id"] != newer
    [migration] = api.get("/plan-version-migrations", plan_version_id=newer)
    [row] = api.get("/plan-version-company-migrations", migration_id=migration["id"])
    assert (row["status"], row["error_code"]) == ("failed", "permanent_config")


PROBLEMS = {  # what is asked for: the code
    "another price": (lambda shop: (shop.life, {"base_plan_price_id": "bilpp_11111111111"}), "price_unavailable"),
    "another currency": (lambda shop: (shop.life, {"currency": "eur"}), "currency_mismatch"),
    "a trial": (lambda shop: (shop.life, {"trial_end": BOUNDARY}), "plan_not_trialable"),
    "a billing day": (lambda shop: (shop.life, {"billing_cycle_anchor": BOUNDARY}), "billing_cycle_anchor_without_plan"),
}


def test_what_stands_in_the_way_of_a_purchase(api, shop):
    acme = api.company("acme")
    for name, (ask, code) in PROBLEMS.items():
        plan, fields = ask(shop)
        outcome = api.manage_plan(acme, plan, **fields)
        assert (outcome["success"], [one["code"] for one in outcome["problems"]]) == (False, [code]), name
    assert api.invoices(acme) == [] and api.get(f"/companies/{acme['id']}").get("plan") is None

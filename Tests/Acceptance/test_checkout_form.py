"""What a plan change says beside plans and prices: coupons, payment methods, terms of invoices, checkout fields."""

from types import SimpleNamespace

import pytest

from test_trials import pay_by_card

START, HALF, BOUNDARY = "2026-04-01T00:00:00Z", "2026-04-16T00:00:00Z", "2026-05-01T00:00:00Z"


@pytest.fixture
def shop(api):
    api.clock(START)
    api.post("/billing/settings", {"invoice_grace_seconds": 0})
    free, pro = api.free_plan("Free"), api.plan("Pro", monthly_price=5000)
    lite = api.plan("Lite", monthly_price=2000)
    api.post("/billing/coupons", {
        "external_id": "FIFTH", "name": "A fifth", "amount_off": 0, "percent_off": 20, "duration": "forever",
        "duration_in_months": 0, "max_redemptions": 0, "times_redeemed": 0})
    return SimpleNamespace(free=free, pro=pro, lite=lite)


def group(api, shop, **fields) -> dict:
    body = {"initial_plan_id": shop.free.id, "fallback_plan_id": shop.free.id,
            "ordered_plans": [{"plan_id": plan.id} for plan in (shop.free, shop.lite, shop.pro)], **fields}
    api.post("/plan-groups", body)
    return api.get("/plan-groups")


def checkout(api, company, plan, path="/checkout-internal", **fields):
    return api.send("POST", path, {
        "company_id": company["id"], "new_plan_id": plan.id, "new_price_id": "", "add_on_ids": [],
        "auto_topup_overrides": [], "credit_bundles": [], "custom_field_values": [], "pay_in_advance": [],
        "skip_trial": True, **fields})


def codes(outcome: dict) -> list:
    return [problem["code"] for problem in outcome["problems"]]


@pytest.mark.parametrize("field", ["coupon_external_id", "promo_code", "id"])
def test_a_coupon_is_redeemed_at_a_checkout_as_its_preview_says(api, shop, field):
    acme = api.company("acme")
    named = {"coupon_external_id": api.get("/billing/coupons")[0]["id"]} if field == "id" else {field: "FIFTH"}
    asked = checkout(api, acme, shop.pro, "/checkout-internal/preview", **named).json()["data"]
    assert (asked["due_now"], asked["promo_code_applied"], asked["percent_off"]) == (4000, True, 20)
    finance = asked["finance"]
    assert (finance["discount_amount"], finance["due_now"], finance["percent_off"]) == (1000, 4000, 20)
    assert [(one["coupon_name"], one["percent_off"], one["is_active"]) for one in finance["discounts"]] == [
        ("A fifth", 20, True)]
    assert api.get("/billing/coupons")[0]["times_redeemed"] == 0

    bought = checkout(api, acme, shop.pro, **named).json()["data"]
    assert [one["coupon_external_id"] for one in bought["discounts"]] == ["FIFTH"]
    (invoice,) = api.invoices(acme)
    assert (invoice["id"], invoice["total"]) == (bought["invoice_id"], 4000)
    asked = checkout(api, acme, shop.pro, "/checkout-internal/preview").json()["data"]
    assert (asked["promo_code_applied"], asked["percent_off"]) == (False, 20)
    refused = checkout(api, acme, shop.pro, coupon_external_id="OTHER")
    assert refused.status_code == 400 and "discount_ineligible" in refused.json()["error"]


def test_a_coupon_named_with_a_downgrade_that_waits_is_redeemed_then(api, shop):
    group(api, shop, scheduled_downgrade_behavior="end_of_billing_period")
    acme = api.company("acme")
    checkout(api, acme, shop.pro)
    assert checkout(api, acme, shop.lite, coupon_external_id="FIFTH").status_code == 201
    assert api.get("/billing/coupons")[0]["times_redeemed"] == 0
    api.clock(BOUNDARY)
    assert [one["total"] for one in api.invoices(acme)] == [5000, 1600]
    assert api.get("/billing/coupons")[0]["times_redeemed"] == 1


def test_a_coupon_named_as_a_trial_is_paid_for_counts(api):
    api.clock(START)
    plan = api.plan("Pro", monthly_price=5000, is_trialable=True, trial_days=7)
    api.post("/billing/coupons", {
        "external_id": "FIFTH", "name": "A fifth", "amount_off": 0, "percent_off": 20, "duration": "forever",
        "duration_in_months": 0, "max_redemptions": 0, "times_redeemed": 0})
    acme = api.company("acme")
    assert checkout(api, acme, plan, skip_trial=False).json()["data"]["status"] == "trialing"
    assert checkout(api, acme, plan, coupon_external_id="FIFTH").json()["data"]["status"] == "active"
    assert [one["total"] for one in api.invoices(acme)] == [4000]


def test_a_payment_method_is_chosen_shown_and_taken_back(api, shop):
    acme, bob = api.company("acme"), api.company("bob")
    pay_by_card(api, acme)
    api.post("/billing/payment-methods", {
        "external_id": "pm_2", "customer_external_id": "cus_1", "payment_method_type": "card", "card_last4": "1111"})
    methods = {one["external_id"]: one["id"] for one in api.get("/billing/payment-methods", company_id=acme["id"],
                                                               customer_external_id="cus_1")}
    refused = checkout(api, bob, shop.pro, payment_method_id=methods["pm_2"])
    assert refused.status_code == 400 and "selection_invalid" in refused.json()["error"]
    assert api.invoices(bob) == []

    bought = checkout(api, acme, shop.pro, payment_method_id=methods["pm_2"]).json()["data"]
    assert bought["default_payment_method_id"] == methods["pm_2"]
    company = api.get(f"/companies/{acme['id']}")
    assert company["default_payment_method"]["card_last4"] == "1111"
    assert company["billing_subscription"]["payment_method"]["external_id"] == "pm_2"
    (profile,) = api.get("/billing/profiles", company_id=acme["id"])
    assert profile["payment_method_id"] == methods["pm_2"]

    api.subscribe(acme, shop.pro, payment_method_external_id="pm_1")
    assert api.get(f"/companies/{acme['id']}")["default_payment_method"]["card_last4"] == "4242"
    api.put(f"/billing/profiles/{profile['id']}", {"payment_method_id": "pm_2"})
    assert api.get(f"/companies/{acme['id']}")["default_payment_method"]["card_last4"] == "1111"
    wrong = api.send("PUT", f"/billing/profiles/{profile['id']}", {"payment_method_id": "pm_9"})
    assert wrong.status_code == 400 and "payment_method_id" in wrong.json()["error"]
    api.delete("/billing/payment-methods/pm_2")
    company = api.get(f"/companies/{acme['id']}")
    assert company["default_payment_method"]["card_last4"] == "4242"
    assert company["billing_profile"].get("payment_method_id") is None


def test_invoices_are_sent_on_the_terms_that_a_new_subscription_names(api, shop):
    acme = api.company("acme")
    invoiced = {"collection_method": "send_invoice", "days_until_due": 14}
    assert codes(api.manage_plan(acme, shop.pro, **invoiced)) == ["invoice_email_required"]
    assert codes(api.manage_plan(acme, shop.free, **invoiced, billing_email="pay@acme.example")) == [
        "invoiced_subscription_requires_plan"]
    api.subscribe(acme, shop.pro, **invoiced, billing_email="pay@acme.example")
    (invoice,) = api.invoices(acme)
    assert (invoice["due_at"], invoice["terms"]["days_until_due"]) == ("2026-04-15T00:00:00Z", 14)
    assert api.get(f"/companies/{acme['id']}/billing-details")["email"] == "pay@acme.example"
    assert codes(api.manage_plan(acme, shop.pro, **invoiced)) == ["invoiced_subscription_needs_new_subscription"]
    wrong = api.send("POST", "/manage-plan", {
        "company_id": acme["id"], "base_plan_id": shop.pro.id, "add_on_selections": [], "credit_bundles": [],
        "custom_field_values": [], "pay_in_advance_entitlements": [], "days_until_due": 366})
    assert wrong.status_code == 400 and "days_until_due" in wrong.json()["error"]
    bob = api.company("bob")
    api.subscribe(bob, shop.pro, collection_method="charge_automatically")
    assert api.invoices(bob)[0]["due_at"] == START


def test_checkout_fields_are_asked_for_and_kept_as_traits(api, shop):
    ours = group(api, shop, custom_checkout_fields=[
        {"name": "Purchase order", "required": True, "stripe_metadata_key": "po_number", "helper_text": "as printed"},
        {"name": "Referrer", "required": False, "stripe_metadata_key": "referrer"}])
    po, referrer = ours["custom_checkout_fields"]
    assert (po["trait_hierarchy"], po["position"], referrer["position"]) == (["po_number"], 0, 1)
    acme = api.company("acme")
    refused = checkout(api, acme, shop.pro)
    assert refused.status_code == 400 and "custom_field_required" in refused.json()["error"]
    asked = checkout(api, acme, shop.pro, "/checkout-internal/preview").json()["data"]
    assert [(one["code"], one["field_id"]) for one in asked["problems"]] == [("custom_field_required", po["id"])]
    filled = [{"id": po["id"], "value": "PO-7"}]
    assert checkout(api, acme, shop.pro, custom_field_values=filled).status_code == 201
    data = api.post("/checkout-internal/data", {"company_id": acme["id"]})
    assert [(one["name"], one.get("value")) for one in data["custom_checkout_fields"]] == [
        ("Purchase order", "PO-7"), ("Referrer", None)]
    assert api.get(f"/companies/{acme['id']}")["traits"] == {"po_number": "PO-7"}
    details = api.put(f"/companies/{acme['id']}/billing-details", {"values": [{"id": referrer["id"], "value": "Bob"}]})
    assert [one["value"] for one in details["custom_fields"]] == ["PO-7", "Bob"]

    # What was answered once is not asked for again; Manage Plan asks for nothing, and names no field that is not there.
    assert checkout(api, acme, shop.lite).status_code == 201
    api.subscribe(api.company("bob"), shop.pro)
    gone = {"custom_field_values": [{"id": "chfd_11111111111", "value": "x"}]}
    assert codes(api.manage_plan(acme, shop.pro, **gone)) == ["selection_invalid"]
    api.put(f"/plan-groups/{ours['id']}", {
        "initial_plan_id": shop.free.id, "fallback_plan_id": shop.free.id, "ordered_plans": [],
        "custom_checkout_fields": [{
            "id": po["id"], "name": "Order", "required": False, "stripe_metadata_key": "po_number"}]})
    (kept,) = api.get("/plan-groups")["custom_checkout_fields"]
    assert (kept["id"], kept["name"], kept["created_at"]) == (po["id"], "Order", po["created_at"])


def test_what_this_release_does_not_carry_out_is_still_refused(api, shop):
    acme = api.company("acme")
    for field, value in [("billing_entity_id", "bent_1"), ("activate_on_payment", True), ("paid_outside_stripe", True),
                         ("credit_bundles", [{"bundle_id": "b", "quantity": 1}])]:
        answer = api.send("POST", "/manage-plan", {
            "company_id": acme["id"], "base_plan_id": shop.pro.id, "add_on_selections": [], "credit_bundles": [],
            "custom_field_values": [], "pay_in_advance_entitlements": [], field: value})
        assert answer.status_code == 400 and f"{field} is not part of this release" in answer.json()["error"]
    assert api.invoices(acme) == []

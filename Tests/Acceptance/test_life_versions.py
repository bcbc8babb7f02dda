"""What a version of a plan changes, seen before it is published: the diff, the preview, and what stands in the way."""

from test_life_custom_plans import Deal
from test_life_migrations import HALF, Pro


def test_diff(api):
    pro = Pro(api)
    api.company("a")
    sso = api.feature("sso", feature_type="boolean")
    v2 = pro.draft()
    api.post("/plan-entitlements", {
        "plan_id": pro.plan.id, "feature_id": sso["id"], "value_type": "boolean", "value_bool": True})
    diff = api.get(f"/plans/version/{v2}/diff")
    assert (diff["from"]["id"], diff["to"]["id"], diff["has_billing_changes"]) == (pro.v1, v2, True)
    assert [(row["cadence"], row["old"]["price"], row["new"]["price"]) for row in diff["prices"]] == [
        ("monthly", 4900, 5900)]
    rows = {row["feature_id"]: row for row in diff["entitlements"]}
    calls = rows[pro.calls["id"]]
    assert (calls["change_type"], calls["changed_fields"]) == ("changed", ["value_numeric"])
    assert (calls["old"]["value_numeric"], calls["new"]["value_numeric"]) == (1000, 800)
    added = rows[sso["id"]]
    assert (added["change_type"], added["old"], added["new"]["value_bool"]) == ("added", None, True)
    assert api.get(f"/plans/version/{v2}/diff", against=v2)["entitlements"] == []
    pro.publish(v2, "leave")
    # A published version is compared with the one before it, the first with nothing.
    assert api.get(f"/plans/version/{v2}/diff")["prices"] == diff["prices"]
    first = api.get(f"/plans/version/{pro.v1}/diff")
    assert first["from"] is None and [row["change_type"] for row in first["entitlements"]] == ["added"]
    other = api.plan("Other", monthly_price=1)
    assert api.send("GET", f"/plans/version/{v2}/diff", query={"against": other.version_id}).status_code == 404
    assert api.send("GET", "/plans/version/plvr_zzzzzzzzzzz/diff").status_code == 404


def test_preview_of_a_publication(api):
    pro = Pro(api)
    a, b = pro.company("a"), pro.company("b")
    v2 = pro.draft()
    body = {"excluded_company_ids": [b["id"]], "migration_strategy": "immediate"}
    preview = api.post(f"/plans/version/{v2}/publish-preview", body)
    assert (preview["company_count"], preview["has_billing_changes"], preview["would_fail"]) == (1, True, False)
    assert pro.terms(a) == (pro.v1, 1000, 4900) and pro.migration() is None
    assert api.get(f"/plans/{pro.plan.id}")["draft_version"]["id"] == v2
    answer = api.send("POST", f"/plans/version/{v2}/publish-preview", {**body, "migration_strategy": "soon"})
    assert answer.status_code == 400 and "migration_strategy" in answer.json()["error"]


def test_preview_of_a_deal_and_of_its_next_version(api):
    deal = Deal(api)
    body = {"excluded_company_ids": [], "migration_strategy": "immediate"}
    preview = api.post(f"/plans/version/{deal.version['id']}/publish-preview", {
        **body, "activation_strategy": "on_payment", "days_until_due": 15})
    assert (preview["immediate_invoice_amount"], preview["new_recurring_amount"]) == (505_000, 505_000)
    assert (preview["default_days_until_due"], preview["effective_at"]) == (15, None)
    assert [row["committed_quantity"] for row in preview["pay_in_advance"]] == [1]
    assert api.get("/custom-plan-billings") == [] and api.invoices() == []
    deal.publish("on_publish")
    api.put(f"/plan-bundles/{deal.plan['id']}", {"plan": {"name": "Acme"}, "entitlements": [], "billing_product": {
        "charge_type": "recurring", "is_trialable": False, "currency": "usd", "yearly_price": 600_000}})
    draft = api.get(f"/plans/{deal.plan['id']}")["draft_version"]["id"]
    api.clock(HALF)
    preview = api.post(f"/plans/version/{draft}/publish-preview", {**body, "proration_behavior": "always_invoice"})
    # 350 of 365 days are left, of the plan and of the seat.
    credit, charge = (round(fee * 350 / 365) + round(5000 * 350 / 365) for fee in (500_000, 600_000))
    assert (preview["proration_credit"], preview["proration_charge"]) == (credit, charge)
    assert (preview["proration_total"], preview["lands_on"]) == (charge - credit, "immediate_invoice")
    api.put(f"/plans/version/{draft}/publish", {**body, "proration_behavior": "always_invoice"})
    assert api.invoices(deal.company)[-1]["total"] == charge - credit


def test_issues(api):
    pro = Pro(api)
    assert api.get("/plans/issues", plan_id=pro.plan.id) == []
    pro.draft(yearly_price=40_000)
    calls = api.feature("more")
    api.post("/plan-entitlements", {
        "plan_id": pro.plan.id, "feature_id": calls["id"], "value_type": "unlimited", "currency": "usd",
        "price_behavior": "pay_as_you_go", "monthly_unit_price": 5, "quarterly_unit_price": 6})
    issues = api.get("/plans/issues", plan_id=pro.plan.id)
    assert [issue["code"] for issue in issues] == ["usage_price_missing_for_interval"]
    assert "more" in issues[0]["description"]
    assert api.send("GET", "/plans/issues").status_code == 400
    assert api.send("GET", "/plans/issues", query={"plan_id": "plan_zzzzzzzzzzz"}).status_code == 404


def test_plans_by_the_roles_that_they_can_have_and_by_use(api):
    calls = api.feature("calls")
    free = api.free_plan("Free")
    zero = api.plan("Zero", monthly_price=0)
    trial = api.plan("Trial", monthly_price=900, is_trialable=True, trial_days=7)
    zero_trial = api.plan("Zero trial", monthly_price=0, is_trialable=True)
    metered = api.plan("Metered", [(calls, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 3})], monthly_price=0)
    paid = api.plan("Paid", monthly_price=900)
    draft = api.plan("Draft", charge_type="free", publish=False)
    api.subscribed("acme", paid)
    names = {plan.id: name for name, plan in {
        "free": free, "zero": zero, "trial": trial, "zero trial": zero_trial, "metered": metered, "paid": paid,
        "draft": draft}.items()}

    def listed(**query) -> set:
        rows = api.get("/plans", **query)
        assert api.get("/plans/count", **query)["count"] == len(rows)
        return {names[row["id"]] for row in rows}

    assert listed(for_initial_plan=True) == {"free", "zero", "trial", "zero trial"}
    assert listed(for_fallback_plan=True) == {"free"}
    assert listed(for_trial_expiry_plan=True) == {"free", "zero"}
    assert listed(exclude_unused=True) == {"paid"}
    assert listed(has_product_id=True) == set() and len(listed(has_product_id=False)) == 7
    assert len(listed(without_paid_product_id=True)) == 7
    assert listed(without_entitlement_for=calls["id"]) == set(names.values()) - {"metered"}
    api.post("/plan-entitlements", {
        "plan_id": paid.id, "feature_id": calls["id"], "value_type": "numeric", "value_numeric": 5})
    assert "paid" in listed(without_entitlement_for=calls["id"])
    assert "paid" not in listed(without_entitlement_for_include_drafts=calls["id"])

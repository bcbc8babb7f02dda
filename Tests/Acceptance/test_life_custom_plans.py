"""Plans made in one call, plans for one company, and the deals by which companies come to these."""

import pytest

from api import instant, lines

START = "2026-04-01T00:00:00Z"
LATER = "2026-04-11T00:00:00Z"
TERMS_END = "2026-05-01T00:00:00Z"


def create(feature: dict, **fields) -> dict:
    return {"action": "create", "req": {"feature_id": feature["id"], "plan_id": "", **fields}}


def bundle(name: str, entitlements, **billing) -> dict:
    return {"plan": {"name": name, "plan_type": "plan"}, "entitlements": list(entitlements), "credit_grants": [],
            "billing_product": {"charge_type": "recurring", "is_trialable": False, "currency": "usd", **billing}}


NUMERIC = {"value_type": "numeric", "metric_period": "current_month"}


def test_a_plan_in_one_call_and_its_edit(api):
    calls, sso, seats = api.feature("calls"), api.feature("sso", feature_type="boolean"), api.seats()
    made = api.post("/plan-bundles", bundle("Pro", [
        create(calls, **NUMERIC, value_numeric=50), create(sso, value_type="boolean", value_bool=True),
    ], monthly_price=4900))
    plan = api.get(f"/plans/{made['plan']['id']}")
    assert made["plan_version"]["status"] == "draft" and plan["draft_version"]["id"] == made["plan_version"]["id"]
    assert plan["monthly_price"]["price"] == 4900
    assert made["billing_product"]["monthly_price_id"] == plan["monthly_price"]["id"]
    first, second = made["entitlements"]
    assert (first["value_numeric"], second["value_bool"]) == (50, True)
    changed = api.put(f"/plan-bundles/{plan['id']}", {
        "plan": {"name": "Professional"}, "credit_grants": [],
        "entitlements": [
            {"action": "update", "entitlement_id": first["id"],
             "req": {"feature_id": calls["id"], "plan_id": plan["id"], **NUMERIC, "value_numeric": 70}},
            {"action": "delete", "entitlement_id": second["id"]},
            create(seats, value_type="numeric", value_numeric=3)]})
    assert changed["plan"]["name"] == "Professional"
    rows = api.get("/plan-entitlements", plan_id=plan["id"])
    assert {row["feature"]["name"]: row["value_numeric"] for row in rows} == {"calls": 70, "seats": 3}
    assert api.get(f"/plans/{plan['id']}")["monthly_price"]["price"] == 4900


def test_all_or_nothing(api):
    calls, sso = api.feature("calls"), api.feature("sso", feature_type="boolean")
    good = create(calls, **NUMERIC, value_numeric=50)
    unknown = {"id": "feat_zzzzzzzzzzz"}
    for entitlements, billing, extra, status, named in [
        ([good, create(unknown, **NUMERIC, value_numeric=1)], {}, {}, 404, "entitlements[1]"),
        ([good, good], {}, {}, 422, "entitlements[1]"),
        ([good, create(sso, **NUMERIC, value_numeric=1)], {}, {}, 400, "entitlements[1]"),
        ([good], {"monthly_price": -1}, {}, 400, "billing_product"),
        ([good, {"action": "delete", "entitlement_id": "pltl_1"}], {}, {}, 400, "action"),
        ([good, {"action": "create"}], {}, {}, 400, "req"),
        ([good] * 101, {}, {}, 400, "entitlements"),
        ([good], {}, {"credit_grants": [{"action": "create"}]}, 400, "credit_grants"),
        ([good], {}, {"renewal_policy": "hold_with_grace"}, 400, "renewal_policy"),
        ([good], {}, {"plan": {"name": "", "plan_type": "plan"}}, 400, "name"),
        ([good], {}, {"plan": None}, 400, "plan"),
    ]:
        body = {**bundle("Pro", entitlements, **{"monthly_price": 100, **billing}), **extra}
        answer = api.send("POST", "/plan-bundles", body)
        assert answer.status_code == status and named in answer.json()["error"], (entitlements, answer.text)
    assert api.get("/plans") == [] and api.get("/plan-entitlements") == []
    made = api.post("/plan-bundles", bundle("Pro", [good], monthly_price=100))
    answer = api.send("PUT", f"/plan-bundles/{made['plan']['id']}", {"plan": {"name": "Other"}, "entitlements": [
        {"action": "update", "entitlement_id": made["entitlements"][0]["id"], "req": {**good["req"], "value_numeric": 9}},
        {"action": "delete", "entitlement_id": "pltl_zzzzzzzzzzz"}]})
    assert answer.status_code == 404
    assert api.get(f"/plans/{made['plan']['id']}")["name"] == "Pro"
    assert api.get("/plan-entitlements")[0]["value_numeric"] == 50


class Deal:
    """A company on a free plan, and a custom plan for it that is not published: $5,000 a year and a seat for $50."""

    def __init__(self, api):
        self.api = api
        api.clock(START)
        self.seats, self.sso = api.seats(), api.feature("sso", feature_type="boolean")
        self.free = api.free_plan("Free", (self.seats, {"value_type": "numeric", "value_numeric": 1}))
        api.post("/plan-groups", {**GROUP, "initial_plan_id": self.free.id, "fallback_plan_id": self.free.id,
                                  "ordered_plans": [{"plan_id": self.free.id}]})
        self.company = api.company("acme")
        made = api.post("/custom-plan-bundles", {
            "plan": {"name": "Acme", "company_id": self.company["id"]}, "credit_grants": [],
            "billing_product": {
                "charge_type": "recurring", "is_trialable": False, "currency": "usd", "yearly_price": 500_000},
            "entitlements": [
                create(self.sso, value_type="boolean", value_bool=True),
                create(self.seats, value_type="trait", value_trait_id=self.seats["trait_id"] or "",
                       price_behavior="pay_in_advance", yearly_unit_price=5000, currency="usd", usage_quantity=1)]})
        self.plan, self.version = made["plan"], made["plan_version"]

    def publish(self, strategy: str, **fields) -> dict:
        self.api.put(f"/plans/version/{self.version['id']}/publish", {
            "excluded_company_ids": [], "migration_strategy": "immediate", "activation_strategy": strategy,
            "customer_email": "cfo@acme.example", "days_until_due": 30, "send_invoice": True, **fields})
        return self.billing()

    def billing(self) -> dict:
        rows = self.api.get("/custom-plan-billings", company_id=self.company["id"])
        assert len(rows) == 1
        return rows[0]

    def has_it(self) -> bool:
        shown = self.api.get(f"/companies/{self.company['id']}")
        assert (shown["plan"]["id"] == self.plan["id"]) == self.api.check("sso", "acme")["value"]
        assert [row["id"] for row in shown["custom_plan_billings"]] == [self.billing()["id"]]
        return shown["plan"]["id"] == self.plan["id"]


GROUP = dict(
    add_on_ids=[], ordered_add_ons=[], ordered_bundle_list=[], checkout_collect_address=False,
    checkout_collect_email=False, checkout_collect_phone=False, checkout_collect_tax_id=False,
    enable_tax_collection=False, prevent_downgrades_when_over_limit=True, prevent_self_service_downgrade=False,
    proration_behavior="create_prorations", show_as_monthly_prices=False, show_credits=False,
    show_period_toggle=False, show_zero_price_as_free=False, sync_customer_billing_details=False)


@pytest.mark.parametrize("way", ["mark-paid", "the invoice's own"])
def test_a_deal_begins_with_its_payment(api, way):
    deal = Deal(api)
    billing = deal.publish("on_payment")
    assert (billing["status"], billing["days_until_due"], billing["activation_strategy"]) == (
        "pending", 30, "on_payment")
    bill = api.invoice(billing["external_invoice_id"])
    assert (bill["status"], bill["total"], instant(bill["due_at"])) == ("open", 505_000, instant(TERMS_END))
    assert {line["line_type"]: line["amount"] for line in lines(bill)} == {"base": 500_000, "seat": 5000}
    assert not deal.has_it()
    api.clock(LATER)
    if way == "mark-paid":
        paid = api.put(f"/custom-plan-billings/{billing['id']}/mark-paid")
        # The SDK sends a text, which says nothing.
        assert api.put(f"/custom-plan-billings/{billing['id']}/mark-paid", "wire") == paid
    else:
        api.post(f"/invoices/{bill['id']}/mark-paid", {"idempotency_key": "wire"})
        paid = deal.billing()
    assert paid["status"] == "paid" and instant(paid["paid_at"]) == instant(LATER)
    assert deal.has_it() and api.invoice(bill["id"])["status"] == "paid"
    subscription = api.subscription(deal.company)
    assert instant(subscription["period_start"]) == instant(LATER)
    assert instant(subscription["period_end"]) == instant("2027-04-11T00:00:00Z")
    assert len(api.invoices(deal.company)) == 1
    # Nothing lapses any more, and the next year is billed in its turn.
    api.clock("2027-04-11T02:00:00Z")
    assert deal.has_it() and deal.billing()["status"] == "paid"
    assert api.invoices(deal.company)[-1]["total"] == 505_000


def test_a_deal_that_nobody_pays_lapses_and_is_tried_again(api, server):
    deal = Deal(api)
    billing = deal.publish("on_payment")
    server.kill()
    api = deal.api = server.start().api
    api.clock(TERMS_END)
    assert deal.billing()["status"] == "expired" and not deal.has_it()
    assert api.invoice(billing["external_invoice_id"])["status"] == "void"
    assert api.send("PUT", f"/custom-plan-billings/{billing['id']}/mark-paid").status_code == 422
    again = api.put(f"/custom-plan-billings/{billing['id']}/retry", {
        "customer_email": "cfo@acme.example", "days_until_due": 10})
    assert again["status"] == "pending" and again["external_invoice_id"] != billing["external_invoice_id"]
    api.put(f"/custom-plan-billings/{billing['id']}/mark-paid")
    assert deal.has_it()
    assert api.send("PUT", f"/custom-plan-billings/{billing['id']}/retry", {
        "customer_email": "cfo@acme.example"}).status_code == 422


@pytest.mark.parametrize("payer", ["cash", "balance"])
def test_what_was_paid_of_a_deal_that_lapses_is_the_companys_again(api, payer):
    deal = Deal(api)
    if payer == "balance":
        small = api.plan("Small", monthly_price=5000)
        api.subscribe(deal.company, small)
        first = api.invoices(deal.company)[0]
        api.post(f"/invoices/{first['id']}/mark-paid", {"idempotency_key": "first"})
        api.post(f"/invoices/{first['id']}/credit-notes", {
            "lines": [{"line_id": first["lines"][0]["id"], "amount": 5000}]})
    billing = deal.publish("on_payment")
    if payer == "cash":
        api.post(f"/invoices/{billing['external_invoice_id']}/mark-paid", {"idempotency_key": "part", "amount": 5000})
    api.clock(TERMS_END)
    assert deal.billing()["status"] == "expired" and not deal.has_it()
    bill = api.invoice(billing["external_invoice_id"])
    assert bill["status"] == ("paid" if payer == "cash" else "void") and bill["amount_remaining"] == 0
    assert api.get(f"/companies/{deal.company['id']}/customer-balance")["balance"] == 5000
    again = api.put(f"/custom-plan-billings/{billing['id']}/retry", {"customer_email": "cfo@acme.example"})
    second = api.invoice(again["external_invoice_id"])
    assert second["total"] == 505_000 and second["amount_paid"] == 5000
    api.put(f"/custom-plan-billings/{billing['id']}/mark-paid")
    assert deal.has_it()


@pytest.mark.parametrize("taken_back, credit", [(0, 252_500), (101_000, 202_000), (505_000, 0)])
def test_of_a_deal_that_is_left_no_more_is_credited_than_was_charged(api, taken_back, credit):
    deal = Deal(api)
    bill = api.invoice(deal.publish("on_payment")["external_invoice_id"])
    api.clock(LATER)
    api.put(f"/custom-plan-billings/{deal.billing()['id']}/mark-paid")
    if taken_back:
        api.post(f"/invoices/{bill['id']}/credit-notes", {"lines": [
            {"line_id": line["id"], "amount": line["amount"] * taken_back // 505_000} for line in bill["lines"]]})
    api.clock("2026-10-10T12:00:00Z")
    api.post("/manage-plan/subscription/cancel", {
        "company_id": deal.company["id"], "cancel_immediately": True, "prorate": True})
    assert api.get(f"/companies/{deal.company['id']}/customer-balance")["balance"] == taken_back + credit


def test_a_deal_that_begins_at_once(api):
    deal = Deal(api)
    billing = deal.publish("on_publish")
    assert billing["status"] == "active" and deal.has_it()
    assert api.invoice(billing["external_invoice_id"])["total"] == 505_000
    api.clock("2026-04-30T23:59:59Z")
    assert deal.has_it()
    api.clock(TERMS_END)
    assert not deal.has_it() and deal.billing()["status"] == "expired"
    assert api.get(f"/companies/{deal.company['id']}")["plan"]["id"] == deal.free.id


def test_a_deal_that_begins_at_once_and_is_paid(api):
    deal = Deal(api)
    billing = deal.publish("on_publish")
    assert api.put(f"/custom-plan-billings/{billing['id']}/mark-paid")["status"] == "paid"
    api.clock("2026-06-01T00:00:00Z")
    assert deal.has_it()
    # A new version comes as of other plans.
    api.put(f"/plan-bundles/{deal.plan['id']}", {"plan": {"name": "Acme"}, "entitlements": [], "billing_product": {
        "charge_type": "recurring", "is_trialable": False, "currency": "usd", "yearly_price": 600_000}})
    draft = api.get(f"/plans/{deal.plan['id']}")["draft_version"]["id"]
    api.put(f"/plans/version/{draft}/publish", {"excluded_company_ids": [], "migration_strategy": "immediate"})
    assert api.get(f"/companies/{deal.company['id']}")["plan"]["plan_version_id"] == draft
    assert deal.billing()["status"] == "paid"


@pytest.mark.parametrize("strategy", ["on_payment", "on_publish"])
def test_a_deal_outlives_its_company(api, strategy):
    deal = Deal(api)
    billing = deal.publish(strategy)
    api.send("DELETE", f"/companies/{deal.company['id']}", query={"cancel_subscription": "true"})
    assert api.send("GET", f"/companies/{deal.company['id']}").status_code == 404
    if strategy == "on_payment":
        assert api.put(f"/custom-plan-billings/{billing['id']}/mark-paid")["status"] == "paid"
    api.clock("2026-05-02T00:00:00Z")
    assert api.get("/custom-plan-billings")[0]["status"] == ("paid" if strategy == "on_payment" else "expired")
    assert api.post("/billing/close")["closed"] == 0


def test_custom_plans_are_for_one_company(api):
    deal = Deal(api)
    deal.publish("on_publish")
    other = api.company("other")
    outcome = api.manage_plan(other, type("Plan", (), {"id": deal.plan["id"]}))
    assert not outcome["success"] and outcome["problems"][0]["code"] == "plan_unavailable"
    assert api.send("POST", "/companies", {
        "keys": {"id": "third"}, "base_plan_id": deal.plan["id"]}).status_code == 400
    assert [plan["name"] for plan in api.get("/plans", company_scoped_only="true")] == ["Acme"]
    assert [plan["name"] for plan in api.get("/plans", exclude_company_scoped="true")] == ["Free"]
    assert api.get("/plans", company_id=other["id"]) == []
    group = api.get("/plan-groups")
    answer = api.send("PUT", f"/plan-groups/{group['id']}", {
        **GROUP, "ordered_plans": [{"plan_id": deal.plan["id"]}]})
    assert answer.status_code == 400 and "custom plan" in answer.json()["error"]


def test_copies(api):
    calls = api.feature("calls")
    pro = api.plan("Pro", [(calls, {**NUMERIC, "value_numeric": 50})], monthly_price=4900, yearly_price=49_000)
    acme, other = api.company("acme"), api.company("other")
    prices = api.get(f"/plans/{pro.id}")
    copy = api.post("/custom-plans", {
        "company_id": acme["id"], "name": "Copy", "copied_from_plan_id": pro.id,
        "copied_price_id": prices["yearly_price"]["id"]})
    assert (copy["company_id"], copy["copied_from_plan_id"]) == (acme["id"], pro.id)
    assert copy["yearly_price"]["price"] == 49_000 and copy["monthly_price"] is None
    assert [row["value_numeric"] for row in copy["entitlements"]] == [50]
    for fields, status, named in [
        ({"copied_from_plan_id": copy["id"], "company_id": other["id"]}, 400, "copied_from_plan_id"),
        ({"copied_from_plan_id": "plan_zzzzzzzzzzz"}, 404, "copied_from_plan_id"),
        ({"copied_from_plan_id": pro.id, "copied_price_id": "bilpp_zzzzzzzzzzz"}, 400, "copied_price_id"),
        ({"copied_price_id": "bilpp_zzzzzzzzzzz"}, 400, "copied_price_id"),
        ({"company_id": "comp_zzzzzzzzzzz"}, 404, "company_id"),
        ({"company_id": None}, 400, "company_id"),
    ]:
        answer = api.send("POST", "/custom-plans", {"company_id": acme["id"], "name": "Bad", **fields})
        assert answer.status_code == status and named in answer.json()["error"], (fields, answer.text)
    assert len(api.get("/plans")) == 2


def test_bad_deals_change_nothing(api):
    deal = Deal(api)
    for fields, named in [
        ({"days_until_due": -1}, "days_until_due"), ({"activation_strategy": "soon"}, "activation_strategy"),
        ({"send_invoice": False}, "send_invoice"), ({"end_date": "2027-01-01T00:00:00Z"}, "end_date"),
    ]:
        answer = api.send("PUT", f"/plans/version/{deal.version['id']}/publish", {
            "excluded_company_ids": [], "migration_strategy": "immediate", "activation_strategy": "on_payment", **fields})
        assert answer.status_code == 400 and named in answer.json()["error"], answer.text
    pro = api.plan("Pro", publish=False, monthly_price=100)
    answer = api.send("PUT", f"/plans/version/{pro.version_id}/publish", {
        "excluded_company_ids": [], "migration_strategy": "immediate", "activation_strategy": "on_payment"})
    assert answer.status_code == 400 and "activation_strategy" in answer.json()["error"]
    assert api.get("/custom-plan-billings") == [] and api.invoices() == []

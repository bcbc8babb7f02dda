"""A program plays a billing provider: it says what it sells to whom, and companies come to the plans they pay for."""

import pytest

from api import event
from catalog import client

MONTH = 30 * 86_400
START = 1_767_225_600  # 2026-01-01
GRANTING = ["trialing", "active", "past_due"]
REVOKING = ["incomplete", "incomplete_expired", "canceled", "unpaid", "paused", "expired"]


class Provider:
    """Stripe, as far as Tollgate hears of it."""

    def __init__(self, api):
        self.api = api
        self.calls = api.feature("calls")
        self.sso = api.feature("sso", feature_type="boolean")
        per_month = {"value_type": "numeric", "metric_period": "current_month"}
        self.free = api.free_plan("Free", (self.calls, {**per_month, "value_numeric": 10}))
        self.pro = self.sold("Pro", "prod_pro", (
            (self.calls, {**per_month, "value_numeric": 100}),
            (self.sso, {"value_type": "boolean", "value_bool": True})))
        self.team = self.sold("Team", "prod_team", ((self.calls, {"value_type": "unlimited"}),))
        api.post("/plan-groups", {
            "initial_plan_id": self.free.id, "fallback_plan_id": self.free.id, "add_on_ids": [], "ordered_add_ons": [],
            "ordered_plans": [], "ordered_bundle_list": []})

    def product(self, id: str, **fields) -> dict:
        return self.api.post("/billing/product/upsert", {"external_id": id, "name": id, "price": 49.0, **fields})

    def sold(self, name: str, product: str, entitlements):
        """A published plan that a product of the provider's is linked to."""
        id = self.product(product)["product_id"]
        return self.api.plan(name, entitlements, charge_type="free", billing_product_id=id)

    def customer(self, id: str, company: dict | None = None, **fields) -> dict:
        named = {} if company is None else {"company_id": company["id"]}
        return self.api.post("/billing/customer/upsert", {
            "external_id": id, "name": id, "email": f"{id}@example.com", "meta": {}, **named, **fields})

    def body(self, status: str, id: str = "sub_1", customer: str = "cus_1", product: str = "prod_pro", period: int = 0,
             **fields) -> dict:
        start = START + period * MONTH
        return {
            "subscription_external_id": id, "customer_external_id": customer, "status": status, "currency": "usd",
            "cancel_at_period_end": False, "discounts": [], "expired_at": "2030-01-01T00:00:00Z", "interval": "month",
            "period_start": start, "period_end": start + MONTH, "total_price": 4900,
            "product_external_ids": [{
                "product_external_id": product, "price_external_id": f"{product}_monthly", "price": 4900,
                "currency": "usd", "interval": "month", "quantity": 1, "usage_type": "licensed"}], **fields}

    def says(self, status: str, *arguments, **fields) -> dict:
        return self.api.post("/billing/subscription/upsert", self.body(status, *arguments, **fields))

    def plan_of(self, company: dict) -> str | None:
        plan = self.api.get(f"/companies/{company['id']}")["plan"]
        return plan and plan["name"]


@pytest.fixture
def provider(api) -> Provider:
    api.clock("2026-01-10T00:00:00Z")
    return Provider(api)


@pytest.fixture
def acme(provider) -> dict:
    company = provider.api.company("acme")
    provider.customer("cus_1", company)
    return company


def test_uc14_a1_the_subscriptions_status_decides_the_plan_and_usage_stays(provider, acme, server):
    provider.api.track(event("calls", "acme", 7))
    assert provider.plan_of(acme) == "Free"
    for status, plan in [("active", "Pro"), ("past_due", "Pro"), ("unpaid", "Free"), ("active", "Pro"),
                         ("paused", "Free"), ("trialing", "Pro")]:
        provider.says(status)
        assert provider.plan_of(acme) == plan, status
        assert provider.api.check("sso", "acme")["value"] is (plan == "Pro")
        row = provider.api.usage_row("acme", "calls")
        assert (row["usage"], row["allocation"]) == (7, 100 if plan == "Pro" else 10)
    server.kill()
    server.start()
    assert Provider.plan_of(server, acme) == "Pro"


@pytest.mark.parametrize("status", GRANTING + REVOKING)
def test_pc_05_each_status_grants_or_revokes(provider, acme, status):
    provider.says("active")
    assert provider.plan_of(acme) == "Pro"
    provider.says(status)
    assert provider.plan_of(acme) == ("Pro" if status in GRANTING else "Free")
    shown = provider.api.get(f"/companies/{acme['id']}")
    assert [row["status"] for row in shown["billing_subscriptions"]] == [status]
    assert shown["billing_subscriptions"][0]["provider_type"] == "stripe"


@pytest.mark.parametrize("status", GRANTING + REVOKING)
def test_a_first_word_of_the_provider(provider, acme, status):
    provider.says(status)
    assert provider.plan_of(acme) == ("Pro" if status in GRANTING else "Free")


def test_older_news_never_undo_newer_ones(provider, acme):
    provider.says("active", period=2)
    provider.says("unpaid", period=1)
    assert provider.plan_of(acme) == "Pro"
    provider.says("unpaid", period=2)
    assert provider.plan_of(acme) == "Free"
    provider.says("canceled", period=2)
    provider.says("active", period=2)
    assert provider.plan_of(acme) == "Free"


def test_the_providers_own_time_goes_before_all(provider, acme):
    provider.says("active", metadata={"event_created": 2000})
    provider.says("canceled", metadata={"event_created": 1000}, period=5)
    assert provider.plan_of(acme) == "Pro"
    provider.says("canceled", metadata={"event_created": "2026-01-01T00:00:00Z"})
    assert provider.plan_of(acme) == "Free"


def test_the_same_news_twice_are_once(provider, acme):
    first = provider.says("active")
    second = provider.says("active")
    assert first == second
    detail = provider.api.get(f"/companies/{acme['id']}")
    assert len(detail["billing_subscriptions"]) == 1
    assert len(provider.api.get("/billing/customers")) == 1
    assert provider.api.get("/billing/customers")[0]["subscriptions"][0]["total_price"] == 4900


def test_another_product_is_another_plan_and_the_newest_subscription_counts(provider, acme):
    provider.says("active")
    provider.says("active", product="prod_team")
    assert provider.plan_of(acme) == "Team"
    provider.says("active", id="sub_2", period=1)
    assert provider.plan_of(acme) == "Pro"
    provider.says("canceled", id="sub_2", period=1)
    assert provider.plan_of(acme) == "Team"


def test_a_link_brings_those_who_pay_already(provider, api):
    product = provider.product("prod_gold")
    acme = api.company("acme", keys={"id": "acme", "stripe_customer_id": "cus_1"})
    assert provider.customer("cus_1")["company_id"] == acme["id"]
    provider.says("active", product="prod_gold")
    assert provider.plan_of(acme) == "Free"
    gold = api.free_plan("Gold")
    link = {"charge_type": "free", "is_trialable": False, "billing_product_id": product["product_id"]}
    assert api.put(f"/plans/{gold.id}/billing_products", link)["billing_product_id"] == product["product_id"]
    assert provider.plan_of(acme) == "Gold"
    other = api.send("PUT", f"/plans/{provider.free.id}/billing_products", link)
    assert other.status_code == 422 and "Gold" in other.json()["error"]
    assert api.send("DELETE", "/billing/product/prod_gold").status_code == 422
    api.put(f"/plans/{gold.id}/billing_products", {**link, "billing_product_id": ""})
    assert provider.plan_of(acme) == "Free"
    api.delete("/billing/product/prod_gold")


def test_a_company_that_tollgate_bills_is_not_sold_a_plan_too(provider, acme):
    own = provider.api.plan("Own", monthly_price=1000)
    provider.api.subscribe(acme, own)
    answer = provider.api.send("POST", "/billing/subscription/upsert", provider.body("active"))
    assert answer.status_code == 422 and "cancel one" in answer.json()["error"]
    assert provider.plan_of(acme) == "Own"
    provider.says("canceled", id="sub_old")
    assert provider.plan_of(acme) == "Own"


def test_a_plan_that_the_provider_sells_is_changed_there(provider, acme):
    provider.says("active")
    answer = provider.api.send("POST", "/manage-plan", {
        "company_id": acme["id"], "base_plan_id": provider.team.id, "add_on_selections": [], "credit_bundles": [],
        "pay_in_advance_entitlements": [], "custom_field_values": []})
    assert answer.status_code == 422 and "sub_1" in answer.json()["error"]
    assert provider.plan_of(acme) == "Pro"


def test_overrides_and_flag_rules_see_what_is_sold(provider, acme):
    api = provider.api
    override = api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": provider.calls["id"], "value_type": "numeric", "value_numeric": 500})
    flag = api.post("/flags", {
        "key": "beta", "name": "beta", "description": "", "flag_type": "boolean", "default_value": False})
    product = api.get("/billing/products", name="prod_pro")[0]["product_id"]
    api.put(f"/flags/{flag['id']}/rules", {"rules": [{
        "name": "payers", "rule_type": "standard", "priority": 1, "value": True, "condition_groups": [],
        "conditions": [{"condition_type": "billing_product", "operator": "eq", "resource_ids": [product]}]}]})
    assert api.check("beta", "acme")["value"] is False
    provider.says("active")
    assert api.check("beta", "acme")["value"] is True
    provider.says("unpaid")
    assert api.check("beta", "acme")["value"] is False
    assert [row["id"] for row in api.get("/company-overrides", company_id=acme["id"])] == [override["id"]]


def test_add_ons_are_sold_too(provider, acme):
    api = provider.api
    product = provider.product("prod_plus")
    add_on = api.post("/plans", {"name": "Plus", "plan_type": "add_on", "description": "", "icon": "blue"})
    api.put(f"/plans/{add_on['id']}/billing_products", {
        "charge_type": "free", "is_trialable": False, "billing_product_id": product["product_id"]})
    flag = api.feature("plus", feature_type="boolean")
    api.post("/plan-entitlements", {
        "plan_id": add_on["id"], "feature_id": flag["id"], "value_type": "boolean", "value_bool": True})
    api.publish(api.get(f"/plans/{add_on['id']}")["draft_version"]["id"])
    both = provider.body("active")
    both["product_external_ids"].append({**both["product_external_ids"][0], "product_external_id": "prod_plus"})
    api.post("/billing/subscription/upsert", both)
    shown = api.get(f"/companies/{acme['id']}")
    assert (shown["plan"]["name"], [row["name"] for row in shown["add_ons"]]) == ("Pro", ["Plus"])
    assert api.check("plus", "acme")["value"] is True
    provider.says("active", period=1)
    assert api.get(f"/companies/{acme['id']}")["add_ons"] == []
    assert api.check("plus", "acme")["value"] is False
    rows = api.get("/plan-changes", company_id=acme["id"])
    told = [(row["action"], len(row["add_ons_added"]), len(row["add_ons_removed"])) for row in reversed(rows)]
    assert told == [("company_upsert", 0, 0), ("subscription_change", 1, 0), ("subscription_change", 0, 1)]


def test_every_change_is_one_row(provider, acme):
    for status in ("active", "active", "past_due", "unpaid", "unpaid", "active"):
        provider.says(status)
    rows = provider.api.get("/plan-changes", company_id=acme["id"])
    told = [(row["action"], row["base_plan"]["name"], row["subscription_change_action"]) for row in reversed(rows)]
    assert told == [("company_upsert", "Free", None), ("subscription_change", "Pro", None),
                    ("subscription_change", "Free", None), ("subscription_change", "Pro", None)]


def test_customers_move_and_go(provider, acme):
    api = provider.api
    provider.says("active")
    other = api.company("other")
    provider.customer("cus_1", other)
    assert (provider.plan_of(acme), provider.plan_of(other)) == ("Free", "Pro")
    api.delete("/billing/customer/cus_1")
    assert provider.plan_of(other) == "Free"
    assert api.get("/billing/customers/count")["count"] == 0
    assert api.get(f"/companies/{other['id']}")["billing_subscriptions"][0]["status"] == "canceled"


def test_a_deleted_company_is_served_no_more(provider, acme):
    provider.says("active")
    provider.api.delete(f"/companies/{acme['id']}")
    assert provider.says("past_due")["company_id"] is None


def test_invoices_and_payment_methods(provider, acme):
    api = provider.api
    invoice = {
        "external_id": "in_1", "customer_external_id": "cus_1", "subscription_external_id": "sub_1", "currency": "usd",
        "amount_due": 4900, "amount_paid": 0, "amount_remaining": 4900, "subtotal": 4900, "total": 4900,
        "collection_method": "charge_automatically", "status": "open"}
    assert api.post("/billing/invoices", invoice)["company_id"] == acme["id"]
    api.post("/billing/invoices", {**invoice, "status": "paid", "amount_paid": 4900, "amount_remaining": 0})
    api.post("/billing/invoices", invoice)
    rows = api.get("/billing/invoices", customer_external_id="cus_1", subscription_external_id="sub_1")
    assert [(row["external_id"], row["status"], row["amount_paid"]) for row in rows] == [("in_1", "paid", 4900)]
    api.delete("/billing/invoices/in_1")
    assert api.get("/billing/invoices", customer_external_id="cus_1", subscription_external_id="") == []
    card = {"external_id": "pm_1", "customer_external_id": "cus_1", "payment_method_type": "card", "card_last4": "4242",
            "card_exp_month": 12, "card_exp_year": 2031}
    api.post("/billing/payment-methods", card)
    api.post("/billing/payment-methods", card)
    shown = api.get(f"/companies/{acme['id']}")
    assert [row["card_last4"] for row in shown["payment_methods"]] == ["4242"]
    assert shown["default_payment_method"]["external_id"] == "pm_1"
    api.delete("/billing/payment-methods/pm_1")
    assert api.get("/billing/payment-methods", company_id=acme["id"], customer_external_id="") == []


PRICE = {
    "price_external_id": "price_1", "product_external_id": "prod_pro", "external_account_id": "acct_1",
    "currency": "usd", "interval": "month", "is_active": True, "price": 4900, "billing_scheme": "per_unit",
    "usage_type": "licensed", "price_tiers": []}


def test_prices_and_meters(provider):
    api = provider.api
    meter = api.post("/billing/meter/upsert", {
        "external_id": "mtr_1", "display_name": "Calls", "event_name": "calls", "event_payload_key": "value"})
    assert api.get("/billing/meter", display_name="Calls") == [meter]
    api.post("/billing/price/upsert", PRICE)
    tiers = [{"up_to": 10, "flat_amount": 1000, "price_external_id": "price_2"},
             {"per_unit_price": 7, "price_external_id": "price_2"}]
    api.post("/billing/price/upsert", {
        **PRICE, "price_external_id": "price_2", "billing_scheme": "tiered", "tiers_mode": "graduated", "price": 0,
        "price_tiers": tiers, "usage_type": "metered", "meter_id": meter["id"]})
    def found(**query):
        return [row["price_external_id"] for row in api.get("/billing/price", **query)]
    assert found() == ["price_2", "price_1"]
    assert found(usage_type="metered") == found(with_meter=True) == found(price=0) == ["price_2"]
    assert found(q="prod_TEAM") == found(interval="year") == found(is_active=False) == []
    product = api.get("/billing/products", with_prices_only=True)[0]
    assert [row["external_price_id"] for row in product["prices"]] == ["price_2", "price_1"]
    assert api.get("/billing/products/count", without_linked_to_plan=True)["count"] == 0
    gold = api.plan("Gold", charge_type="recurring", monthly_price_id="price_1", publish=False)
    assert api.get(f"/plans/{gold.id}")["monthly_price"]["price"] == 4900
    api.delete("/billing/product/prices/price_1")
    assert found() == ["price_2"]


# What is wrong, and a word of the sentence about it.
BAD = [
    ("/billing/price/upsert", {**PRICE, "price": -1}, 400, "negative"),
    ("/billing/price/upsert", {**PRICE, "currency": "doubloon"}, 400, "currency"),
    ("/billing/price/upsert", {**PRICE, "product_external_id": "prod_no"}, 404, "prod_no"),
    ("/billing/price/upsert", {**PRICE, "billing_scheme": "tiered", "price_tiers": [
        {"up_to": 5, "price_external_id": "p"}, {"up_to": 3, "price_external_id": "p"}]}, 400, "tier 1"),
    ("/billing/customer/upsert", {"external_id": "", "name": "n", "email": "e", "meta": {}}, 400, "external_id"),
    ("/billing/customer/upsert", {"external_id": "x" * 256, "name": "n", "email": "e", "meta": {}}, 400, "256"),
    ("/billing/customer/upsert", {"external_id": "a\0b", "name": "n", "email": "e", "meta": {}}, 400, "NUL"),
    ("/billing/payment-methods", {
        "external_id": "pm", "customer_external_id": "no", "payment_method_type": "card"}, 404, "no"),
]


@pytest.mark.parametrize("path, body, status, word", BAD)
def test_bad_news_are_refused_by_name(provider, path, body, status, word):
    answer = provider.api.send("POST", path, body)
    assert answer.status_code == status and word in answer.json()["error"], answer.text


@pytest.mark.parametrize("fields, status, word", [
    ({"status": "sleeping"}, 400, "status"), ({"period_start": -5}, 400, "period_start"),
    ({"period_end": 10}, 400, "period_end"), ({"customer_external_id": "cus_9"}, 404, "cus_9"),
    ({"company_id": "comp_11111111111"}, 404, "company"), ({"provider_type": "orb"}, 422, "stripe"),
])
def test_a_subscription_that_cannot_be_is_refused_whole(provider, acme, fields, status, word):
    answer = provider.api.send("POST", "/billing/subscription/upsert", {**provider.body("active"), **fields})
    assert answer.status_code == status and word in answer.json()["error"], answer.text
    assert provider.plan_of(acme) == "Free"
    assert provider.api.get("/billing/customers")[0]["subscriptions"] == []


def test_the_sdk_reads_all_of_it(provider, acme, server):
    provider.says("active", metadata={"deep": {"er": [1, "two"]}})
    sdk = client(server.url)
    sold = sdk.billing.list_billing_products(limit=10, offset=0).data
    assert {product.external_id: product.subscription_count for product in sold} == {"prod_pro": 1, "prod_team": 0}
    customer = sdk.billing.list_customers_with_subscriptions(company_ids=[acme["id"]]).data
    assert customer[0].subscriptions[0].interval == "month"
    company = sdk.companies.get_company(acme["id"]).data
    assert company.billing_subscription.status == "active"
    assert company.plan.billing_product_external_id == "prod_pro"
    assert sdk.plans.get_plan(provider.pro.id).data.billing_product.external_id == "prod_pro"
    sdk.shutdown()

"""Plans, features and entitlements that stand for what a billing provider keeps: its products, meters and prices."""

import pytest

from catalog import client
from test_mirror import PRICE, acme, provider  # noqa: F401 (fixtures)

LINK = {"billing_provider": "stripe"}
PLAN = {**LINK, "external_resource_id": "prod_gold", "name": "Gold", "plan_type": "plan"}
FEATURE = {**LINK, "external_resource_id": "mtr_1", "name": "Rows", "description": "", "feature_type": "event"}


@pytest.fixture
def gold(provider):  # noqa: F811
    """A product with a price by the month, a price by the row and one by tiers, and a meter of rows."""
    api = provider.api
    provider.product("prod_gold")
    meter = api.post("/billing/meter/upsert", {
        "external_id": "mtr_1", "display_name": "Rows", "event_name": "row-read", "event_payload_key": "value"})
    own = {**PRICE, "product_external_id": "prod_gold"}
    api.post("/billing/price/upsert", {**own, "price_external_id": "price_seat", "price": 900})
    metered = {**own, "usage_type": "metered", "meter_id": meter["id"]}
    api.post("/billing/price/upsert", {
        **metered, "price_external_id": "price_row", "price": 0, "price_decimal": "0.25"})
    api.post("/billing/price/upsert", {
        **metered, "price_external_id": "price_tier", "billing_scheme": "tiered", "tiers_mode": "volume", "price": 0,
        "price_tiers": [{"up_to": 10, "flat_amount": 1000, "price_external_id": "price_tier"},
                        {"per_unit_price": 7, "price_external_id": "price_tier"}]})
    return provider


def linked(resource: str, by: str = "stripe") -> dict:
    return {"billing_provider": by, "external_resource_id": resource, "originator": by}


def test_a_plan_stands_for_a_product(gold):
    api = gold.api
    plan = api.post("/plans/billing-linked", {**PLAN, "description": "All of it", "external_resource_version": "3"})
    assert plan["billing_linked_resource"] == linked("prod_gold") and plan["controlled_by"] == "stripe"
    assert plan["billing_product"]["external_id"] == "prod_gold" and plan["draft_version"]["version"] == 1
    again = api.post("/plans/billing-linked", {**PLAN, "name": "Golden"})
    assert (again["id"], again["name"], again["description"]) == (plan["id"], "Golden", "All of it")
    assert api.get("/plans/count", ids=[plan["id"]])["count"] == 1
    # A product that a plan is sold as already is that plan's.
    pro = api.post("/plans/billing-linked", {**PLAN, "external_resource_id": "prod_pro", "name": "Pro"})
    assert pro["id"] == gold.pro.id and pro["billing_linked_resource"] == linked("prod_pro")
    assert api.get(f"/plans/{gold.team.id}").get("billing_linked_resource") is None
    answer = api.send("POST", "/plans/billing-linked", {**PLAN, "plan_type": "add_on"})
    assert answer.status_code == 400 and "plan_type" in answer.json()["error"], answer.text


def test_companies_that_are_sold_the_product_come_to_the_linked_plan(gold, acme, server):  # noqa: F811
    api = gold.api
    gold.customer("cus_2", api.company("bolt"))
    plan = api.post("/plans/billing-linked", PLAN)
    gold.says("active", product="prod_gold")
    # There is nothing to give yet.
    assert gold.plan_of(acme) == "Free"
    api.publish(plan["draft_version"]["id"])
    assert gold.plan_of(acme) == "Gold"
    change = api.get("/plan-changes", company_id=acme["id"])[0]
    assert change["action"] == "plan_billing_product_changed"
    gold.says("active", "sub_2", "cus_2", "prod_gold")
    server.kill()
    server.start()
    api = server.api
    rows = api.get("/plans/billing-product-match-companies", plan_id=plan["id"])
    assert [row["plan"]["name"] for row in rows] == ["Gold", "Gold"]
    assert api.get(f"/plans/{plan['id']}")["billing_linked_resource"] == linked("prod_gold")


def test_a_feature_stands_for_a_meter(gold):
    api = gold.api
    flag = {"key": "rows", "name": "rows", "description": "", "flag_type": "boolean", "default_value": False}
    rows = api.post("/features/billing-linked", {**FEATURE, "flag": flag})
    assert rows["event_subtype"] == "row-read" and rows["billing_linked_resource"] == linked("mtr_1")
    again = api.post("/features/billing-linked", {**FEATURE, "name": "Rows read", "event_subtype": "row"})
    assert (again["id"], again["name"], again["event_subtype"]) == (rows["id"], "Rows read", "row")
    # The same word is the product's and no meter's: another feature.
    sso = api.post("/features/billing-linked", {
        **FEATURE, "external_resource_id": "prod_gold", "feature_type": "boolean", "name": "Gold SSO"})
    assert sso["id"] != rows["id"] and sso["billing_linked_resource"] == linked("prod_gold")
    assert {row["id"] for row in api.get("/features", managed_by="stripe")} == {rows["id"], sso["id"]}
    assert {row["id"] for row in api.get("/features", managed_by="schematic")} == {gold.calls["id"], gold.sso["id"]}
    answer = api.send("POST", "/features/billing-linked", {**FEATURE, "feature_type": "boolean"})
    assert answer.status_code == 400 and "feature_type" in answer.json()["error"], answer.text


# The price, what else is said, and what the entitlement is then.
CHARGED = [
    ("price_seat", {}, "pay_in_advance", "900"), ("price_row", {}, "pay_as_you_go", "0.25"),
    ("price_row", {"price_behavior": "overage", "soft_limit": 5}, "overage", "0.25"), ("price_tier", {}, "tier", None),
    ("price_row", {"price_behavior": "pay_as_you_go", "monthly_unit_price": 3}, "pay_as_you_go", "3"),
    ("prod_gold", {}, None, None),
]


@pytest.mark.parametrize("price, fields, behavior, unit", CHARGED)
def test_an_entitlement_costs_what_its_price_says(gold, price, fields, behavior, unit):
    api = gold.api
    plan = api.post("/plans/billing-linked", PLAN)
    seats = api.seats()
    body = {**LINK, "external_resource_id": price, "plan_id": plan["id"], "feature_id": seats["id"],
            "value_type": "unlimited", **fields}
    if price != "price_seat":
        body["feature_id"] = api.post("/features/billing-linked", FEATURE)["id"]
    made = api.post("/plan-entitlements/billing-linked", body)
    assert made.get("price_behavior") == behavior and made["billing_linked_resource"] == linked(price)
    monthly = made.get("metered_monthly_price")
    assert (monthly and monthly.get("price_decimal")) == unit
    if behavior == "tier":
        assert made["tier_mode"] == "volume"
        assert [(tier["up_to"], tier["flat_amount"], tier["per_unit_price"]) for tier in monthly["price_tier"]] == [
            (10, 1000, 0), (None, 0, 7)]
    assert api.post("/plan-entitlements/billing-linked", body)["id"] == made["id"]
    # The next draft has the link, too; a plan of its own that grants the same has not.
    api.publish(plan["draft_version"]["id"])
    next = api.post("/plan-entitlements/billing-linked", {**body, "plan_version_id": plan["draft_version"]["id"]})
    assert next["id"] != made["id"] and next["billing_linked_resource"] == linked(price)
    other = api.plan("Other", charge_type="free", publish=False)
    copies = api.post(
        "/plan-entitlements/duplicate", {"source_plan_id": plan["id"], "target_plan_id": other.id})["data"]
    assert [copy.get("billing_linked_resource") for copy in copies] == [None]


def test_a_new_draft_keeps_the_links(gold):
    api = gold.api
    plan = api.post("/plans/billing-linked", PLAN)
    feature = api.post("/features/billing-linked", FEATURE)
    api.post("/plan-entitlements/billing-linked", {
        **LINK, "external_resource_id": "price_row", "plan_id": plan["id"], "feature_id": feature["id"],
        "value_type": "unlimited"})
    api.publish(plan["draft_version"]["id"])
    api.post("/plan-entitlements", {
        "plan_id": plan["id"], "feature_id": gold.sso["id"], "value_type": "boolean", "value_bool": True})
    draft = api.get(f"/plans/{plan['id']}")["draft_version"]["id"]
    rows = api.get("/plan-entitlements", plan_version_id=draft)
    assert {row["feature_id"]: row.get("billing_linked_resource") for row in rows} == {
        feature["id"]: linked("price_row"), gold.sso["id"]: None}


ENTITLEMENT = {**LINK, "external_resource_id": "price_row", "value_type": "unlimited"}
# Where, what is said, the status and a word of the sentence about it.
REFUSED = [
    ("plans", {**PLAN, "external_resource_id": "prod_no"}, 404, "external_resource_id"),
    ("plans", {**PLAN, "billing_provider": "orb"}, 404, "orb"),
    ("plans", {**PLAN, "billing_provider": "acme"}, 400, "billing_provider"),
    ("plans", {**PLAN, "external_resource_id": "price_row"}, 404, "product"),
    ("plans", {**PLAN, "external_resource_id": None}, 400, "external_resource_id"),
    ("plans", {**PLAN, "name": ""}, 400, "name"),
    ("features", {**FEATURE, "external_resource_id": "mtr_no"}, 404, "external_resource_id"),
    ("features", {**FEATURE, "external_resource_id": "prod_gold"}, 400, "event_subtype"),
    ("features", {**FEATURE, "external_resource_id": "x" * 5000}, 404, "external_resource_id"),
    ("plan-entitlements", {**ENTITLEMENT, "external_resource_id": "price_no"}, 404, "external_resource_id"),
    ("plan-entitlements", {**ENTITLEMENT, "currency": "eur"}, 400, "usd"),
    ("plan-entitlements", {**ENTITLEMENT, "price_behavior": "pay_in_advance"}, 400, "metered"),
    ("plan-entitlements", {**ENTITLEMENT, "price_behavior": "tier"}, 400, "per_unit"),
    ("plan-entitlements", {**ENTITLEMENT, "plan_id": "plan_11111111111"}, 404, "plan"),
    ("plan-entitlements", {**ENTITLEMENT, "plan_version_id": "plvr_11111111111"}, 404, "version"),
]


@pytest.mark.parametrize("path, body, status, word", REFUSED)
def test_what_cannot_be_linked_is_refused_whole(gold, path, body, status, word):
    api = gold.api
    if path == "plan-entitlements":
        body = {"plan_id": gold.team.id, "feature_id": gold.calls["id"], **body}
    before = {name: api.get(f"/{name}/count", include_draft_versions=True) for name in ("plans", "features")}
    answer = api.send("POST", f"/{path}/billing-linked", body)
    assert answer.status_code == status and word in answer.json()["error"], answer.text
    assert before == {name: api.get(f"/{name}/count", include_draft_versions=True) for name in before}
    assert api.get(f"/plans/{gold.team.id}").get("draft_version") is None


def test_companies_that_a_product_matches(gold, acme):  # noqa: F811
    api = gold.api
    gold.customer("cus_2", api.company("bolt"))
    plan = api.post("/plans/billing-linked", PLAN)
    def found(**query):
        rows = api.get("/plans/billing-product-match-companies", plan_id=plan["id"], **query)
        count = api.get("/plans/billing-product-match-companies/count", plan_id=plan["id"], **query)["count"]
        assert query or count == len(rows)
        return [row["name"] for row in rows]
    assert found() == []
    gold.says("active", "sub_1", "cus_1", "prod_gold")
    gold.says("trialing", "sub_2", "cus_2", "prod_gold")
    assert found() == ["bolt", "acme"] and found(q="ACM") == ["acme"] and found(limit=1, offset=1) == ["acme"]
    gold.says("paused", "sub_2", "cus_2", "prod_gold")
    gold.says("active", "sub_1", "cus_1", "prod_pro")
    assert found() == []
    assert api.send("GET", "/plans/billing-product-match-companies").status_code == 400
    answer = api.send("GET", "/plans/billing-product-match-companies?plan_id=plan_11111111111")
    assert answer.status_code == 404


def test_the_sdk_links(gold, server):
    sdk = client(server.url)
    plan = sdk.plans.upsert_plan_for_billing_product(
        billing_provider="stripe", external_resource_id="prod_gold", name="Gold", plan_type="plan").data
    feature = sdk.features.upsert_feature_for_billing_product(
        billing_provider="stripe", external_resource_id="mtr_1", name="Rows", description="",
        feature_type="event").data
    entitlement = sdk.entitlements.upsert_plan_entitlement_for_billing_product(
        billing_provider="stripe", external_resource_id="price_row", plan_id=plan.id, feature_id=feature.id,
        value_type="unlimited").data
    assert [noun.billing_linked_resource.external_resource_id for noun in (plan, feature, entitlement)] == [
        "prod_gold", "mtr_1", "price_row"]
    assert sdk.plans.list_billing_product_match_companies(plan_id=plan.id).data == []
    assert sdk.plans.count_billing_product_match_companies(plan_id=plan.id).data.count == 0

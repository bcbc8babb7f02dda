"""Licences: features that are sold ahead, by quantity. What is bought is the limit; a trait counts what is in use."""

from types import SimpleNamespace

import pytest

from test_change_add_ons import add_on, having

START, HALF, BOUNDARY = "2026-04-01T00:00:00Z", "2026-04-16T00:00:00Z", "2026-05-01T00:00:00Z"


def ahead(price: int, **fields) -> dict:
    return {"value_type": "trait", "price_behavior": "pay_in_advance", "monthly_unit_price": price, **fields}


def amounts(invoice: dict) -> list:
    return [(line["line_type"], line["amount"]) for line in invoice["lines"]]


@pytest.fixture
def shop(api):
    api.clock(START)
    editor = api.feature("editor-seat", feature_type="license", singular_name="editor")
    free = api.free_plan("Free")
    pro = api.plan("Pro", [(editor, ahead(1500))], monthly_price=4900)
    price = pro.entitlements["editor-seat"]["metered_monthly_price"]["id"]
    return SimpleNamespace(editor=editor, free=free, pro=pro, price=price)


def test_a_licence_comes_with_its_feature_and_goes_with_it(api, sdk):
    made = sdk.features.create_feature(name="Editor seat", description="", feature_type="license").data
    viewer = sdk.features.create_feature(name="Viewer seat", description="", feature_type="license").data
    sdk.features.create_feature(name="SSO", description="", feature_type="boolean")

    shown = sdk.licenses.get_single_license(made.license_id).data
    assert (shown.id, shown.name) == (made.license_id, "Editor seat")
    assert [one.name for one in sdk.licenses.list_licenses().data] == ["Viewer seat", "Editor seat"]
    assert [one.id for one in sdk.licenses.list_licenses(feature_ids=[made.id]).data] == [made.license_id]
    assert [one.id for one in sdk.licenses.list_licenses(ids=[viewer.license_id]).data] == [viewer.license_id]
    assert [one.id for one in sdk.licenses.list_licenses(name="Viewer seat").data] == [viewer.license_id]
    assert [one.id for one in sdk.licenses.list_licenses(limit=1, offset=1).data] == [made.license_id]
    assert sdk.licenses.count_licenses().data.count == 2

    traits = {id: api.get(f"/entity-trait-definitions/{id}") for id in (made.trait_id, made.usage_limit_trait_id)}
    assert [one["hierarchy"] for one in traits.values()] == [["editor_seat_used"], ["editor_seat_limit"]]
    assert {(one["trait_type"], one["entity_type"]) for one in traits.values()} == {("number", "company")}
    refused = api.send("DELETE", f"/entity-trait-definitions/{made.usage_limit_trait_id}")
    assert refused.status_code == 422 and "1 features" in refused.json()["error"]

    sdk.features.update_feature(made.id, name="Author seat")
    assert sdk.licenses.get_single_license(made.license_id).data.name == "Author seat"
    sdk.features.delete_feature(made.id)
    assert api.send("GET", f"/licenses/{made.license_id}").status_code == 404
    assert sdk.licenses.count_licenses().data.count == 1
    again = sdk.features.create_feature(name="Editor seat", description="", feature_type="license").data
    assert again.license_id != made.license_id and again.trait_id == made.trait_id


def test_a_licence_is_only_sold_ahead_and_counts_by_numbers(api, shop):
    for value in ({"value_type": "numeric", "value_numeric": 5}, {"value_type": "unlimited"},
                  ahead(100, price_behavior="pay_as_you_go")):
        plan = api.post("/plans", {"name": "Other", "plan_type": "plan", "description": "", "icon": "blue"})
        answer = api.send("POST", "/plan-entitlements", {
            "plan_id": plan["id"], "feature_id": shop.editor["id"], **value})
        assert answer.status_code == 400 and "price_behavior must be pay_in_advance" in answer.json()["error"]
    api.post("/entity-trait-definitions", {
        "entity_type": "company", "hierarchy": ["viewer_used"], "trait_type": "string"})
    before = len(api.all("/features"))
    answer = api.send("POST", "/features", {"name": "Viewer", "description": "", "feature_type": "license"})
    assert answer.status_code == 422 and "viewer_used" in answer.json()["error"]
    assert len(api.all("/features")) == before and api.get("/licenses/count")["count"] == 1


def test_pc_40_licences_are_charged_ahead_limit_use_and_are_prorated(api, shop):
    acme = api.company("acme", traits={"editor_seat_used": 2})
    api.subscribe(acme, shop.pro, {shop.price: 3})
    (invoice,) = api.invoices(acme)
    assert [(line["line_type"], line["quantity"], line["amount"], line["feature_id"]) for line in invoice["lines"]] == [
        ("base", 1, 4900, None), ("seat", 3, 4500, shop.editor["id"])]
    assert api.get(f"/companies/{acme['id']}")["traits"] == {"editor_seat_used": 2, "editor_seat_limit": 3}
    entitlement = api.get(f"/plan-entitlements/{shop.pro.entitlements['editor-seat']['id']}")
    assert (entitlement["value_type"], entitlement["value_trait_id"]) == (
        "trait", shop.editor["usage_limit_trait_id"])

    row = api.usage_row("acme", "editor-seat")
    assert (row["usage"], row["allocation"], row["access"]) == (2, 3, True)
    assert api.check("editor-seat", "acme")["value"] is True
    taken = api.post("/usage/consume", {"company": {"id": "acme"}, "feature": "editor-seat"})
    assert (taken["allowed"], taken["usage"], taken["remaining"]) == (True, 3, 0)
    assert api.check("editor-seat", "acme")["value"] is False
    taken = api.post("/usage/consume", {"company": {"id": "acme"}, "feature": "editor-seat"})
    assert (taken["allowed"], taken["usage"]) == (False, 3)

    api.clock(HALF)
    preview = api.post("/manage-plan/preview", {
        "company_id": acme["id"], "base_plan_id": shop.pro.id, "add_on_selections": [], "credit_bundles": [],
        "custom_field_values": [], "pay_in_advance_entitlements": [{"price_id": shop.price, "quantity": 7}]})
    assert preview["subscription_change_preview"]["proration"] == 3000
    api.subscribe(acme, shop.pro, {shop.price: 7})
    assert api.usage_row("acme", "editor-seat")["allocation"] == 7
    assert api.get(f"/companies/{acme['id']}")["traits"]["editor_seat_limit"] == 7
    api.clock(BOUNDARY)
    assert amounts(api.invoices(acme)[-1]) == [
        ("proration_charge", 3000), ("base", 4900), ("seat", 10_500)]

    api.subscribe(acme, shop.free)
    assert api.get(f"/companies/{acme['id']}")["traits"] == {"editor_seat_used": 3}
    assert api.check("editor-seat", "acme")["value"] is False


def test_licences_of_an_add_on_and_an_override_raise_the_limit(api, shop):
    team = add_on(api, "Team", [(shop.editor, ahead(1000, usage_quantity=10))], monthly_price=500)
    acme = api.company("acme", traits={"editor_seat_used": 1})
    api.subscribe(acme, shop.pro, {shop.price: 3}, **having(team))
    assert api.usage_row("acme", "editor-seat")["allocation"] == 10
    assert api.get(f"/companies/{acme['id']}")["traits"]["editor_seat_limit"] == 10
    api.subscribe(acme, shop.pro, {shop.price: 3})
    assert api.get(f"/companies/{acme['id']}")["traits"]["editor_seat_limit"] == 3
    api.post("/company-overrides", {
        "company_id": acme["id"], "feature_id": shop.editor["id"], "value_type": "numeric", "value_numeric": 20})
    assert api.usage_row("acme", "editor-seat")["allocation"] == 20
    assert api.get(f"/companies/{acme['id']}")["traits"]["editor_seat_limit"] == 3


def test_bought_licences_outlive_a_new_version_of_the_plan(api, shop):
    acme = api.company("acme")
    api.subscribe(acme, shop.pro, {shop.price: 4})
    api.put(f"/plans/{shop.pro.id}/billing_products", {
        "charge_type": "recurring", "is_trialable": False, "currency": "usd", "monthly_price": 5900,
        "billing_strategy": "schematic_managed"})
    api.publish(api.get(f"/plans/{shop.pro.id}")["draft_version"]["id"])
    api.clock(BOUNDARY)
    assert amounts(api.invoices(acme)[-1])[-2:] == [("base", 5900), ("seat", 6000)]
    assert api.usage_row("acme", "editor-seat")["allocation"] == 4
    assert api.get(f"/companies/{acme['id']}")["traits"]["editor_seat_limit"] == 4

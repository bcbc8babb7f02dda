"""Names of keys, plan traits, and what companies pay for, through the SDK."""

import pytest
from schematic.core.api_error import ApiError
from schematic.types.update_plan_trait_trait_request_body import UpdatePlanTraitTraitRequestBody

from catalog import Catalog


def test_names_of_keys_come_and_go_with_the_keys(api, sdk):
    for number in range(3):
        sdk.companies.upsert_company(keys={"id": f"c{number}", "slug": f"s{number}"})
    sdk.companies.upsert_user(keys={"user_id": "u", "id": "u"})
    listed = lambda **query: [
        (d.entity_type, d.key) for d in sdk.companies.list_entity_key_definitions(**query).data]
    everything = [("company", "id"), ("company", "slug"), ("user", "id"), ("user", "user_id")]
    assert listed() == everything
    assert listed(limit=2, offset=1) == everything[1:3]
    assert listed(q="ID") == [everything[0], *everything[2:]]
    assert listed(entity_type="user") == everything[2:]
    assert listed(ids=["user.key.id", "other"]) == [("user", "id")]
    assert sdk.companies.count_entity_key_definitions(entity_type="company").data.count == 2
    count = lambda **query: sdk.companies.count_entity_keys(**query).data.count
    assert count() == 8 and count(entity_type="company") == 6 and count(definition_id="company.key.slug") == 3
    assert count(definition_id="company.key.slug", entity_type="user") == 0 and count(definition_id="x") == 0
    company = sdk.companies.lookup_company(keys={"id": "c0"}).data
    assert {key.definition_id for key in company.keys} == {"company.key.id", "company.key.slug"}
    with pytest.raises(ApiError) as refused:
        sdk.companies.delete_entity_key_definition("company.key.slug")
    assert refused.value.status_code == 422 and "3 keys" in str(refused.value.body)
    for number in range(3):
        sdk.companies.upsert_company(keys={"id": f"c{number}"}, remove_keys=["slug"])
    assert listed(entity_type="company") == everything[:1]
    with pytest.raises(ApiError) as missed:
        sdk.companies.delete_entity_key_definition("company.key.slug")
    assert missed.value.status_code == 404


def test_traits_of_a_plan_are_set_as_a_whole(api, sdk):
    catalog = Catalog(sdk)
    trait = lambda name, kind="string", entity="company": sdk.companies.get_or_create_entity_trait_definition(
        entity_type=entity, hierarchy=["plan", name], trait_type=kind).data.id
    tier, seats = trait("tier"), trait("seats", "number")

    def set_traits(existing, **values):
        return sdk.companies.update_plan_traits_bulk(
            apply_to_existing_companies=existing, plan_id=catalog.lite.id, traits=[
                UpdatePlanTraitTraitRequestBody(trait_id=trait_id, trait_value=value)
                for trait_id, value in ((tier, values.get("tier")), (seats, values.get("seats"))) if value]).data

    acme, other = catalog.company("acme"), catalog.company("other")
    catalog.move(acme, catalog.lite)
    traits = lambda key: (sdk.companies.lookup_company(keys={"id": key}).data.traits or {}).get("plan")
    first = set_traits(False, tier="lite", seats="3")
    assert [(t.trait_id, t.trait_value, t.plan_type) for t in first] == [(tier, "lite", "plan"), (seats, "3", "plan")]
    assert traits("acme") is None
    catalog.move(other, catalog.lite)
    assert traits("other") == {"tier": "lite", "seats": 3}
    again = set_traits(True, tier="small")
    assert [(t.id, t.trait_value) for t in again] == [(first[0].id, "small")]
    assert traits("acme") == {"tier": "small"} and traits("other") == {"tier": "small", "seats": 3}
    assert [t.id for t in sdk.companies.list_plan_traits(plan_id=catalog.lite.id).data] == [first[0].id]
    assert sdk.companies.get_plan_trait(first[0].id).data.trait_value == "small"
    assert sdk.companies.count_plan_traits(trait_ids=[tier, seats]).data.count == 1
    assert sdk.companies.get_entity_trait_definition_usage(tier).data.plan_trait_count == 1
    refused = api.send("DELETE", f"/entity-trait-definitions/{tier}")
    assert refused.status_code == 422 and "1 plan traits" in refused.json()["error"]
    for body, sentence in [
        ([{"trait_id": seats, "trait_value": "many"}], "is a number"),
        ([{"trait_id": trait("x", entity="user"), "trait_value": "y"}], "one of users"),
        ([{"trait_id": tier, "trait_value": "a"}] * 2, "given twice"),
        ([{"trait_id": tier}], "traits[0].trait_value is missing"),
        ([{"trait_id": trait(f"n{n}"), "trait_value": "a"} for n in range(21)], "at most 20 traits"),
    ]:
        answer = api.send("POST", "/plan-traits/bulk", {
            "apply_to_existing_companies": True, "plan_id": catalog.lite.id, "traits": body})
        assert answer.status_code == 400 and sentence in answer.json()["error"], answer.text
    assert sdk.companies.count_plan_traits().data.count == 1


def test_who_pays_what(api, sdk):
    catalog = Catalog(sdk)
    acme, free = catalog.company("acme"), catalog.company("free")
    catalog.move(acme, catalog.team)
    listed = sdk.companies.get_active_company_subscription(company_ids=[acme.id, free.id]).data
    assert [(s.customer_external_id, s.total_price, s.interval, s.is_initial, s.status) for s in listed] == [
        (acme.id, 9900, "month", True, "active")]
    assert sdk.companies.get_active_company_subscription(company_id=free.id).data == []
    entities = sdk.companies.get_company_billing_entity(company_id=acme.id).data
    assert [(e.billing_entity, e.has_own_stripe_customer) for e in entities] == [(None, False)]
    assert sdk.companies.get_billing_entity_child_subscriptions(company_id=acme.id).data == []
    assert api.send("GET", "/company-billing-entity", query={"company_id": "comp_11111111111"}).status_code == 404
    catalog.move(acme, catalog.lite)
    listed = sdk.companies.get_active_company_subscription(company_id=acme.id).data
    assert [(s.total_price, s.is_initial) for s in listed] == [(2900, False)]

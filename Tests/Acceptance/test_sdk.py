"""The official Python SDK, unchanged, against the real server: the use cases, and every typed call of this release."""

import asyncio
import datetime as dt
from types import SimpleNamespace

import pytest
from schematic import EventBodyIdentifyCompany, types
from schematic.client import AsyncSchematic, AsyncSchematicConfig
from schematic.core.api_error import ApiError

from api import lines
from catalog import Catalog, client
from server import SECRET_KEY

EXCEEDED = "plan_entitlement_usage_exceeded"


@pytest.fixture
def catalog(sdk):
    return Catalog(sdk)


# Use cases -----------------------------------------------------------------------------------------------------------

def test_usage_is_there_at_once_and_the_limit_holds_until_an_override_lifts_it(catalog):
    acme = catalog.company("acme")
    for used in range(1, 11):
        assert catalog.check("acme").value is True
        catalog.track("acme", 1)
        assert catalog.check("acme").entitlement.usage == used
    refused = catalog.check("acme")
    assert (refused.value, refused.rule_type) == (False, EXCEEDED)
    assert (refused.feature_usage, refused.feature_allocation) == (10, 10)
    assert (refused.feature_usage_event, refused.feature_usage_period) == ("api-call", "current_month")

    catalog.override(acme, catalog.api, value_type="unlimited")
    assert catalog.check("acme").value is True


def test_uc1_moving_to_a_paid_plan_keeps_the_usage_and_raises_the_limit(catalog):
    acme = catalog.company("acme")
    assert acme.plan.id == catalog.free.id
    catalog.track("acme", 10)
    assert catalog.check("acme").value is False

    catalog.move(acme, catalog.pro)
    now = catalog.check("acme")
    assert (now.value, now.entitlement.usage, now.entitlement.allocation) == (True, 10, 1000)
    assert catalog.check("acme", "sso").value is True
    assert catalog.sdk.companies.get_company(acme.id).data.plan.id == catalog.pro.id


def test_uc10_an_override_adds_what_it_says_and_takes_it_back(catalog, rng):
    for index in range(5):
        limit, more = rng.randint(10, 10_000), rng.randint(1, 10_000)
        key = f"company-{index}"
        company = catalog.company(key)
        catalog.move(company, catalog.plan(
            f"Plan {index}", (catalog.api, {
                "value_type": "numeric", "value_numeric": limit, "metric_period": "current_month"})))
        catalog.track(key, limit)
        assert catalog.check(key).value is False

        override = catalog.override(company, catalog.api, value_type="numeric", value_numeric=limit + more)
        lifted = catalog.check(key)
        assert (lifted.value, lifted.entitlement.allocation - lifted.entitlement.usage) == (True, more)
        row = usage_row(catalog, company, catalog.api)
        assert (row.entitlement_source, row.allocation, row.usage) == ("company_override", limit + more, limit)

        assert catalog.sdk.entitlements.delete_company_override(override.id).data.deleted is True
        assert catalog.check(key).value is False


@pytest.mark.parametrize("used, overuse, allowed", [
    (499, 0, True), (500, 0, True), (600, 100, True), (4999, 4499, True), (5000, 4500, False)])
def test_uc4_overage_has_a_soft_and_a_hard_limit(catalog, server, used, overuse, allowed):
    plan = catalog.plan("Metered", (catalog.api, {
        "value_type": "numeric", "value_numeric": 5000, "price_behavior": "overage", "soft_limit": 500,
        "monthly_unit_price": 1, "currency": "usd", "metric_period": "current_month",
        "metric_period_month_reset": "billing_cycle"}), monthly_price=1000)
    acme = catalog.company("acme")
    catalog.move(acme, plan)
    catalog.track("acme", used)

    assert catalog.check("acme").value is allowed
    row = usage_row(catalog, acme, catalog.api)
    assert (row.usage, row.soft_limit, row.effective_limit, row.overuse or 0) == (used, 500, 500, overuse)
    assert (row.allocation, row.access) == (5000, allowed)
    upcoming = server.api.upcoming(server.api.get(f"/companies/{acme.id}"))
    assert [(line["quantity"], line["amount"]) for line in lines(upcoming, "usage")] == [(used, overuse)]


def test_uc5_usage_is_billed_in_the_period_that_it_falls_in(catalog, server):
    plan = catalog.plan("Pro usage", (catalog.api, {
        "value_type": "unlimited", "price_behavior": "pay_as_you_go", "monthly_unit_price": 25, "currency": "usd",
        "metric_period": "current_month", "metric_period_month_reset": "billing_cycle"}), monthly_price=4900)
    server.api.clock("2026-03-10T09:00:00Z")
    acme = catalog.company("acme")
    catalog.move(acme, plan)
    boundary = dt.datetime(2026, 4, 10, 9, tzinfo=dt.timezone.utc)

    catalog.track("acme", 136)
    server.api.clock("2026-04-10T08:58:00Z")
    catalog.track("acme", 1, sent_at=boundary - dt.timedelta(milliseconds=1), trusted_client_clock=True)
    catalog.track("acme", 1, sent_at=boundary, trusted_client_clock=True)
    server.api.clock("2026-04-10T09:00:00Z")
    catalog.track("acme", 2)
    server.api.clock("2026-05-10T10:00:00Z")

    billed = [
        (line.quantity, line.amount)
        for row in reversed(catalog.sdk.billing.list_billing_invoices(company_id=acme.id).data)
        for line in catalog.sdk.billing.get_billing_invoice(row.id).data.lines if line.line_type == "usage"]
    assert billed == [(137, 137 * 25), (3, 75)]


PC_09 = [  # override, plan's limit, usage, check
    (500, 1000, 499, True), (500, 1000, 500, True), (500, 1000, 999, True), (500, 1000, 1000, False),
    (500, 100, 499, True), (500, 100, 500, False),
    (None, 100, 1_000_000, True),
]


def test_pc09_the_more_generous_of_plan_and_override_applies(catalog):
    found = []
    for index, (override, limit, used, _) in enumerate(PC_09):
        key = f"company-{index}"
        company = catalog.company(key)
        unlimited = override is None
        value = {"value_type": "unlimited"} if unlimited else {"value_type": "numeric", "value_numeric": override}
        kept = catalog.override(company, catalog.api, **value, note="agreed")
        catalog.move(company, catalog.plan(f"{key} plan", (catalog.api, {
            "value_type": "numeric", "value_numeric": limit, "metric_period": "current_month"})))
        catalog.track(key, used)
        answer = catalog.check(key)
        found.append((override, limit, used, answer.value))
        if not unlimited:
            assert answer.entitlement.allocation == max(override, limit)
        rows = catalog.sdk.entitlements.list_company_overrides(company_id=company.id).data
        assert [row.id for row in rows] == [kept.id]
    assert found == PC_09


def test_pc10_a_false_override_takes_away_what_the_plan_grants(catalog):
    acme = catalog.company("acme")
    catalog.move(acme, catalog.team)
    assert catalog.check("acme", "sso").value is True
    catalog.override(acme, catalog.sso, value_type="boolean", value_bool=False)
    assert catalog.check("acme", "sso").value is False


def test_seats_count_by_their_trait(catalog):
    acme = catalog.company("acme", traits={"seats_used": 1})
    assert catalog.check("acme", "seats").value is True
    catalog.sdk.companies.upsert_company_trait(keys={"id": "acme"}, trait="seats_used", incr=1)
    full = catalog.check("acme", "seats")
    assert (full.value, full.entitlement.usage, full.entitlement.allocation) == (False, 2, 2)
    catalog.move(acme, catalog.lite)
    assert catalog.sdk.companies.get_company(acme.id).data.traits["seats_used"] == 2


def test_identify_makes_the_company_the_user_and_the_membership(catalog):
    sdk = catalog.sdk
    sdk.identify(
        keys={"user_id": "wile"}, name="Wile", traits={"staff": False},
        company=EventBodyIdentifyCompany(keys={"id": "acme"}, name="Acme", traits={"seats_used": 2}))
    sdk.event_buffer.flush()

    company = sdk.companies.lookup_company(keys={"id": "acme"}).data
    user = sdk.companies.lookup_user(keys={"user_id": "wile"}).data
    assert (company.name, company.user_count, user.name) == ("Acme", 1, "Wile")
    assert [row.company_id for row in user.company_memberships] == [company.id]
    assert catalog.check("acme", "seats").value is False


def test_the_async_client_does_the_same(catalog, server):
    catalog.company("acme")

    async def spend_the_limit():
        sdk = AsyncSchematic(SECRET_KEY, AsyncSchematicConfig(
            base_url=server.url, event_capture_url=server.url, cache_providers=[], event_buffer_period=1))
        await sdk.track("api-call", company={"id": "acme"}, quantity=9)
        await sdk.event_buffer.flush()
        before = await sdk.check_flag("api", company={"id": "acme"})
        await sdk.track("api-call", company={"id": "acme"})
        await sdk.event_buffer.flush()
        after = await sdk.check_flag_with_entitlement("api", company={"id": "acme"})
        await sdk.shutdown()
        return before, after.value, after.rule_type

    assert asyncio.run(spend_the_limit()) == (True, False, EXCEEDED)


def usage_row(catalog, company, feature):
    rows = catalog.sdk.entitlements.list_feature_usage(company_id=company.id).data
    return next(row for row in rows if row.feature.id == feature.id)


def test_who_has_a_feature_and_how_much_of_it(catalog):
    rows = {}
    for key, plan, used in (("free", catalog.free, 4), ("paid", catalog.pro, 40), ("bound", catalog.free, 10)):
        company = catalog.company(key)
        catalog.move(company, plan)
        catalog.sdk.companies.upsert_user(keys={"user_id": f"{key} user"}, company={"id": key})
        catalog.track(key, used)
        rows[key] = (used, 1000 if plan is catalog.pro else 10)
    catalog.company("leaver")
    entitlements = catalog.sdk.entitlements
    found = entitlements.list_feature_companies(feature_id=catalog.api.id).data
    assert {row.company.name: (row.usage, row.allocation) for row in found} == {**rows, "leaver": (0, 10)}
    assert [row.company.name for row in found] == ["leaver", "bound", "paid", "free"]
    assert [row.access for row in found] == [True, False, True, True]
    assert [row.company.name for row in entitlements.list_feature_companies(
        feature_id=catalog.api.id, limit=2, offset=1).data] == ["bound", "paid"]
    assert entitlements.count_feature_companies(feature_id=catalog.api.id).data.count == 4
    assert entitlements.count_feature_companies(feature_id=catalog.sso.id).data.count == 1
    assert {(row.user.name, row.company.name, row.usage) for row in entitlements.list_feature_users(
        feature_id=catalog.api.id).data} == {(f"{key} user", key, rows[key][0]) for key in rows}
    assert entitlements.count_feature_users(feature_id=catalog.api.id).data.count == 3
    own = entitlements.get_feature_usage_by_company(keys={"id": "bound"}).data
    assert {row.feature.name: row.usage for row in own.features} == {"api": 10, "seats": 0}


def test_members_come_and_go_and_traits_are_looked_at(catalog):
    companies = catalog.sdk.companies
    acme = catalog.company("acme", traits={"tier": "gold", "seats_used": 1})
    catalog.company("apex", traits={"tier": "lead"})
    user = companies.upsert_user(keys={"user_id": "wile"}).data
    membership = companies.get_or_create_company_membership(company_id=acme.id, user_id=user.id).data
    assert (membership.company.name, membership.user_id) == ("acme", user.id)
    assert companies.get_or_create_company_membership(company_id=acme.id, user_id=user.id).data.id == membership.id
    assert companies.get_company(acme.id).data.user_count == 1
    assert companies.delete_company_membership(membership.id).data.deleted is True
    assert companies.get_company(acme.id).data.user_count == 0

    tier, seats = (next(row for row in companies.list_entity_trait_definitions().data if row.hierarchy == [name])
                   for name in ("tier", "seats_used"))
    assert [row.value for row in companies.get_entity_trait_values(definition_id=tier.id).data] == ["gold", "lead"]
    assert companies.count_entity_traits(definition_id=tier.id).data.count == 2
    assert companies.count_entity_traits(entity_type="company").data.count == 3
    use = companies.get_entity_trait_definition_usage(seats.id).data
    assert (use.feature_count, use.rule_condition_count) == (1, 0)
    with pytest.raises(ApiError) as refused:
        companies.delete_entity_trait_definition(seats.id)
    assert refused.value.status_code == 422
    changed = companies.update_entity_trait_definition(tier.id, trait_type="url", display_name="Tier").data
    assert (changed.trait_type, changed.display_name) == ("url", "Tier")
    assert companies.delete_entity_trait_definition(tier.id).data.deleted is True


# Typed calls ---------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def world(shared_server):
    """One of everything, so that every list has a row to parse."""
    sdk = client(shared_server.url)
    catalog = Catalog(sdk)
    company = catalog.company("acme", traits={"seats_used": 1, "tier": "gold"})
    catalog.move(company, catalog.pro)
    sdk.identify(keys={"user_id": "wile"}, name="Wile", company=EventBodyIdentifyCompany(keys={"id": "acme"}))
    catalog.track("acme", 5, idempotency_key="first")
    override = catalog.override(company, catalog.api, value_type="numeric", value_numeric=2000, note="agreed")
    hour = dt.datetime.now(dt.timezone.utc).replace(minute=0, second=0, microsecond=0)
    yield SimpleNamespace(
        sdk=sdk, catalog=catalog, company=company, override=override,
        user=sdk.companies.lookup_user(keys={"user_id": "wile"}).data,
        event=sdk.events.list_events(idempotency_key="first").data[0],
        flag=catalog.api.flags[0],
        invoice=sdk.billing.list_billing_invoices(company_id=company.id).data[0],
        profile=sdk.billing.list_company_billing_profiles(company_id=company.id).data[0],
        environment=sdk.accounts.list_environments().data[0],
        key=sdk.accounts.list_api_keys(require_environment=True).data[0],
        hour=hour, tomorrow=hour + dt.timedelta(days=1))
    sdk.shutdown()


# Each row: the SDK call, and the type that its data must parse into; a type in a list is that of every row.
READS = {
    "companies": (lambda w: w.sdk.companies.list_companies(), [types.CompanyDetailResponseData]),
    "companies of a plan": (
        lambda w: w.sdk.companies.list_companies(plan_id=w.catalog.pro.id), [types.CompanyDetailResponseData]),
    "companies by id": (
        lambda w: w.sdk.companies.list_companies(ids=[w.company.id]), [types.CompanyDetailResponseData]),
    "company": (lambda w: w.sdk.companies.get_company(w.company.id), types.CompanyDetailResponseData),
    "company by key": (lambda w: w.sdk.companies.lookup_company(keys={"id": "acme"}), types.CompanyDetailResponseData),
    "company count": (lambda w: w.sdk.companies.count_companies(), types.CountResponse),
    "trait definitions": (
        lambda w: w.sdk.companies.list_entity_trait_definitions(), [types.EntityTraitDefinitionResponseData]),
    "memberships": (
        lambda w: w.sdk.companies.list_company_memberships(company_id=w.company.id),
        [types.CompanyMembershipDetailResponseData]),
    "users": (lambda w: w.sdk.companies.list_users(), [types.UserDetailResponseData]),
    "user": (lambda w: w.sdk.companies.get_user(w.user.id), types.UserDetailResponseData),
    "user by key": (lambda w: w.sdk.companies.lookup_user(keys={"user_id": "wile"}), types.UserDetailResponseData),
    "user count": (lambda w: w.sdk.companies.count_users(), types.CountResponse),
    "features": (lambda w: w.sdk.features.list_features(), [types.FeatureDetailResponseData]),
    "features of a type": (
        lambda w: w.sdk.features.list_features(feature_type=["event", "trait"]), [types.FeatureDetailResponseData]),
    "feature": (lambda w: w.sdk.features.get_feature(w.catalog.api.id), types.FeatureDetailResponseData),
    "feature count": (lambda w: w.sdk.features.count_features(), types.CountResponse),
    "flags": (lambda w: w.sdk.features.list_flags(), [types.FlagDetailResponseData]),
    "flag": (lambda w: w.sdk.features.get_flag(w.flag.id), types.FlagDetailResponseData),
    "flag count": (lambda w: w.sdk.features.count_flags(), types.CountResponse),
    "check": (
        lambda w: w.sdk.features.check_flag("api", company={"id": "acme"}, user={"user_id": "wile"}),
        types.CheckFlagResponseData),
    "checks": (lambda w: w.sdk.features.check_flags(company={"id": "acme"}), types.CheckFlagsResponseData),
    "bulk checks": (
        lambda w: w.sdk.features.check_flags_bulk(contexts=[{"company": {"id": "acme"}}, {}]),
        types.CheckFlagsBulkResponseData),
    "plans": (lambda w: w.sdk.plans.list_plans(with_entitlements=True), [types.PlanDetailResponseData]),
    "plan": (lambda w: w.sdk.plans.get_plan(w.catalog.pro.id), types.PlanDetailResponseData),
    "plan count": (lambda w: w.sdk.plans.count_plans(), types.CountResponse),
    "plan entitlements": (
        lambda w: w.sdk.entitlements.list_plan_entitlements(plan_id=w.catalog.pro.id),
        [types.PlanEntitlementResponseData]),
    "plan entitlement": (
        lambda w: w.sdk.entitlements.get_plan_entitlement(w.catalog.pro.entitlements[0].id),
        types.PlanEntitlementResponseData),
    "plan entitlement count": (lambda w: w.sdk.entitlements.count_plan_entitlements(), types.CountResponse),
    "overrides": (
        lambda w: w.sdk.entitlements.list_company_overrides(company_id=w.company.id),
        [types.CompanyOverrideResponseData]),
    "override": (
        lambda w: w.sdk.entitlements.get_company_override(w.override.id), types.CompanyOverrideResponseData),
    "override count": (lambda w: w.sdk.entitlements.count_company_overrides(), types.CountResponse),
    "plan group": (lambda w: w.sdk.plangroups.get_plan_group(), types.PlanGroupDetailResponseData),
    "feature usage": (
        lambda w: w.sdk.entitlements.list_feature_usage(company_id=w.company.id), [types.FeatureUsageResponseData]),
    "feature usage by keys": (
        lambda w: w.sdk.entitlements.list_feature_usage(company_keys={"id": "acme"}), [types.FeatureUsageResponseData]),
    "feature usage count": (
        lambda w: w.sdk.entitlements.count_feature_usage(company_id=w.company.id), types.CountResponse),
    "usage history": (
        lambda w: w.sdk.entitlements.list_feature_usage_history(
            start_time=w.hour - dt.timedelta(hours=1), end_time=w.tomorrow, granularity="hourly"),
        [types.FeatureUsageHistoryResponseData]),
    "invoices": (lambda w: w.sdk.billing.list_billing_invoices(), [types.BillingInvoiceResponseData]),
    "invoice": (lambda w: w.sdk.billing.get_billing_invoice(w.invoice.id), types.BillingInvoiceDetailResponseData),
    "invoice count": (lambda w: w.sdk.billing.count_billing_invoices(), types.CountResponse),
    "billing settings": (lambda w: w.sdk.billing.get_billing_settings(), types.BillingSettingsResponseData),
    "billing profiles": (
        lambda w: w.sdk.billing.list_company_billing_profiles(company_id=w.company.id),
        [types.CompanyBillingProfileResponseData]),
    "native subscription": (
        lambda w: w.sdk.billing.get_company_native_subscription(w.company.id),
        types.BillingNativeSubscriptionResponseData),
    "api keys": (lambda w: w.sdk.accounts.list_api_keys(require_environment=True), [types.ApiKeyResponseData]),
    "api key": (lambda w: w.sdk.accounts.get_api_key(w.key.id), types.ApiKeyResponseData),
    "api key count": (lambda w: w.sdk.accounts.count_api_keys(require_environment=True), types.CountResponse),
    "environments": (lambda w: w.sdk.accounts.list_environments(), [types.EnvironmentResponseData]),
    "environment": (lambda w: w.sdk.accounts.get_environment(w.environment.id), types.EnvironmentResponseData),
    "who am I": (lambda w: w.sdk.accounts.get_who_am_i(), types.WhoAmIResponseData),
    "events": (lambda w: w.sdk.events.list_events(event_types="track"), [types.EventDetailResponseData]),
    "event": (lambda w: w.sdk.events.get_event(w.event.id), types.EventDetailResponseData),
}


@pytest.mark.parametrize("name", READS)
def test_typed_read(world, name):
    call, expected = READS[name]
    data = call(world).data
    if isinstance(expected, list):
        assert data, "the list is empty"
        assert all(isinstance(row, expected[0]) for row in data)
    else:
        assert isinstance(data, expected)
        if expected is types.CountResponse:
            assert data.count > 0


# Each row: an SDK call that changes something of its own, and the type that its data must parse into.
WRITES = {
    "update a company": (
        lambda w: w.sdk.companies.upsert_company(keys={"id": "acme", "domain": "acme.test"}),
        types.CompanyDetailResponseData),
    "create a company": (
        lambda w: w.sdk.companies.create_company(keys={"id": "created"}, name="Created"),
        types.CompanyDetailResponseData),
    "delete a company": (
        lambda w: w.sdk.companies.delete_company(w.catalog.company("doomed").id), types.DeleteResponse),
    "delete a company by keys": (
        lambda w: (w.catalog.company("lost"), w.sdk.companies.delete_company_by_keys(keys={"id": "lost"}))[1],
        types.CompanyResponseData),
    "set a company trait": (
        lambda w: w.sdk.companies.upsert_company_trait(keys={"id": "acme"}, trait="tier", set_="silver"),
        types.CompanyDetailResponseData),
    "upsert a user": (
        lambda w: w.sdk.companies.upsert_user(keys={"user_id": "road"}, company={"id": "acme"}),
        types.UserDetailResponseData),
    "set a user trait": (
        lambda w: w.sdk.companies.upsert_user_trait(keys={"user_id": "wile"}, trait="score", incr=2),
        types.UserDetailResponseData),
    "delete a user": (
        lambda w: w.sdk.companies.delete_user(
            w.sdk.companies.upsert_user(keys={"user_id": "doomed"}).data.id), types.DeleteResponse),
    "update a feature": (
        lambda w: w.sdk.features.update_feature(w.catalog.sso.id, description="single sign-on"),
        types.FeatureDetailResponseData),
    "delete a feature": (
        lambda w: w.sdk.features.delete_feature(w.catalog.feature("doomed", feature_type="boolean").id),
        types.DeleteResponse),
    "create a flag": (lambda w: new_flag(w, "created"), types.FlagDetailResponseData),
    "update a flag": (
        lambda w: w.sdk.features.update_flag(
            new_flag(w, "renamed").data.id, key="renamed", name="New name", description="",
            default_value=True), types.FlagDetailResponseData),
    "set a flag's rules": (
        lambda w: w.sdk.features.update_flag_rules(new_flag(w, "ruled").data.id, rules=[{
            "name": "acme", "priority": 1, "value": True, "condition_groups": [], "conditions": [{
                "condition_type": "company", "operator": "eq", "resource_ids": [w.company.id]}]}]),
        types.RulesDetailResponseData),
    "delete a flag": (lambda w: w.sdk.features.delete_flag(new_flag(w, "doomed-flag").data.id), types.DeleteResponse),
    "update a plan": (
        lambda w: w.sdk.plans.update_plan(w.catalog.lite.id, name="Lite", description="small"),
        types.PlanDetailResponseData),
    "price a plan": (
        lambda w: w.sdk.plans.upsert_billing_product_plan(
            new_plan(w).id, charge_type="recurring", is_trialable=False, currency="eur", monthly_price=100),
        types.BillingProductPlanResponseData),
    "publish a plan": (
        lambda w: w.sdk.plans.publish_plan_version(
            w.sdk.plans.get_plan(new_plan(w).id).data.draft_version.id, excluded_company_ids=[],
            migration_strategy="immediate"), types.PlanVersionResponseData),
    "delete a plan": (lambda w: w.sdk.plans.delete_plan(new_plan(w).id), types.DeleteResponse),
    "entitle, change and take back": (lambda w: entitlement_round(w), types.DeleteResponse),
    "update an override": (
        lambda w: w.sdk.entitlements.update_company_override(w.override.id, value_type="numeric", value_numeric=3000),
        types.CompanyOverrideResponseData),
    "update the plan group": (
        lambda w: w.sdk.plangroups.update_plan_group(w.catalog.group.id, **w.catalog.group_fields),
        types.PlanGroupResponseData),
    "update the billing settings": (
        lambda w: w.sdk.billing.update_billing_settings(default_provider_type="schematic"),
        types.BillingSettingsResponseData),
    "update a billing profile": (
        lambda w: w.sdk.billing.update_company_billing_profile(
            w.profile.id, collection_method="send_invoice", days_until_due=14),
            types.CompanyBillingProfileResponseData),
    "manage a plan": (
        lambda w: w.sdk.checkout.manage_plan(
            company_id=w.catalog.company("mover").id, base_plan_id=w.catalog.team.id, add_on_selections=[],
            credit_bundles=[], custom_field_values=[], pay_in_advance_entitlements=[]),
        types.ManagePlanResponseResponseData),
    "cancel a subscription": (lambda w: cancelled(w), types.ManagePlanResponseResponseData),
    "create an event": (
        lambda w: w.sdk.events.create_event(
            event_type="track", body=types.EventBodyTrack(event="api-call", company={"id": "acme"})),
        types.RawEventResponseData),
    "create events": (
        lambda w: w.sdk.events.create_event_batch(events=[types.CreateEventRequestBody(
            event_type="track", body=types.EventBodyTrack(event="api-call", company={"id": "acme"}))]),
        types.RawEventBatchResponseData),
}


@pytest.mark.parametrize("name", WRITES)
def test_typed_write(world, name):
    call, expected = WRITES[name]
    data = call(world).data
    assert isinstance(data, expected)
    if expected is types.DeleteResponse:
        assert data.deleted is True


def test_an_invoice_is_finalised_paid_and_voided_with_typed_answers(world):
    billing = world.sdk.billing
    invoices = []
    for key in ("payer", "voider"):
        company = world.catalog.company(key)
        world.catalog.move(company, world.catalog.lite)
        row = billing.list_billing_invoices(company_id=company.id).data[0]
        invoices.append(billing.finalize_native_invoice(row.id).data if row.status == "draft"
                        else billing.get_billing_invoice(row.id).data)
    first, second = invoices
    assert (first.status, first.total, first.number is not None) == ("open", 2900, True)
    paid = billing.mark_billing_invoice_paid(first.id, idempotency_key="wire-1", reference="wire").data
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2900, 0)
    assert billing.void_native_invoice(second.id).data.status == "void"


def new_flag(w, key: str):
    return w.sdk.features.create_flag(key=key, name=key, description="", default_value=False)


def new_plan(w):
    return w.sdk.plans.create_plan(name="Another", plan_type="plan").data


def entitlement_round(w):
    entitlements = w.sdk.entitlements
    row = entitlements.create_plan_entitlement(
        plan_id=new_plan(w).id, feature_id=w.catalog.api.id, value_type="numeric", value_numeric=5).data
    changed = entitlements.update_plan_entitlement(row.id, value_type="numeric", value_numeric=6).data
    assert (changed.id, changed.value_numeric) == (row.id, 6)
    return entitlements.delete_plan_entitlement(row.id)


def cancelled(w):
    company = w.catalog.company("leaver")
    w.catalog.move(company, w.catalog.team)
    answer = w.sdk.checkout.cancel_subscription(company_id=company.id, cancel_immediately=True, prorate=False)
    assert w.sdk.companies.get_company(company.id).data.plan.id == w.catalog.free.id
    return answer

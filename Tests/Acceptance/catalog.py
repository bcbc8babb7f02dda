"""A catalog made through the official SDK, and the few sentences that tests of the SDK speak."""

from types import SimpleNamespace

from schematic.client import Schematic, SchematicConfig, TrackOptions

from server import SECRET_KEY


def client(url: str, **options) -> Schematic:
    return Schematic(SECRET_KEY, SchematicConfig(
        base_url=url, event_capture_url=url, cache_providers=[], event_buffer_period=1, timeout=30, **options))


class Catalog:
    """The common fixture: Free, Pro, Team and Lite over the features api, seats and sso, made through the SDK."""

    def __init__(self, sdk: Schematic):
        self.sdk = sdk
        seats_used = sdk.companies.get_or_create_entity_trait_definition(
            entity_type="company", hierarchy=["seats_used"], trait_type="number").data
        self.api = self.feature("api", feature_type="event", event_subtype="api-call")
        self.seats = self.feature("seats", feature_type="trait", trait_id=seats_used.id)
        self.sso = self.feature("sso", feature_type="boolean")
        per_month = {"value_type": "numeric", "metric_period": "current_month"}
        self.free = self.plan(
            "Free",
            (self.api, {**per_month, "metric_period_month_reset": "first_of_month", "value_numeric": 10}),
            (self.seats, {"value_type": "numeric", "value_numeric": 2}))
        self.pro = self.plan(
            "Pro",
            (self.api, {**per_month, "metric_period_month_reset": "billing_cycle", "value_numeric": 1000}),
            (self.seats, {"value_type": "trait", "value_trait_id": seats_used.id, "price_behavior": "pay_in_advance",
                          "monthly_unit_price": 1000, "yearly_unit_price": 10000, "currency": "usd"}),
            (self.sso, {"value_type": "boolean", "value_bool": True}),
            monthly_price=4900, yearly_price=49000)
        self.team = self.plan(
            "Team",
            (self.api, {"value_type": "unlimited"}),
            (self.sso, {"value_type": "boolean", "value_bool": True}), monthly_price=9900)
        self.lite = self.plan("Lite", (self.api, {**per_month, "value_numeric": 100}), monthly_price=2900)
        self.group_fields = {
            "initial_plan_id": self.free.id, "fallback_plan_id": self.free.id,
            "ordered_plans": [{"plan_id": plan.id} for plan in (self.free, self.lite, self.pro, self.team)],
            **PLAN_GROUP_DEFAULTS}
        self.group = sdk.plangroups.create_plan_group(**self.group_fields).data

    def feature(self, key: str, **fields):
        return self.sdk.features.create_feature(
            name=key, description=f"The {key} feature", **fields,
            flag={"key": key, "name": key, "description": "", "flag_type": "boolean", "default_value": False}).data

    def plan(self, name: str, *entitlements, **prices):
        plan = self.sdk.plans.create_plan(name=name, plan_type="plan").data
        self.sdk.plans.upsert_billing_product_plan(
            plan.id, charge_type="recurring" if prices else "free", is_trialable=False, currency="usd",
            billing_strategy="schematic_managed" if prices else "no_billing", **prices)
        made = [
            self.sdk.entitlements.create_plan_entitlement(plan_id=plan.id, feature_id=feature.id, **fields).data
            for feature, fields in entitlements]
        version = self.sdk.plans.get_plan(plan.id).data.draft_version
        self.sdk.plans.publish_plan_version(version.id, excluded_company_ids=[], migration_strategy="immediate")
        return SimpleNamespace(id=plan.id, version_id=version.id, entitlements=made)

    def company(self, key: str, **fields):
        return self.sdk.companies.upsert_company(keys={"id": key}, name=key, **fields).data

    def move(self, company, plan, **fields):
        outcome = self.sdk.checkout.manage_plan(
            company_id=company.id, base_plan_id=plan.id, add_on_selections=[], credit_bundles=[],
            custom_field_values=[], pay_in_advance_entitlements=[], **fields).data
        assert outcome.success, outcome.problems

    def track(self, key: str, quantity: int, event: str = "api-call", **options):
        self.sdk.track(event, company={"id": key}, quantity=quantity, options=TrackOptions(**options))
        self.sdk.event_buffer.flush()

    def check(self, key: str, flag: str = "api"):
        return self.sdk.check_flag_with_entitlement(flag, company={"id": key})

    def override(self, company, feature, **value):
        return self.sdk.entitlements.create_company_override(company_id=company.id, feature_id=feature.id, **value).data


PLAN_GROUP_DEFAULTS = dict(
    add_on_ids=[], ordered_add_ons=[], ordered_bundle_list=[], checkout_collect_address=False,
    checkout_collect_email=False, checkout_collect_phone=False, checkout_collect_tax_id=False,
    enable_tax_collection=False, opt_in_enabled=False, prevent_downgrades_when_over_limit=True,
    prevent_self_service_downgrade=False, proration_behavior="create_prorations", show_as_monthly_prices=False,
    show_credits=False, show_estimated_total=False, show_feature_description=False, show_hard_limit=False,
    show_period_toggle=False, show_zero_price_as_free=False, sync_customer_billing_details=False)

/// The fields without which the official SDK discards an answer, by type. Source: the schemas of Schematic's SDK 1.4.6.
let requiredFields = """
    ApiKeyResponseData: created_at id name readonly scopes updated_at
    BillingInvoiceDetailResponseData: amount_paid amount_remaining company_id created_at currency discount id \
    lines provider_type settlements status subtotal tax total
    BillingInvoiceLineResponseData: amount charge_ids kind taxable
    BillingInvoiceResponseData: amount_paid amount_remaining company_id created_at currency id provider_type \
    status subtotal total
    BillingInvoiceSettlementResponseData: amount collector settled_at
    BillingInvoiceTermsResponseData: collection_method collector payment_gating
    BillingNativeSubscriptionLineResponseData: anchor anchor_day base cadence_count cadence_unit currency \
    effective_from id kind quantity source_id taxable timing
    BillingNativeSubscriptionResponseData: company_id currency id lines period_end period_start \
    scheduled_changes status
    BillingPriceResponseData: currency external_price_id id interval interval_count price provider_type scheme
    BillingPriceView: billing_scheme created_at currency id interval interval_count is_active package_size price \
    price_external_id price_id price_tier product_external_id product_id product_name provider_type updated_at \
    usage_type
    BillingProductPlanResponseData: account_id billing_product_id billing_strategy charge_type controlled_by \
    environment_id is_trialable plan_id
    BillingSubscriptionView: cancel_at_period_end created_at currency customer_external_id discounts id interval \
    period_end period_start products provider_type status subscription_external_id total_price
    CheckFlagResponseData: flag reason value
    CheckFlagsResponseData: credit_spend_policies flags
    CheckoutProblemResponseData: blocking code message source
    CompanyBillingProfileResponseData: account_id collection_method company_id created_at environment_id \
    gating_days id is_default payment_gating provider_type updated_at
    CompanyDetailResponseData: add_ons billing_subscriptions created_at custom_plan_billings entitlements \
    entity_traits environment_id id keys metrics name payment_methods plans rules updated_at user_count
    CompanyMembershipDetailResponseData: company_id created_at id updated_at user_id
    CompanyOverrideNoteResponseData: created_at external_user_id external_user_name id note updated_at
    CompanyOverrideResponseData: company_id created_at environment_id feature_id id notes updated_at value_type
    CompanyPlanWithBillingSubView: id included_credit_grants name
    CompanyResponseData: created_at environment_id id name updated_at
    EntityKeyDetailResponseData: created_at definition_id entity_id entity_type environment_id id key updated_at \
    value
    EntityTraitDefinitionResponseData: created_at display_name entity_type hierarchy id trait_type updated_at
    EntityTraitDetailResponseData: created_at definition_id environment_id id updated_at value
    EnvironmentResponseData: created_at environment_type id name require_context_signature updated_at
    EventDetailResponseData: body body_preview captured_at feature_ids features id quantity status type
    FeatureDetailResponseData: created_at description event_source feature_type flags icon id name plans \
    updated_at
    FeatureEntitlement: feature_id feature_key value_type
    FeatureResponseData: created_at description event_source feature_type icon id name updated_at
    FeatureUsageHistoryResponseData: company_id event_subtype feature_id period_end period_start usage
    FeatureUsageResponseData: access allocation_type entitlement_id entitlement_type
    FlagDetailResponseData: created_at description flag_type id key name rules updated_at
    FlagResponseData: created_at description flag_type id key name updated_at
    ManagePlanResponseResponseData: problems success
    PlanDetailResponseData: billing_strategy charge_type company_count controlled_by created_at credits \
    currency_prices description features icon id is_default is_trialable name plan_type updated_at versions
    PlanEntitlementResponseData: created_at currency_prices environment_id feature_id id plan_id rule_id \
    updated_at value_type warning_tiers
    PlanGroupDetailResponseData: add_ons checkout_settings component_settings custom_checkout_fields id \
    ordered_add_on_list ordered_bundle_list ordered_plan_list plans prevent_downgrades_when_over_limit \
    prevent_self_service_downgrade proration_behavior show_as_monthly_prices show_credits show_period_toggle \
    show_zero_price_as_free sync_customer_billing_details tax_collection_enabled trial_eligibility_per_plan
    PlanGroupPlanDetailResponseData: available_periods billing_strategy charge_type company_count \
    compatible_plan_ids controlled_by created_at credits currency_prices description features icon id is_custom \
    is_default is_trialable name plan_type updated_at versions
    PlanGroupResponseData: add_on_compatibilities add_on_ids checkout_settings component_settings id \
    ordered_add_on_ids plan_ids prevent_downgrades_when_over_limit prevent_self_service_downgrade \
    proration_behavior show_as_monthly_prices show_credits show_period_toggle show_zero_price_as_free \
    sync_customer_billing_details tax_collection_enabled trial_eligibility_per_plan
    PlanResponseData: created_at description icon id name plan_type updated_at
    PlanVersionResponseData: created_at description environment_id icon id name plan_type renewal_policy status \
    updated_at version
    RawEventResponseData: captured_at remote_ip user_agent
    RuleConditionDetailResponseData: condition_type created_at environment_id id operator resource_ids resources \
    rule_id trait_value updated_at
    RuleConditionGroupDetailResponseData: conditions created_at environment_id id rule_id updated_at
    RuleDetailResponseData: condition_groups conditions created_at environment_id id name priority rule_type \
    updated_at value
    RulesDetailResponseData: rules
    UserDetailResponseData: company_memberships created_at entity_traits environment_id id keys name updated_at
    UserResponseData: created_at environment_id id name updated_at
    WhoAmIResponseData: account_id account_name actor_type environments onboarding_complete
    """
    .split(separator: "\n").reduce(into: [String: [String]]()) { types, line in
        let words = line.split(separator: " ").map(String.init)
        types[String(words[0].dropLast())] = Array(words.dropFirst())
    }

import Foundation
import HTTPTypes
import Testing

@testable import API

/// The fields without which the official SDK discards an answer, by type. Source: the schemas of Schematic's SDK 1.4.6.
private let required = requiredFields(
    """
    ApiKeyResponseData: created_at id name readonly scopes updated_at
    BillingInvoiceDetailResponseData: amount_paid amount_remaining company_id created_at currency discount id lines \
    provider_type settlements status subtotal tax total
    BillingInvoiceLineResponseData: amount charge_ids kind taxable
    BillingInvoiceResponseData: amount_paid amount_remaining company_id created_at currency id provider_type status \
    subtotal total
    BillingInvoiceSettlementResponseData: amount collector settled_at
    BillingInvoiceTermsResponseData: collection_method collector payment_gating
    BillingNativeSubscriptionLineResponseData: anchor anchor_day base cadence_count cadence_unit currency effective_from \
    id kind quantity source_id taxable timing
    BillingNativeSubscriptionResponseData: company_id currency id lines period_end period_start scheduled_changes status
    BillingPriceResponseData: currency external_price_id id interval interval_count price provider_type scheme
    BillingPriceView: billing_scheme created_at currency id interval interval_count is_active package_size price \
    price_external_id price_id price_tier product_external_id product_id product_name provider_type updated_at usage_type
    BillingProductPlanResponseData: account_id billing_product_id billing_strategy charge_type controlled_by \
    environment_id is_trialable plan_id
    BillingSubscriptionView: cancel_at_period_end created_at currency customer_external_id discounts id interval \
    period_end period_start products provider_type status subscription_external_id total_price
    CheckFlagResponseData: flag reason value
    CheckFlagsResponseData: credit_spend_policies flags
    CheckoutProblemResponseData: blocking code message source
    CompanyBillingProfileResponseData: account_id collection_method company_id created_at environment_id gating_days id \
    is_default payment_gating provider_type updated_at
    CompanyDetailResponseData: add_ons billing_subscriptions created_at custom_plan_billings entitlements entity_traits \
    environment_id id keys metrics name payment_methods plans rules updated_at user_count
    CompanyMembershipDetailResponseData: company_id created_at id updated_at user_id
    CompanyOverrideNoteResponseData: created_at external_user_id external_user_name id note updated_at
    CompanyOverrideResponseData: company_id created_at environment_id feature_id id notes updated_at value_type
    CompanyPlanWithBillingSubView: id included_credit_grants name
    CompanyResponseData: created_at environment_id id name updated_at
    EntityKeyDetailResponseData: created_at definition_id entity_id entity_type environment_id id key updated_at value
    EntityTraitDefinitionResponseData: created_at display_name entity_type hierarchy id trait_type updated_at
    EntityTraitDetailResponseData: created_at definition_id environment_id id updated_at value
    EnvironmentResponseData: created_at environment_type id name require_context_signature updated_at
    EventDetailResponseData: body body_preview captured_at feature_ids features id quantity status type
    FeatureDetailResponseData: created_at description event_source feature_type flags icon id name plans updated_at
    FeatureEntitlement: feature_id feature_key value_type
    FeatureResponseData: created_at description event_source feature_type icon id name updated_at
    FeatureUsageHistoryResponseData: company_id event_subtype feature_id period_end period_start usage
    FeatureUsageResponseData: access allocation_type entitlement_id entitlement_type
    FlagDetailResponseData: created_at description flag_type id key name rules updated_at
    FlagResponseData: created_at description flag_type id key name updated_at
    ManagePlanResponseResponseData: problems success
    PlanDetailResponseData: billing_strategy charge_type company_count controlled_by created_at credits currency_prices \
    description features icon id is_default is_trialable name plan_type updated_at versions
    PlanEntitlementResponseData: created_at currency_prices environment_id feature_id id plan_id rule_id updated_at \
    value_type warning_tiers
    PlanGroupDetailResponseData: add_ons checkout_settings component_settings custom_checkout_fields id \
    ordered_add_on_list ordered_bundle_list ordered_plan_list plans prevent_downgrades_when_over_limit \
    prevent_self_service_downgrade proration_behavior show_as_monthly_prices show_credits show_period_toggle \
    show_zero_price_as_free sync_customer_billing_details tax_collection_enabled trial_eligibility_per_plan
    PlanGroupPlanDetailResponseData: available_periods billing_strategy charge_type company_count compatible_plan_ids \
    controlled_by created_at credits currency_prices description features icon id is_custom is_default is_trialable name \
    plan_type updated_at versions
    PlanGroupResponseData: add_on_compatibilities add_on_ids checkout_settings component_settings id ordered_add_on_ids \
    plan_ids prevent_downgrades_when_over_limit prevent_self_service_downgrade proration_behavior show_as_monthly_prices \
    show_credits show_period_toggle show_zero_price_as_free sync_customer_billing_details tax_collection_enabled \
    trial_eligibility_per_plan
    PlanResponseData: created_at description icon id name plan_type updated_at
    PlanVersionResponseData: created_at description environment_id icon id name plan_type renewal_policy status \
    updated_at version
    RawEventResponseData: captured_at remote_ip user_agent
    RuleConditionDetailResponseData: condition_type created_at environment_id id operator resource_ids resources rule_id \
    trait_value updated_at
    RuleConditionGroupDetailResponseData: conditions created_at environment_id id rule_id updated_at
    RuleDetailResponseData: condition_groups conditions created_at environment_id id name priority rule_type updated_at \
    value
    RulesDetailResponseData: rules
    UserDetailResponseData: company_memberships created_at entity_traits environment_id id keys name updated_at
    UserResponseData: created_at environment_id id name updated_at
    WhoAmIResponseData: account_id account_name actor_type environments onboarding_complete
    """)

private func requiredFields(_ table: String) -> [String: [String]] {
    table.split(separator: "\n").reduce(into: [:]) { types, line in
        let words = line.split(separator: " ").map(String.init)
        types[String(words[0].dropLast())] = Array(words.dropFirst())
    }
}

/// Whether the object at a path of an answer's data (`lines[]` is every element) is complete as a type of the contract.
private func expect(_ type: String, in answer: Desk.Answer, at path: String = "") {
    var values: [Any] = [answer.json["data"] as Any]
    for step in path.split(separator: ".") {
        let isList = step.hasSuffix("[]")
        values = values.flatMap { value -> [Any] in
            let inner =
                isList && step == "[]"
                ? value : (value as? [String: Any])?[String(isList ? step.dropLast(2) : step)] as Any
            return isList ? inner as? [Any] ?? [] : [inner]
        }
    }
    #expect(!values.isEmpty, "nothing at \(path) in \(answer.text)")
    for value in values {
        let object = value as? [String: Any] ?? [:]
        for field in required[type]! {
            #expect(
                object[field] != nil && !(object[field] is NSNull), "\(type) at \"\(path)\" lacks \(field): \(object)")
        }
    }
}

@Suite struct ContractTests {
    @Test func answersHaveTheFieldsThatSDKsRequire() async throws {
        try await Desk.open { desk in
            try await desk.ask(.put, "/test-clock", #"{"now":"2026-08-01T00:00:00Z"}"#)
            let (calls, plan) = try await catalog(desk)
            let company = try await identity(desk)
            try await planChange(desk, company: company, plan: plan)
            try await exceptions(desk, company: company, feature: calls)
            try await usage(desk, company: company, feature: calls)
            try await billing(desk, company: company)
            expect("WhoAmIResponseData", in: try await desk.ask(.get, "/whoami"))
            expect("EnvironmentResponseData", in: try await desk.ask(.get, "/environments"), at: "[]")
            expect("ApiKeyResponseData", in: try await desk.ask(.get, "/api-keys?require_environment=true"), at: "[]")
            let key = try await desk.ask(.post, "/api-keys", #"{"name":"new","kind":"publishable"}"#)
            expect("ApiKeyResponseData", in: key)
            #expect((key.data["key"] as? String)?.hasPrefix("sch_pub_dev_") == true)
        }
    }

    private func catalog(_ desk: Desk) async throws -> (feature: String, plan: String) {
        let seats = try await desk.ask(
            .post, "/entity-trait-definitions",
            #"{"entity_type":"company","hierarchy":["seats"],"trait_type":"number"}"#)
        expect("EntityTraitDefinitionResponseData", in: seats)
        let calls = try await desk.ask(
            .post, "/features",
            #"{"name":"Calls","description":"","feature_type":"event","event_subtype":"call","flag":{"key":"calls","name":"Calls","description":"","flag_type":"boolean"}}"#
        )
        #expect(calls.status == 201)
        expect("FeatureDetailResponseData", in: calls)
        expect("FlagDetailResponseData", in: calls, at: "flags[]")
        let seatFeature = try await desk.ask(
            .post, "/features",
            #"{"name":"Seats","description":"","feature_type":"trait","trait_id":"\#(seats.id)"}"#)
        let plan = try await desk.ask(.post, "/plans", #"{"name":"Pro","plan_type":"plan","icon":"blue"}"#)
        expect("PlanDetailResponseData", in: plan)
        expect("PlanVersionResponseData", in: plan, at: "draft_version")
        let product = try await desk.ask(
            .put, "/plans/\(plan.id)/billing_products",
            #"{"charge_type":"recurring","is_trialable":false,"monthly_price":4900}"#)
        expect("BillingProductPlanResponseData", in: product)
        for (feature, terms) in [
            (
                calls.id,
                #""value_type":"unlimited","price_behavior":"tier","tier_mode":"volume","price_tiers":[{"up_to":10,"per_unit_price":5},{"per_unit_price_decimal":"0.5","flat_amount":3}]"#
            ),
            (
                seatFeature.id,
                #""value_type":"trait","price_behavior":"pay_in_advance","monthly_unit_price":1000,"usage_quantity":2"#
            ),
        ] {
            let entitlement = try await desk.ask(
                .post, "/plan-entitlements", #"{"plan_id":"\#(plan.id)","feature_id":"\#(feature)",\#(terms)}"#)
            expect("PlanEntitlementResponseData", in: entitlement)
            expect("BillingPriceView", in: entitlement, at: "metered_monthly_price")
        }
        let full = try await desk.ask(.get, "/plans/\(plan.id)")
        expect("BillingPriceResponseData", in: full, at: "monthly_price")
        expect("PlanEntitlementResponseData", in: full, at: "entitlements[]")
        expect("FeatureDetailResponseData", in: full, at: "features[]")
        let draft = full.data["draft_version"] as? [String: Any]
        let published = try await desk.ask(
            .put, "/plans/version/\(draft?["id"] as? String ?? "")/publish",
            #"{"migration_strategy":"leave","excluded_company_ids":[]}"#)
        expect("PlanVersionResponseData", in: published)
        #expect(published.data["status"] as? String == "published")
        let group = try await desk.ask(
            .post, "/plan-groups", #"{"ordered_plans":[{"plan_id":"\#(plan.id)"}],"add_on_ids":[]}"#)
        expect("PlanGroupResponseData", in: group)
        let groupDetail = try await desk.ask(.get, "/plan-groups")
        expect("PlanGroupDetailResponseData", in: groupDetail)
        expect("PlanGroupPlanDetailResponseData", in: groupDetail, at: "plans[]")
        try await rules(desk)
        return (calls.id, plan.id)
    }

    private func rules(_ desk: Desk) async throws {
        let flag = try await desk.ask(
            .post, "/flags", #"{"key":"beta","name":"Beta","description":"","flag_type":"boolean"}"#)
        #expect(flag.status == 201)
        let condition =
            #"{"condition_type":"metric","operator":"lt","event_subtype":"call","metric_value":5,"resource_ids":[]}"#
        let rules = try await desk.ask(
            .put, "/flags/\(flag.id)/rules",
            #"{"rules":[{"name":"r","priority":1,"value":true,"conditions":[\#(condition)],"condition_groups":[{"conditions":[\#(condition)]}]}]}"#
        )
        expect("RulesDetailResponseData", in: rules)
        expect("FlagResponseData", in: rules, at: "flag")
        expect("RuleDetailResponseData", in: rules, at: "rules[]")
        expect("RuleConditionDetailResponseData", in: rules, at: "rules[].conditions[]")
        expect("RuleConditionGroupDetailResponseData", in: rules, at: "rules[].condition_groups[]")
        expect("FlagDetailResponseData", in: try await desk.ask(.get, "/flags"), at: "[]")
    }

    private func identity(_ desk: Desk) async throws -> String {
        let company = try await desk.ask(
            .post, "/companies", #"{"keys":{"id":"acme"},"name":"Acme","traits":{"seats":3}}"#)
        expect("CompanyDetailResponseData", in: company)
        expect("EntityKeyDetailResponseData", in: company, at: "keys[]")
        expect("EntityTraitDetailResponseData", in: company, at: "entity_traits[]")
        expect("CompanyBillingProfileResponseData", in: company, at: "billing_profile")
        let user = try await desk.ask(.post, "/users", #"{"keys":{"user_id":"u"},"name":"U","company":{"id":"acme"}}"#)
        expect("UserDetailResponseData", in: user)
        expect("CompanyMembershipDetailResponseData", in: user, at: "company_memberships[]")
        expect("CompanyMembershipDetailResponseData", in: try await desk.ask(.get, "/company-memberships"), at: "[]")
        expect("UserResponseData", in: try await desk.ask(.post, "/users/delete", #"{"keys":{"user_id":"u"}}"#))
        try await desk.ask(.post, "/companies/create", #"{"keys":{"id":"gone"},"name":"Gone"}"#)
        expect("CompanyResponseData", in: try await desk.ask(.post, "/companies/delete", #"{"keys":{"id":"gone"}}"#))
        return company.id
    }

    private func planChange(_ desk: Desk, company: String, plan: String) async throws {
        let change = try await desk.ask(
            .post, "/manage-plan", #"{"company_id":"\#(company)","base_plan_id":"\#(plan)"}"#)
        expect("ManagePlanResponseResponseData", in: change)
        #expect(change.data["success"] as? Bool == true, "\(change.text)")
        expect("CompanyDetailResponseData", in: change, at: "company")
        expect("CompanyPlanWithBillingSubView", in: change, at: "company.plan")
        expect("BillingSubscriptionView", in: change, at: "company.billing_subscriptions[]")
        expect("FeatureEntitlement", in: change, at: "company.entitlements[]")
        let refused = try await desk.ask(
            .post, "/manage-plan",
            #"{"company_id":"\#(company)","base_plan_id":"\#(plan)","base_plan_price_id":"bilpp_TtB2vNQeAsn","pay_in_advance_entitlements":[{"price_id":"bilpp_11111111111","quantity":1}]}"#
        )
        #expect(refused.data["success"] as? Bool == false, "\(refused.text)")
        expect("CheckoutProblemResponseData", in: refused, at: "problems[]")
    }

    private func exceptions(_ desk: Desk, company: String, feature: String) async throws {
        let override = try await desk.ask(
            .post, "/company-overrides",
            #"{"company_id":"\#(company)","feature_id":"\#(feature)","value_type":"numeric","value_numeric":5,"note":"deal"}"#
        )
        #expect(override.status == 201, "\(override.text)")
        expect("CompanyOverrideResponseData", in: override)
        expect("CompanyOverrideNoteResponseData", in: override, at: "notes[]")
        #expect(try await desk.ask(.delete, "/company-overrides/\(override.id)").data["deleted"] as? Bool == true)
    }

    private func usage(_ desk: Desk, company: String, feature: String) async throws {
        let event = #"{"event_type":"track","body":{"event":"call","company":{"id":"acme"},"quantity":4}}"#
        expect("RawEventResponseData", in: try await desk.ask(.post, "/events", event))
        expect(
            "RawEventResponseData", in: try await desk.ask(.post, "/event-batch", #"{"events":[\#(event)]}"#),
            at: "events[]")
        expect("EventDetailResponseData", in: try await desk.ask(.get, "/events"), at: "[]")
        let check = try await desk.ask(.post, "/flags/calls/check", #"{"company":{"id":"acme"}}"#)
        expect("CheckFlagResponseData", in: check)
        expect("FeatureEntitlement", in: check, at: "entitlement")
        let all = try await desk.ask(.post, "/flags/check-bulk", #"{"contexts":[{"company":{"id":"acme"}},{}]}"#)
        expect("CheckFlagsResponseData", in: all, at: "data[]")
        expect("CheckFlagResponseData", in: all, at: "data[].flags[]")
        let usage = try await desk.ask(.get, "/feature-usage?company_id=\(company)")
        expect("FeatureUsageResponseData", in: usage, at: "[]")
        let row = usage.list.first { ($0["feature"] as? [String: Any])?["id"] as? String == feature }
        #expect(row?["usage"] as? Int == 8)
        #expect(row?["billed_usage"] as? Int == 8)
        let history = try await desk.ask(
            .get,
            "/feature-usage-history?start_time=2026-07-31T00:00:00Z&end_time=2026-08-03T00:00:00Z&company_ids=\(company)"
        )
        expect("FeatureUsageHistoryResponseData", in: history, at: "[]")
        #expect(history.list.map { $0["usage"] as? Int } == [8])
    }

    private func billing(_ desk: Desk, company: String) async throws {
        let upcoming = try await desk.ask(.get, "/companies/\(company)/upcoming-invoice")
        expect("BillingInvoiceDetailResponseData", in: upcoming)
        expect("BillingInvoiceLineResponseData", in: upcoming, at: "lines[]")
        #expect(upcoming.data["document_state"] as? String == "draft")
        // 49.00, 2 seats at 10.00, and 8 calls at 0.05 in the first tier.
        #expect(upcoming.data["total"] as? Int == 4900 + 2000 + 40)
        expect(
            "BillingNativeSubscriptionResponseData",
            in: try await desk.ask(.get, "/companies/\(company)/native-subscription"))
        expect(
            "BillingNativeSubscriptionLineResponseData",
            in: try await desk.ask(.get, "/companies/\(company)/native-subscription"), at: "lines[]")
        let invoices = try await desk.ask(.get, "/invoices?company_id=\(company)&status=open")
        expect("BillingInvoiceResponseData", in: invoices, at: "[]")
        let id = invoices.list.first?["id"] as? String ?? ""
        let paid = try await desk.ask(.post, "/invoices/\(id)/mark-paid", #"{"idempotency_key":"p","amount":900}"#)
        expect("BillingInvoiceDetailResponseData", in: paid)
        expect("BillingInvoiceSettlementResponseData", in: paid, at: "settlements[]")
        expect("BillingInvoiceTermsResponseData", in: paid, at: "terms")
        #expect(paid.data["amount_remaining"] as? Int == 6000)
        #expect(paid.data["collection_state"] as? String == "partially_paid")
        expect("CompanyBillingProfileResponseData", in: try await desk.ask(.get, "/billing/profiles"), at: "[]")
    }
}

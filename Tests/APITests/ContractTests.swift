import Foundation
import HTTPTypes
import Testing

@testable import API

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
        for field in requiredFields[type]! {
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
            #"{"name":"Calls","description":"","feature_type":"event","event_subtype":"call","#
                + #""flag":{"key":"calls","name":"Calls","description":"","flag_type":"boolean"}}"#
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
                #""value_type":"unlimited","price_behavior":"tier","tier_mode":"volume","#
                    + #""price_tiers":[{"up_to":10,"per_unit_price":5},{"per_unit_price_decimal":"0.5"}]"#
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
            #"{"rules":[{"name":"r","priority":1,"value":true,"conditions":[\#(condition)],"#
                + #""condition_groups":[{"conditions":[\#(condition)]}]}]}"#
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
            #"{"company_id":"\#(company)","base_plan_id":"\#(plan)","base_plan_price_id":"bilpp_TtB2vNQeAsn","#
                + #""pay_in_advance_entitlements":[{"price_id":"bilpp_11111111111","quantity":1}]}"#
        )
        #expect(refused.data["success"] as? Bool == false, "\(refused.text)")
        expect("CheckoutProblemResponseData", in: refused, at: "problems[]")
    }

    private func exceptions(_ desk: Desk, company: String, feature: String) async throws {
        let override = try await desk.ask(
            .post, "/company-overrides",
            #"{"company_id":"\#(company)","feature_id":"\#(feature)","value_type":"numeric","#
                + #""value_numeric":5,"note":"deal"}"#
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
            "/feature-usage-history?company_ids=\(company)"
                + "&start_time=2026-07-31T00:00:00Z&end_time=2026-08-03T00:00:00Z"
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

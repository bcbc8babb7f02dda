internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addPlanEntitlements() {
        list("plan-entitlements", Self.entitlementFilter) { PlanEntitlementResponseData(entitlement: $0, view: $1) }
        one("plan-entitlements", id: "plan_entitlement_id") { PlanEntitlementResponseData(entitlement: $0, view: $1) }
        delete("plan-entitlements", id: "plan_entitlement_id") { DeletePlanEntitlement(entitlementID: $0) }
        post("plan-entitlements") { call in
            var command = CreatePlanEntitlement(
                planID: try call.body.required("plan_id"), featureID: try call.body.required("feature_id"),
                input: try call.body.entitlement())
            command.versionID = try call.body.optional("plan_version_id")
            let entitlement = try await call.execute(command)
            return try call.answer(.created) { PlanEntitlementResponseData(entitlement: entitlement, view: $0) }
        }
        put("plan-entitlements/:plan_entitlement_id") { call in
            let command = UpdatePlanEntitlement(
                entitlementID: try call.id("plan_entitlement_id"), input: try call.body.entitlement())
            let entitlement = try await call.execute(command)
            return try call.answer { PlanEntitlementResponseData(entitlement: entitlement, view: $0) }
        }
        post("plan-entitlements/duplicate") { call in
            let outcome = try await call.execute(
                DuplicatePlanEntitlements(
                    sourceID: try call.body.required("source_plan_id"),
                    targetID: try call.body.required("target_plan_id")))
            return try call.answer(.created) {
                DuplicatePlanEntitlementsResponseResponseData(outcome: outcome, view: $0)
            }
        }
    }

    private static let entitlementFilter: Filter<PlanEntitlement> = { query, _ in
        let ids: OneOf<Identifier<PlanEntitlement>> = try query.oneOf("ids")
        let features: OneOf<Identifier<Feature>> = try query.oneOf("feature_ids", single: "feature_id")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf("plan_ids", single: "plan_id")
        let versions: OneOf<Identifier<PlanVersion>> = try query.oneOf("plan_version_ids", single: "plan_version_id")
        return {
            ids.allows($0.id) && features.allows($0.featureID) && plans.allows($0.planID)
                && versions.allows($0.versionID)
        }
    }
}

extension Fields {
    fileprivate func entitlement() throws(Refusal) -> EntitlementInput {
        try refuseUnsupported(
            "billing_threshold", "credit_consumption_rate", "currency_prices", "free_quantity", "maximum_amount",
            "minimum_amount", "monthly_metered_price_id", "overage_billing_cadence", "overage_invoice_anchor",
            "package_size", "percentage", "quantity_rates", "quarterly_metered_price_id", "value_credit_id",
            "warning_tiers", "yearly_metered_price_id")
        var input = EntitlementInput(valueType: try required("value_type"))
        input.valueBool = try optional("value_bool")
        input.valueNumeric = try optional("value_numeric")
        input.valueTraitID = try optional("value_trait_id")
        input.metricPeriod = try optional("metric_period")
        input.metricPeriodMonthReset = try optional("metric_period_month_reset")
        input.priceBehavior = try optional("price_behavior")
        input.softLimit = try optional("soft_limit")
        input.usageQuantity = try optional("usage_quantity")
        input.tierMode = try optional("tier_mode")
        input.currency = try optional("currency")
        input.unitPrices.monthly = try amount("monthly_unit_price")
        input.unitPrices.quarterly = try amount("quarterly_unit_price")
        input.unitPrices.yearly = try amount("yearly_unit_price")
        input.tiers.all = try tiers("price_tiers")
        input.tiers.monthly = try tiers("monthly_price_tiers")
        input.tiers.quarterly = try tiers("quarterly_price_tiers")
        input.tiers.yearly = try tiers("yearly_price_tiers")
        input.flatAtZero = try optional("flat_at_zero") ?? false
        return input
    }

    /// A price in minor units: `name_decimal` where it is given, else the integer `name`.
    private func amount(_ name: String) throws(Refusal) -> Decimal? {
        let integer: Int64? = try optional(name)
        return try optional("\(name)_decimal") ?? integer.map { Decimal($0) }
    }

    /// Nil when the list is absent or empty.
    private func tiers(_ name: String) throws(Refusal) -> [PriceTier]? {
        var tiers: [PriceTier] = []
        for tier in try objects(name) {
            let upTo: Int64? = try tier.optional("up_to")
            let flat: Int64? = try tier.optional("flat_amount")
            tiers.append(
                PriceTier(
                    upTo: upTo.map { Decimal($0) }, unitAmount: try tier.amount("per_unit_price") ?? 0,
                    flatAmount: Decimal(flat ?? 0)))
        }
        return tiers.isEmpty ? nil : tiers
    }
}

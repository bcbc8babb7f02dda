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
            let entitlement = try await call.execute(try call.body.newEntitlement())
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
    /// The body of `/plan-entitlements`.
    func newEntitlement() throws(Refusal) -> CreatePlanEntitlement {
        var command = CreatePlanEntitlement(
            planID: try required("plan_id"), featureID: try required("feature_id"), input: try entitlement())
        command.versionID = try optional("plan_version_id")
        return command
    }
}

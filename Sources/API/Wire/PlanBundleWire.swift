internal import Basics
internal import Model
internal import Tollgate

struct PlanBundleResponseData: WireObject {
    let bundle: PlanBundle
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("plan", PlanResponseData(plan: bundle.plan))
        json.field(
            "plan_version", bundle.draft.map { PlanVersionResponseData(version: $0, plan: bundle.plan, view: view) })
        json.field("billing_product", bundle.draft.map { BillingProductPlanResponseData(version: $0, view: view) })
        json.field(
            "entitlements", bundle.entitlements.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
        json.emptyLists("credit_grants")
    }
}

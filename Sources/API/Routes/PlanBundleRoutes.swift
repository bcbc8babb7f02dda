internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addPlanBundles() {
        post("plan-bundles") { call in
            let fields: Fields = try call.body.requiredObject("plan")
            var plan = CreatePlan(name: try fields.required("name"), type: try fields.required("plan_type"))
            plan.description = try fields.optional("description") ?? ""
            plan.icon = try fields.optional("icon") ?? ""
            let bundle = try await call.execute(
                CreatePlanBundle(plan: plan, content: try call.planBundle(isNew: true)))
            return try call.answer(.created) { PlanBundleResponseData(bundle: bundle, view: $0) }
        }
        put("plan-bundles/:plan_id") { call in
            let fields: Fields = try call.body.requiredObject("plan")
            var plan = UpdatePlan(planID: try call.id("plan_id"), name: try fields.required("name"))
            plan.description = try fields.optional("description")
            plan.icon = try fields.optional("icon")
            var command = UpdatePlanBundle(plan: plan, content: try call.planBundle(isNew: false))
            command.versionID = try call.body.optional("plan_version_id")
            let bundle = try await call.execute(command)
            return try call.answer { PlanBundleResponseData(bundle: bundle, view: $0) }
        }
        post("custom-plan-bundles") { call in
            let plan = try call.body.requiredObject("plan").customPlan()
            guard try call.body.object("billing_product") != nil else {
                throw Refusal.invalid("billing_product is missing")
            }
            let bundle = try await call.execute(
                CreatePlanBundle(plan: plan, content: try call.planBundle(isNew: true)))
            return try call.answer(.created) { PlanBundleResponseData(bundle: bundle, view: $0) }
        }
        post("custom-plans") { call in
            var command = CreateCustomPlan(plan: try call.body.customPlan())
            command.copiedFromID = try call.body.optional("copied_from_plan_id")
            command.copiedPriceID = try call.body.optional("copied_price_id")
            let plan = try await call.execute(command)
            return try call.answer(.created) { PlanDetailResponseData(plan: plan, view: $0) }
        }
    }
}

extension Call {
    /// - Parameter isNew: a plan that is made has no entitlements to change.
    fileprivate func planBundle(isNew: Bool) throws -> PlanBundleContent {
        if try !body.objects("credit_grants").isEmpty {
            throw Refusal.invalid("credit_grants must be empty: there are no credits in this release")
        }
        let policy: String? = try body.optional("renewal_policy")
        guard policy ?? "auto_renew" == "auto_renew" else {
            throw Refusal.invalid("renewal_policy must be auto_renew in this release")
        }
        var content = PlanBundleContent()
        if let fields = try body.object("billing_product") {
            try fields.refuseUnsupported("billing_product_id")
            content.billing = try setBillingProduct(of: Identifier(ordinal: 0), fields)
        }
        for change in try body.requiredObjects("entitlements") {
            let action: PlanBundleAction = try change.required("action")
            guard !isNew || action == .create else {
                throw Refusal.invalid("action must be create for a plan that is made, not \(action.rawValue)")
            }
            content.entitlements.append(try change.entitlementChange(action))
        }
        return content
    }
}

/// What becomes of an entitlement of a bundle.
private enum PlanBundleAction: String, CaseIterable, FieldValue {
    case create, update, delete
}

extension Fields {
    fileprivate func entitlementChange(
        _ action: PlanBundleAction
    ) throws(Refusal) -> PlanBundleContent.EntitlementChange {
        if action == .delete { return .init(entitlementID: try required("entitlement_id")) }
        let request = try requiredObject("req")
        let input = try request.entitlement()
        if action == .create { return .init(featureID: try request.required("feature_id"), input: input) }
        return .init(
            featureID: try request.optional("feature_id"), entitlementID: try required("entitlement_id"), input: input)
    }

    fileprivate func customPlan() throws(Refusal) -> CreatePlan {
        var plan = CreatePlan(name: try required("name"), type: .plan)
        plan.companyID = try required("company_id")
        plan.description = try optional("description") ?? ""
        plan.icon = try optional("icon") ?? ""
        return plan
    }

    fileprivate func requiredObject(_ name: String) throws(Refusal) -> Fields {
        guard let fields = try object(name) else { throw .invalid("\(name) is missing") }
        return fields
    }
}

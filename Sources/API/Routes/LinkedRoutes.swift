internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Plans, features and entitlements that stand for something that a billing provider keeps, and is mirrored here.
    func addLinked() {
        post("plans/billing-linked") { call in
            var command = UpsertLinkedPlan(
                link: try call.body.billingLink(), name: try call.body.required("name"),
                type: try call.body.required("plan_type"))
            command.description = try call.body.optional("description")
            command.icon = try call.body.optional("icon")
            let plan = try await call.execute(command)
            return try call.answer(.created) { PlanDetailResponseData(plan: plan, view: $0) }
        }
        post("features/billing-linked") { call in
            let feature = try await call.execute(
                UpsertLinkedFeature(link: try call.body.billingLink(), feature: try call.body.newFeature()))
            return try call.answer(.created) { FeatureDetailResponseData(feature: feature, view: $0) }
        }
        post("plan-entitlements/billing-linked") { call in
            let entitlement = try await call.execute(
                UpsertLinkedEntitlement(link: try call.body.billingLink(), entitlement: try call.body.newEntitlement()))
            return try call.answer(.created) { PlanEntitlementResponseData(entitlement: entitlement, view: $0) }
        }
        list("plans/billing-product-match-companies", Self.soldFilter) {
            CompanyDetailResponseData(company: $0, view: $1)
        }
    }

    /// The companies to which a provider sells the plan's product, by a subscription with access.
    private static let soldFilter: Filter<Company> = { query, view in
        let planID: Identifier<Plan> = try query.required("plan_id")
        guard let plan = view.get(planID) else { throw Refusal.missing("plan_id", planID.description) }
        let product = plan.billingProductID.flatMap { view.get($0) }
        let search = try query.search()
        return { company in
            guard let product, let mirror = company.mirror,
                search.allows([company.name] + company.keys.map(\.value))
            else { return false }
            return mirror.subscriptionIDs.compactMap { view.get($0)?.details }.contains { details in
                details.status.grantsAccess
                    && details.products.contains {
                        $0.productExternalID == product.externalID || $0.productExternalID == product.id.description
                    }
            }
        }
    }
}

extension Fields {
    fileprivate func billingLink() throws(Refusal) -> BillingLink {
        BillingLink(
            provider: try required("billing_provider"), resource: try required("external_resource_id"),
            version: try optional("external_resource_version"))
    }
}

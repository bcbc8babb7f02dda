internal import Basics
internal import Model

/// The questions that a list of plans answers.
enum PlanFilter {
    static let read: Routes.Filter<Plan> = { query, view in
        let ids: OneOf<Identifier<Plan>> = try query.oneOf("ids")
        let types: OneOf<PlanType> = try query.oneOf(single: "plan_type")
        let published: Bool? = try query.optional("with_published_version")
        // Entitlements and drafts are always shown.
        let _: Bool? = try query.optional("with_entitlements")
        let _: Bool? = try query.optional("include_draft_versions")
        let company: Identifier<Company>? = try query.optional("company_id")
        let alsoOf: Identifier<Company>? = try query.optional("scoped_to_company_id")
        let onlyCustom: Bool? = try query.optional("company_scoped_only")
        let noCustom: Bool? = try query.optional("exclude_company_scoped")
        let search = try query.search()
        let hasContent = try content(query, view)
        let hasRole = try role(query, view)
        let isSold = try sale(query, view)
        return { plan in
            if let company, plan.companyID != company { return false }
            if let alsoOf, let owner = plan.companyID, owner != alsoOf { return false }
            if plan.companyID == nil ? onlyCustom == true : noCustom == true { return false }
            return ids.allows(plan.id) && types.allows(plan.type) && search.allows([plan.name])
                && (published != true || plan.publishedVersionID != nil)
                && hasContent(plan) && hasRole(plan) && isSold(plan)
        }
    }

    /// Of plans that do not grant a feature: in the published version, or in either of two.
    private static func content(_ query: Query, _ view: WireView) throws -> (Plan) -> Bool {
        let published: Identifier<Feature>? = try query.optional("without_entitlement_for")
        let either: Identifier<Feature>? = try query.optional("without_entitlement_for_include_drafts")
        func grants(_ versionID: Identifier<PlanVersion>?, _ feature: Identifier<Feature>?) -> Bool {
            guard let feature, let version = versionID.flatMap({ view.get($0) }) else { return false }
            return version.entitlementIDs.contains { view.get($0)?.featureID == feature }
        }
        return { plan in
            !grants(plan.publishedVersionID ?? plan.draftVersionID, published)
                && !grants(plan.publishedVersionID, either) && !grants(plan.draftVersionID, either)
        }
    }

    /// Of plans that can have a role in the plan group: companies come to these without having agreed to pay.
    private static func role(_ query: Query, _ view: WireView) throws -> (Plan) -> Bool {
        let initial: Bool? = try query.optional("for_initial_plan")
        let fallback: Bool? = try query.optional("for_fallback_plan")
        let trialExpiry: Bool? = try query.optional("for_trial_expiry_plan")
        guard [initial, fallback, trialExpiry].contains(true) else { return { _ in true } }
        let settings = view.planGroup?.settings ?? PlanGroupSettings()
        return { plan in
            guard plan.type == .plan, plan.companyID == nil,
                let version = plan.publishedVersionID.flatMap({ view.get($0) })
            else { return false }
            let isFree = version.chargeType == .free || version.chargeType == .none
            let chargesUse = version.entitlementIDs.contains { view.get($0)?.priceBehavior != nil }
            let costsNothing = !chargesUse && (isFree || version.recurringPrice()?.amount == 0)
            return (initial != true || costsNothing || version.isSelfEndingTrial(in: settings))
                && (fallback != true || isFree && !chargesUse)
                && (trialExpiry != true || costsNothing && !version.isTrialable)
        }
    }

    /// Of plans by the product that a billing provider sells them as, and by who is on them.
    private static func sale(_ query: Query, _ view: WireView) throws -> (Plan) -> Bool {
        let hasProduct: Bool? = try query.optional("has_product_id")
        let unpaid: Bool? = try query.optional("without_paid_product_id")
        let used: Bool? = try query.optional("exclude_unused")
        return { plan in
            let isPaid = plan.billingProductID.map { id in
                view.all(MirroredPrice.self) { $0.details.productID == id }.contains { $0.details.amount > 0 }
            }
            return hasProduct.map { $0 == (plan.billingProductID != nil) } ?? true
                && !(unpaid == true && isPaid == true)
                && !(used == true && view.companyCount(onPlan: plan.id) == 0)
        }
    }
}

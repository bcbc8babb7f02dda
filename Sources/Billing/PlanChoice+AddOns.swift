internal import Basics
internal import Model
internal import Store

extension PlanChoice {
    /// The add-on that a selection names, at the base plan's interval and in its currency.
    static func addOn(
        _ selection: AddOnSelection, to target: Target, of company: Company, _ transaction: Transaction
    ) throws -> AddOn {
        let planID = selection.planID
        guard let plan = try transaction.get(planID), plan.type == .addOn else {
            throw PlanProblem(
                "add_on_unavailable", "plan \(planID) is not an add-on of this environment", plan: planID)
        }
        guard !target.addOns.contains(where: { $0.plan.id == planID }) else {
            throw PlanProblem("selection_invalid", "add-on \(plan.name) is named twice", plan: planID)
        }
        let kept = company.addOns.first { $0.planID == planID }?.versionID
        guard let versionID = selection.versionID ?? kept ?? plan.publishedVersionID,
            let version = try transaction.get(versionID), version.planID == planID, version.status != .draft
        else {
            throw PlanProblem("add_on_unavailable", "add-on \(plan.name) has no such published version", plan: planID)
        }
        if let settings = try transaction.all(PlanGroup.self).first?.settings,
            !settings.allows(addOn: planID, with: target.plan.id)
        {
            throw PlanProblem(
                "add_on_conflicts_with_plan", "add-on \(plan.name) cannot be had with plan \(target.plan.name)",
                plan: planID)
        }
        var addOn = AddOn(plan: plan, version: version, price: try price(selection, plan, version, target, transaction))
        addOn.priceOnce = try priceOnce(selection.priceID, plan, version, in: target.currency)
        return addOn
    }

    private static func price(
        _ selection: AddOnSelection, _ plan: Plan, _ version: PlanVersion, _ target: Target,
        _ transaction: Transaction
    ) throws -> Price? {
        let unbilled = PlanProblem(
            "add_on_requires_billed_plan", "add-on \(plan.name) is paid for, and plan \(target.plan.name) is not",
            plan: plan.id)
        switch version.chargeType {
        case .free, .none, .oneTime:
            if let priceID = selection.priceID, version.chargeType != .oneTime {
                throw PlanProblem(
                    "price_unavailable", "add-on \(plan.name) costs nothing, so it has no price \(priceID)",
                    plan: plan.id, price: priceID)
            }
            if target.price == nil,
                try version.entitlementIDs.contains(where: { try transaction.get($0)?.priceBehavior != nil })
            {
                throw unbilled
            }
            return nil
        case .recurring: break
        }
        guard let base = target.price else { throw unbilled }
        if let priceID = selection.priceID, !version.prices.contains(where: { $0.id == priceID }) {
            throw PlanProblem(
                "price_unavailable", "price \(priceID) is none of add-on \(plan.name)", plan: plan.id, price: priceID)
        }
        let named = version.prices.filter { $0.id == selection.priceID ?? $0.id }
        let fitting = named.filter { $0.interval == base.interval }
        guard let some = fitting.first else {
            throw PlanProblem(
                "add_on_interval_mismatch",
                "add-on \(plan.name) has no such price for the interval of plan \(target.plan.name)", plan: plan.id,
                price: selection.priceID)
        }
        guard let price = fitting.first(where: { $0.currency == base.currency }) else {
            throw PlanProblem(
                "currency_mismatch",
                "add-on \(plan.name) is paid in \(some.currency.code) and plan \(target.plan.name) in "
                    + base.currency.code,
                plan: plan.id, price: some.id)
        }
        return price
    }
}

extension PlanChoice.Target {
    /// Refuses add-ons that would bill the same use a second time.
    func checkUseIsBilledOnce(_ transaction: Transaction) throws {
        var billed: Set<Identifier<Feature>> = []
        for (plan, entitlement) in try entitlements(transaction) where entitlement.isBilledInArrears {
            guard billed.insert(entitlement.featureID).inserted else {
                throw PlanProblem(
                    "add_on_conflicts_with_plan",
                    "add-on \(plan.name) charges for the use of a feature that is charged for already", plan: plan.id,
                    feature: entitlement.featureID)
            }
        }
    }

    var subscribedAddOns: [SubscribedAddOn] {
        addOns.map { SubscribedAddOn(planID: $0.plan.id, versionID: $0.version.id, priceID: $0.price?.id) }
    }
}

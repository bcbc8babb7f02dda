internal import Basics
internal import Catalog
internal import Model
internal import Store

/// A plan change that has been checked: what the company is to be on, and at which prices.
struct PlanChoice {
    struct Target {
        let plan: Plan
        let version: PlanVersion
        /// What recurs; nil for a plan that costs nothing or is paid once.
        let price: Price?
        /// Of a plan that is paid once.
        var priceOnce: Price?
        var payInAdvance: [PayInAdvanceQuantity] = []
        var addOns: [AddOn] = []
        /// To be redeemed for the subscription, else for what is paid once.
        var coupon: Coupon?
    }

    struct AddOn {
        let plan: Plan
        let version: PlanVersion
        /// What recurs; nil for an add-on that costs nothing or is paid once.
        let price: Price?
        /// Of an add-on that is paid once.
        var priceOnce: Price?
    }

    /// Nil: leave the plan.
    let target: Target?
    /// Whether what is unused of the prices paid ahead is credited when the company stops paying.
    var creditsUnused = false
    /// Whether a company that leaves its plan keeps it until its billing period ends.
    var servesOut = false
    /// The subscription goes on whatever the new price is: the plan's version changes, not the plan.
    var keepsSubscription = false
    /// How a subscription begins that the choice starts.
    var beginning = Beginning.paid

    static func resolve(
        _ command: ManagePlan, _ company: Company, _ transaction: Transaction
    ) throws -> Result<PlanChoice, PlanProblem> {
        do {
            let target = try target(command, company, transaction)
            let beginning = try beginning(command, company, target, transaction)
            return .success(
                PlanChoice(
                    target: target, creditsUnused: command.prorate ?? false,
                    servesOut: target == nil && command.cancelImmediately == false, beginning: beginning))
        } catch let problem as PlanProblem {
            return .failure(problem)
        }
    }

    private static func target(
        _ command: ManagePlan, _ company: Company, _ transaction: Transaction
    ) throws -> Target? {
        let selections = command.addOns ?? []
        guard let planID = command.basePlanID else {
            guard command.payInAdvance.isEmpty, command.basePlanVersionID == nil, command.basePlanPriceID == nil,
                selections.isEmpty
            else { throw PlanProblem("selection_invalid", "prices, quantities and add-ons need a base_plan_id") }
            return nil
        }
        guard let plan = try transaction.get(planID), plan.type == .plan, plan.isFor(company.id) else {
            throw PlanProblem("plan_unavailable", "plan \(planID) is not a base plan of this environment", plan: planID)
        }
        let kept = company.plan?.planID == planID ? company.plan?.versionID : nil
        guard let versionID = command.basePlanVersionID ?? kept ?? plan.publishedVersionID,
            let version = try transaction.get(versionID), version.planID == planID, version.status != .draft
        else {
            throw PlanProblem("plan_unavailable", "plan \(plan.name) has no such published version", plan: planID)
        }
        let price = try price(command, plan, version)
        if let price, let running = try company.subscriptionID.flatMap({ try transaction.get($0) }),
            running.currency != price.currency
        {
            throw PlanProblem(
                "subscription_currency_change",
                "the subscription is in \(running.currency.code) and the price in \(price.currency.code)",
                price: price.id)
        }
        var target = Target(plan: plan, version: version, price: price)
        target.priceOnce = try priceOnce(command.basePlanPriceID, plan, version, in: command.currency)
        for selection in selections {
            target.addOns.append(try addOn(selection, to: target, of: company, transaction))
        }
        try target.checkUseIsBilledOnce(transaction)
        target.payInAdvance = try quantities(command, target, transaction)
        target.coupon = try command.coupon(for: target.firstPrice, of: company, transaction)
        return target
    }

    /// The recurring price that the command names or means; nil for a plan without.
    private static func price(_ command: ManagePlan, _ plan: Plan, _ version: PlanVersion) throws -> Price? {
        guard version.chargeType != .oneTime else { return nil }
        let recurring =
            version.chargeType != .recurring
            ? []
            : version.prices.filter { price in
                price.interval.cadence != nil && (command.currency.map { price.currency == $0 } ?? true)
            }
        if version.chargeType == .recurring, recurring.isEmpty {
            throw PlanProblem("price_unavailable", "plan \(plan.name) has no recurring price to pay", plan: plan.id)
        }
        if let priceID = command.basePlanPriceID {
            guard let price = recurring.first(where: { $0.id == priceID }) else {
                throw PlanProblem(
                    "price_unavailable", "price \(priceID) is no recurring price of plan \(plan.name)", plan: plan.id,
                    price: priceID)
            }
            return price
        }
        let preferred: [PriceInterval] = [.monthly, .quarterly, .yearly]
        return preferred.lazy.compactMap { interval in recurring.first { $0.interval == interval } }.first
            ?? recurring.first
    }

    /// What is bought ahead of each pay-in-advance entitlement of the plan and its add-ons.
    private static func quantities(
        _ command: ManagePlan, _ target: Target, _ transaction: Transaction
    ) throws -> [PayInAdvanceQuantity] {
        var quantities: [PayInAdvanceQuantity] = []
        var known: Set<Identifier<Price>> = []
        for (plan, entitlement) in try target.entitlements(transaction) {
            let priced = entitlement.meteredPrices.filter {
                $0.interval == target.price?.interval && $0.currency == target.price?.currency
            }
            if entitlement.priceBehavior != nil, priced.isEmpty {
                throw PlanProblem(
                    "usage_price_missing_for_interval",
                    "plan \(plan.name) has a priced feature without a price for the chosen interval", plan: plan.id,
                    price: target.price?.id, feature: entitlement.featureID)
            }
            guard entitlement.priceBehavior == .payInAdvance else { continue }
            let bought = command.payInAdvance.filter { selection in priced.contains { $0.id == selection.priceID } }
            quantities.append(
                PayInAdvanceQuantity(
                    entitlementID: entitlement.id,
                    quantity: bought.isEmpty ? entitlement.usageQuantity ?? 0 : bought.reduce(0) { $0 + $1.quantity }))
            known.formUnion(priced.map(\.id))
        }
        for selection in command.payInAdvance where !known.contains(selection.priceID) {
            throw PlanProblem(
                "pay_in_advance_price_invalid",
                "price \(selection.priceID) is no pay-in-advance price of \(target.plan.name) or a chosen add-on for "
                    + "the chosen interval",
                price: selection.priceID)
        }
        return quantities
    }
}

extension PlanChoice.Target {
    /// Of the base plan's version, then of those of the add-ons.
    func entitlements(_ transaction: Transaction) throws -> [(plan: Plan, entitlement: PlanEntitlement)] {
        let versions = [(plan, version)] + addOns.map { ($0.plan, $0.version) }
        return try versions.flatMap { plan, version in
            try version.entitlementIDs.map { (plan, try transaction.require($0, "plan entitlement")) }
        }
    }

    /// The base plan, then the add-ons, from now on. What the company has already, it has since then.
    func assignments(of company: Company, at now: Timestamp) -> (base: PlanAssignment, addOns: [PlanAssignment]) {
        let former = company.assignments
        func assignment(_ plan: Plan, _ version: PlanVersion) -> PlanAssignment {
            former.first { $0.versionID == version.id }
                ?? PlanAssignment(planID: plan.id, versionID: version.id, assignedAt: now)
        }
        return (assignment(plan, version), addOns.map { assignment($0.plan, $0.version) })
    }
}

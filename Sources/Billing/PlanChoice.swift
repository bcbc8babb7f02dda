internal import Basics
internal import Catalog
internal import Model
internal import Store

/// A plan change that has been checked: what the company is to be on, and at which price.
struct PlanChoice {
    struct Target {
        let plan: Plan
        let version: PlanVersion
        /// Nil for a plan that costs nothing.
        let price: Price?
        let payInAdvance: [PayInAdvanceQuantity]
    }

    /// Nil: leave the plan.
    let target: Target?

    static func resolve(
        _ command: ManagePlan, _ company: Company, _ transaction: Transaction
    ) throws -> Result<PlanChoice, PlanProblem> {
        guard let planID = command.basePlanID else {
            guard command.payInAdvance.isEmpty, command.basePlanVersionID == nil, command.basePlanPriceID == nil else {
                return .failure(PlanProblem("selection_invalid", "prices and quantities need a base_plan_id"))
            }
            return .success(PlanChoice(target: nil))
        }
        guard let plan = try transaction.get(planID), plan.type == .plan else {
            return .failure(
                PlanProblem("plan_unavailable", "plan \(planID) is not a base plan of this environment", plan: planID))
        }
        let kept = company.plan?.planID == planID ? company.plan?.versionID : nil
        guard let versionID = command.basePlanVersionID ?? kept ?? plan.publishedVersionID,
            let version = try transaction.get(versionID), version.planID == planID, version.status != .draft
        else {
            return .failure(
                PlanProblem("plan_unavailable", "plan \(plan.name) has no such published version", plan: planID))
        }
        return try price(command, company, plan, version, transaction)
    }

    private static func price(
        _ command: ManagePlan, _ company: Company, _ plan: Plan, _ version: PlanVersion, _ transaction: Transaction
    ) throws -> Result<PlanChoice, PlanProblem> {
        guard version.chargeType != .oneTime else {
            return .failure(
                PlanProblem(
                    "plan_unavailable", "plan \(plan.name) is paid once, which is not billed yet", plan: plan.id))
        }
        let recurring =
            version.chargeType != .recurring
            ? []
            : version.prices.filter { price in
                price.interval.cadence != nil && (command.currency.map { price.currency == $0 } ?? true)
            }
        if version.chargeType == .recurring, recurring.isEmpty {
            return .failure(
                PlanProblem("price_unavailable", "plan \(plan.name) has no recurring price to pay", plan: plan.id))
        }
        var chosen: Price?
        if let priceID = command.basePlanPriceID {
            chosen = recurring.first { $0.id == priceID }
            guard chosen != nil else {
                return .failure(
                    PlanProblem(
                        "price_unavailable", "price \(priceID) is no recurring price of plan \(plan.name)",
                        plan: plan.id,
                        price: priceID))
            }
        } else {
            let preferred: [PriceInterval] = [.monthly, .quarterly, .yearly]
            chosen =
                preferred.lazy.compactMap { interval in recurring.first { $0.interval == interval } }.first
                ?? recurring.first
        }
        var quantities: [PayInAdvanceQuantity] = []
        var known: Set<Identifier<Price>> = []
        if let chosen, let old = try company.subscriptionID.flatMap({ try transaction.get($0) }),
            old.currency != chosen.currency
        {
            return .failure(
                PlanProblem(
                    "subscription_currency_change",
                    "the subscription is in \(old.currency.code) and the price in \(chosen.currency.code)",
                    price: chosen.id))
        }
        for entitlementID in version.entitlementIDs {
            let entitlement = try transaction.require(entitlementID, "plan entitlement")
            let priced = entitlement.meteredPrices.filter {
                $0.interval == chosen?.interval && $0.currency == chosen?.currency
            }
            if entitlement.priceBehavior != nil, priced.isEmpty {
                return .failure(
                    PlanProblem(
                        "usage_price_missing_for_interval",
                        "plan \(plan.name) has a priced feature without a price for the chosen interval", plan: plan.id,
                        price: chosen?.id))
            }
            guard entitlement.priceBehavior == .payInAdvance else { continue }
            let bought = command.payInAdvance.filter { selection in priced.contains { $0.id == selection.priceID } }
            quantities.append(
                PayInAdvanceQuantity(
                    entitlementID: entitlementID,
                    quantity: bought.isEmpty ? entitlement.usageQuantity ?? 0 : bought.reduce(0) { $0 + $1.quantity }))
            known.formUnion(priced.map(\.id))
        }
        for selection in command.payInAdvance where !known.contains(selection.priceID) {
            return .failure(
                PlanProblem(
                    "pay_in_advance_price_invalid",
                    "price \(selection.priceID) is no pay-in-advance price of \(plan.name) for the chosen interval",
                    price: selection.priceID))
        }
        return .success(
            PlanChoice(target: Target(plan: plan, version: version, price: chosen, payInAdvance: quantities)))
    }

    /// Makes it so, and records it: the one way in which a company's plan changes, whatever the cause.
    func carryOut(_ company: Company, because cause: PlanChangeCause, _ transaction: Transaction) throws {
        let change = try carryOut(company, transaction)
        try transaction.notePlanChange(of: company.id, from: company, because: cause, change)
    }

    /// Answers what became of the subscription; nil where there is none before and after.
    private func carryOut(_ company: Company, _ transaction: Transaction) throws -> SubscriptionChangeAction? {
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        guard let target else {
            try leave(company, running, transaction)
            return running == nil ? nil : .unsubscribe
        }
        guard let price = target.price else {
            if var running { try running.endBillingUsage(transaction) }
            try assign(target, subscription: nil, transaction, company.id)
            return running == nil ? nil : .unsubscribe
        }
        guard var running else {
            try subscribe(target, price, replacing: nil, company, transaction)
            return .subscribe
        }
        let oldPrice = try BillingTerms(of: running, transaction).price
        if price.interval == running.interval, price.amount >= oldPrice.amount {
            try running.change(to: target, price, transaction)
            try assign(target, subscription: running.id, transaction, company.id)
            return .upgrade
        } else {
            // The seed's rule for downgrades: cancelled, created anew, accrued charges are not carried.
            let owed = try running.correctionLines(transaction) + running.pendingLines
            try running.end(issuing: owed, for: running.period, .afterGrace(transaction), transaction)
            try subscribe(target, price, replacing: running, company, transaction)
            return .downgrade
        }
    }

    private func leave(_ company: Company, _ running: Subscription?, _ transaction: Transaction) throws {
        if var running {
            try running.endBillingUsage(transaction)
        } else {
            var company = company
            company.plan = try PlanGroup.fallback(transaction)
            company.updatedAt = transaction.now
            try transaction.put(company)
        }
    }

    private func subscribe(
        _ target: Target, _ price: Price, replacing old: Subscription?, _ company: Company, _ transaction: Transaction
    ) throws {
        let zone = try company.billingProfile.timezone ?? transaction.environment().billing.timezone
        var subscription = Subscription(
            id: transaction.newID(), environmentID: transaction.environmentID, companyID: company.id,
            planID: target.plan.id, versionID: target.version.id, price: price, timezone: zone,
            usageCarriedFrom: Self.usageWindowStart(old, at: transaction.now), startedAt: transaction.now)
        subscription.payInAdvance = target.payInAdvance
        let ended = try company.endedSubscriptionIDs.compactMap { try transaction.get($0) }
        if ended.contains(where: { $0.hasBilledItsEnd && $0.endedAt == transaction.now }) {
            subscription.meteredFrom = transaction.now + Subscription.instant
        }
        let terms = try BillingTerms(of: subscription, transaction)
        let lines = try subscription.advanceLines(for: subscription.period, terms, transaction)
        _ = try subscription.issue(lines, for: subscription.period, .now(transaction), transaction)
        try transaction.put(subscription)
        transaction.schedule(
            DueItem(at: subscription.period.end, task: .closePeriod, ordinal: subscription.id.ordinal))
        try assign(target, subscription: subscription.id, transaction, company.id)
    }

    /// The count so far carries into the first window of a new subscription: where the window in force until now began.
    private static func usageWindowStart(_ old: Subscription?, at now: Timestamp) -> Timestamp {
        let window = UsageWindow(.currentMonth, monthReset: .billingCycle, at: now, cycle: old?.cycle(at: now))
        guard let start = window.start else { preconditionFailure("a month has a start") }
        guard let old, start <= old.startedAt else { return start }
        return old.usageCarriedFrom
    }

    private func assign(
        _ target: Target, subscription: Identifier<Subscription>?, _ transaction: Transaction,
        _ companyID: Identifier<Company>
    ) throws {
        var company = try transaction.require(companyID, "company")
        if company.plan?.versionID != target.version.id {
            company.plan = PlanAssignment(
                planID: target.plan.id, versionID: target.version.id, assignedAt: transaction.now)
        }
        company.subscriptionID = subscription
        company.updatedAt = transaction.now
        try transaction.put(company)
    }
}

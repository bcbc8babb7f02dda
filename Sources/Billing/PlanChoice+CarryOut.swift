internal import Basics
internal import Catalog
internal import Model
internal import Store

extension PlanChoice {
    /// Makes it so, and records it: the one way in which a company's plan changes, whatever the cause.
    ///
    /// - Parameters:
    ///   - timing: when credit and charge are billed; nil: as the plan group has it.
    ///   - action: what becomes of the subscription, where a part of that has happened already; nil: it is looked at.
    @discardableResult
    func carryOut(
        _ company: Company, because cause: PlanChangeCause, prorated timing: ProrationTiming? = nil,
        as action: SubscriptionChangeAction? = nil, _ transaction: Transaction
    ) throws -> PlanChangeEffect {
        // What the system does by itself is no choice about the subscription.
        var effect = PlanChangeEffect(
            action: cause.action == .subscriptionChange ? nil : try action ?? self.action(for: company, transaction))
        let settings = try transaction.all(PlanGroup.self).first?.settings ?? PlanGroupSettings()
        try carryOut(company, timing ?? ProrationTiming(settings.prorationBehavior), &effect, transaction)
        // What recurs stays last: that is the invoice that a checkout answers with.
        if let invoice = try billPurchases(of: company, transaction) { effect.invoices.insert(invoice, at: 0) }
        try transaction.cancelPendingCheckout(of: company.id)
        try transaction.notePlanChange(of: company.id, from: company, because: cause, effect.action)
        return effect
    }

    /// What becomes of the subscription; nil when that stays as it is, or there is none before and after.
    ///
    /// The base price decides; where it stays the same, another plan or version, or more of anything is an upgrade,
    /// less a downgrade. Source of the rule: Schematic, plan changes, PC-30 and PC-31.
    func action(for company: Company, _ transaction: Transaction) throws -> SubscriptionChangeAction? {
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        guard let target, let price = target.price else { return running == nil || servesOut ? nil : .unsubscribe }
        if let running, running.status == .trialing {
            return continuesTrial(running) || keepsSubscription ? nil : .upgradeTrial
        }
        guard let running else { return .subscribe }
        let old = try BillingTerms(of: running, transaction).price
        if price.amount != old.amount { return price.amount > old.amount ? .upgrade : .downgrade }
        if running.versionID != target.version.id || price.interval != old.interval { return .upgrade }
        let addOns = target.subscribedAddOns
        if addOns.contains(where: { !running.addOns.contains($0) }) { return .upgrade }
        let grows = target.payInAdvance.contains { new in
            running.payInAdvance.contains { $0.entitlementID == new.entitlementID && $0.quantity < new.quantity }
        }
        if grows { return .upgrade }
        if addOns.count < running.addOns.count || running.payInAdvance != target.payInAdvance { return .downgrade }
        return running.cancelAtPeriodEnd || running.priceID != price.id ? .adjustment : nil
    }

    private func carryOut(
        _ company: Company, _ timing: ProrationTiming, _ effect: inout PlanChangeEffect, _ transaction: Transaction
    ) throws {
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        if let running, running.status == .trialing {
            return try leaveTrial(running, company, &effect, transaction)
        }
        guard let target, let price = target.price else {
            return try leave(for: target, company, running, &effect, transaction)
        }
        guard var running else { return try subscribe(target, price, company, &effect, transaction) }
        let oldPrice = try BillingTerms(of: running, transaction).price
        guard keepsSubscription || price.amount >= oldPrice.amount else {
            // The seed's rule for downgrades: cancelled, created anew, accrued charges are not carried.
            effect.proration = timing == .never ? [] : try running.unusedAdvance(transaction)
            let owed = try running.owedAtDowngrade(transaction)
            try running.end(issuing: owed, for: running.period, .afterGrace(transaction), transaction)
            try running.credit(effect.proration, transaction)
            return try subscribe(target, price, replacing: running, company, &effect, transaction)
        }
        guard price.interval == running.interval else {
            // Another calendar: the accrued use is billed, and what is unused of the old price is credited on the first
            // invoice of the new one.
            effect.proration = timing == .never ? [] : try running.unusedAdvance(transaction)
            effect.timing = effect.proration.isEmpty ? nil : .now
            try running.endBillingUsage(transaction)
            return try subscribe(target, price, replacing: running, company, &effect, transaction)
        }
        if let coupon = target.coupon { try running.redeem(coupon, transaction) }
        try running.change(to: target, price, timing, &effect, transaction)
        try assign(target, subscription: running.id, company, transaction)
    }

    /// Gives up paying by the period: for a plan that costs nothing or is paid once or, without one, for the fallback
    /// plan.
    private func leave(
        for target: Target?, _ company: Company, _ running: Subscription?, _ effect: inout PlanChangeEffect,
        _ transaction: Transaction
    ) throws {
        if var running, servesOut { return try running.cancelAtEnd(transaction) }
        if var running {
            effect.proration = creditsUnused ? try running.unusedAdvance(transaction) : []
            try running.endBillingUsage(transaction)
            try running.credit(effect.proration, transaction)
        }
        if let target { return try assign(target, subscription: nil, company, transaction) }
        guard running == nil else { return }
        var company = company
        company.plan = try PlanGroup.fallback(transaction)
        company.addOns = []
        company.updatedAt = transaction.now
        try transaction.put(company)
    }

    func subscribe(
        _ target: Target, _ price: Price, replacing old: Subscription? = nil, _ company: Company,
        _ effect: inout PlanChangeEffect, _ transaction: Transaction
    ) throws {
        var subscription = try target.subscription(transaction.newID(), price, company, replacing: old, transaction)
        // Whoever had a coupon keeps it with another plan.
        subscription.discount = old?.discount
        if let coupon = target.coupon { try subscription.redeem(coupon, transaction) }
        let credits = effect.timing == .now ? effect.proration : []
        if let invoice = try subscription.begin(beginning, adding: credits, transaction) {
            effect.invoices.append(invoice)
        }
        try assign(target, subscription: subscription.id, company, transaction)
    }

    /// The count so far carries into the first window of a new subscription: where the window in force until now began.
    static func usageWindowStart(_ old: Subscription?, at now: Timestamp) -> Timestamp {
        let window = UsageWindow(.currentMonth, monthReset: .billingCycle, at: now, cycle: old?.cycle(at: now))
        guard let start = window.start else { preconditionFailure("a month has a start") }
        guard let old, start <= old.startedAt else { return start }
        return old.usageCarriedFrom
    }

    /// - Parameter before: the company as it was before the change.
    func assign(
        _ target: Target, subscription: Identifier<Subscription>?, _ before: Company, _ transaction: Transaction
    ) throws {
        var company = try transaction.require(before.id, "company")
        let (base, addOns) = target.assignments(of: before, at: transaction.now)
        company.plan = base
        company.addOns = addOns
        company.subscriptionID = subscription
        company.updatedAt = transaction.now
        try transaction.put(company)
    }
}

extension PlanChoice.Target {
    /// A new subscription to it from now on, not put yet.
    func subscription(
        _ id: Identifier<Subscription>, _ price: Price, _ company: Company, replacing old: Subscription?,
        _ transaction: Transaction
    ) throws -> Subscription {
        let zone = try company.billingProfile.timezone ?? transaction.environment().billing.timezone
        var subscription = Subscription(
            id: id, environmentID: transaction.environmentID, companyID: company.id,
            planID: plan.id, versionID: version.id, price: price, timezone: zone,
            usageCarriedFrom: PlanChoice.usageWindowStart(old, at: transaction.now), startedAt: transaction.now)
        subscription.payInAdvance = payInAdvance
        subscription.addOns = subscribedAddOns
        // What the company had until now may have billed use of this very instant, and what it used is not for the new.
        let ended = try transaction.require(company.id, "company").endedSubscriptionIDs
            .compactMap { try transaction.get($0) }.filter { $0.endedAt.map { transaction.now <= $0 } ?? false }
        if !ended.isEmpty {
            let billed = ended.compactMap { $0.hasBilledItsEnd ? $0.endedAt.map { $0 + Subscription.instant } : nil }
            let parted = try transaction.partInstant(
                of: company.id, BillingTerms(of: subscription, transaction).meters)
            subscription.meteredFrom = (billed + [parted].compactMap(\.self)).max()
        }
        return subscription
    }
}

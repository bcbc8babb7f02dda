internal import Basics
internal import Catalog
internal import Model
internal import Store

extension PlanChoice {
    /// How the subscription begins that `/manage-plan` asks for. Throws the problem that stands in the way of a trial
    /// or of a billing day.
    ///
    /// Source of the rules: Schematic, "Manage plan", trials and billing cycle anchors.
    static func beginning(
        _ command: ManagePlan, _ company: Company, _ target: Target?, _ transaction: Transaction
    ) throws -> Beginning {
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        if let end = command.trialEnd {
            try checkTrial(until: end, command, running, target, transaction)
            let settings = try transaction.all(PlanGroup.self).first?.settings
            return .trial(until: end, ending: (settings ?? PlanGroupSettings()).trialEnding)
        }
        if command.isSelfServe == true, let target {
            return try selfServiceBeginning(company, target, skipsTrial: command.skipsTrial ?? false, transaction)
        }
        guard let anchor = command.billingCycleAnchor else {
            guard command.proratesFirstPeriod != true else {
                throw PlanProblem(
                    "prorate_first_period_without_anchor", "prorate_first_period needs a billing_cycle_anchor")
            }
            return .paid
        }
        guard target?.price != nil else {
            throw PlanProblem(
                "billing_cycle_anchor_without_plan", "billing_cycle_anchor needs a plan that is billed",
                plan: target?.plan.id)
        }
        guard running == nil else {
            throw PlanProblem(
                "billing_cycle_anchor_needs_new_subscription",
                "billing_cycle_anchor can only be set when a subscription starts")
        }
        guard transaction.now < anchor else {
            throw PlanProblem(
                "billing_cycle_anchor_must_be_future", "billing_cycle_anchor \(anchor.rfc3339) is not in the future")
        }
        return .stub(until: anchor, isFree: command.proratesFirstPeriod == false)
    }

    private static func checkTrial(
        until end: Timestamp, _ command: ManagePlan, _ running: Subscription?, _ target: Target?,
        _ transaction: Transaction
    ) throws {
        try TrialLimits.check(end, transaction)
        guard command.billingCycleAnchor == nil else {
            throw PlanProblem(
                "billing_cycle_anchor_conflicts_with_trial",
                "the end of the trial is where billing begins: billing_cycle_anchor cannot be another instant")
        }
        guard let target else { throw PlanProblem("plan_not_trialable", "a trial needs a base_plan_id") }
        let plan = target.plan
        guard target.version.isTrialable, target.price != nil else {
            throw PlanProblem("plan_not_trialable", "plan \(plan.name) cannot be tried", plan: plan.id)
        }
        guard running?.status != .active else {
            throw PlanProblem(
                "plan_not_trialable", "the company pays for a subscription already, which cannot become a trial",
                plan: plan.id)
        }
        guard target.addOns.isEmpty else {
            throw PlanProblem("trial_excludes_add_ons", "a trial cannot have add-ons", plan: plan.id)
        }
        guard command.payInAdvance.isEmpty,
            try target.entitlements(transaction).allSatisfy({ $0.entitlement.priceBehavior == nil })
        else {
            throw PlanProblem(
                "trial_excludes_usage_based", "plan \(plan.name) charges for use, which a trial cannot", plan: plan.id)
        }
    }

    /// How a subscription begins that a customer buys: with the plan's trial, where the company may still have it.
    /// Throws the problem of a trial that cannot begin.
    ///
    /// - Parameter skipsTrial: the customer wants to pay at once.
    private static func selfServiceBeginning(
        _ company: Company, _ target: Target, skipsTrial: Bool, _ transaction: Transaction
    ) throws -> Beginning {
        let settings = try transaction.all(PlanGroup.self).first?.settings ?? PlanGroupSettings()
        guard !skipsTrial, target.price != nil, company.subscriptionID == nil,
            let length = company.trialLength(of: target.version, in: settings)
        else { return .paid }
        if settings.trialNeedsPaymentMethod, try !transaction.hasPaymentMethod(company.id) {
            throw PlanProblem(
                "payment_method_required", "a trial of plan \(target.plan.name) needs a payment method",
                plan: target.plan.id)
        }
        return .trial(until: transaction.now + .days(length), ending: settings.trialEnding)
    }

    /// Whether the trial that runs goes on, of the same plan at the same price, up to another end.
    func continuesTrial(_ trial: Subscription) -> Bool {
        guard case .trial = beginning else { return false }
        return target?.plan.id == trial.planID && target?.price?.id == trial.priceID
            && target?.version.id == trial.versionID
    }

    /// Carries out a choice for a company whose trial runs: it goes on, or ends now.
    func leaveTrial(
        _ trial: Subscription, _ company: Company, _ effect: inout PlanChangeEffect, _ transaction: Transaction
    ) throws {
        var trial = trial
        guard let target, let price = target.price else {
            if servesOut { return try trial.cancelAtEnd(transaction) }
            try trial.expire(transaction)
            if let target { try assign(target, subscription: nil, company, transaction) }
            return
        }
        if keepsSubscription {
            trial.take(target, price)
            try transaction.put(trial)
            return try assign(target, subscription: trial.id, company, transaction)
        }
        if let coupon = target.coupon { try trial.redeem(coupon, transaction) }
        switch beginning {
        case .trial(let end, _) where continuesTrial(trial):
            if let coupon = target.coupon { try trial.redeem(coupon, transaction) }
            try trial.moveTrialEnd(to: end, transaction)
        case .paid where price.interval == trial.interval && price.currency == trial.currency:
            trial.take(target, price)
            if let coupon = target.coupon { try trial.redeem(coupon, transaction) }
            if let invoice = try trial.convert(transaction) { effect.invoices.append(invoice) }
            try assign(target, subscription: trial.id, company, transaction)
        case .paid, .trial, .stub:
            try trial.expire(transaction)
            try subscribe(target, price, replacing: trial, company, &effect, transaction)
        }
    }
}

extension PlanGroupSettings {
    /// What trials that begin now become when they end.
    var trialEnding: TrialEnding { trialNeedsPaymentMethod ? .subscribe : .cancel }
}

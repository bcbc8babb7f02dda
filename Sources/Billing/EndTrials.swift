public import Basics
internal import Catalog
public import Model
public import Store

/// Ends several trials whose time is over now: each is paid for from now on, or the company comes to the trial-expiry
/// plan.
///
/// A trial that has been moved, left or converted meanwhile is passed over, so doing it twice does it once.
package struct EndTrials: Command {
    package static let name = "end_trials"

    package let subscriptionIDs: [Identifier<Subscription>]

    package init(subscriptionIDs: [Identifier<Subscription>]) {
        self.subscriptionIDs = subscriptionIDs
    }

    /// The first invoices of those that are paid for.
    package func apply(_ transaction: Transaction) throws -> [Invoice] {
        var invoices: [Invoice] = []
        try transaction.keepAppointments(.endTrial, of: subscriptionIDs) { subscription in
            guard subscription.status == .trialing, subscription.anchor == transaction.now else { return }
            var subscription = subscription
            if let invoice = try subscription.finishTrial(transaction) { invoices.append(invoice) }
        }
        return invoices
    }
}

/// Moves the end of a running trial, or ends it now.
public struct EditTrialEnd: Command {
    public static let name = "edit_trial_end"

    public let subscriptionID: Identifier<Subscription>
    /// Nil: now. The trial becomes then what it would have become at its end.
    public let trialEnd: Timestamp?

    public init(subscriptionID: Identifier<Subscription>, trialEnd: Timestamp?) {
        self.subscriptionID = subscriptionID
        self.trialEnd = trialEnd
    }

    public func apply(_ transaction: Transaction) throws -> Subscription {
        var subscription = try transaction.require(subscriptionID, "subscription")
        guard subscription.status == .trialing else {
            throw Refusal.conflict("subscription \(subscriptionID) is not trialing: it has no trial end to change")
        }
        guard let trialEnd else {
            _ = try subscription.finishTrial(transaction)
            return try transaction.require(subscriptionID, "subscription")
        }
        do {
            try TrialLimits.check(trialEnd, transaction)
        } catch {
            throw Refusal.invalid("\(error.code): \(error.message)")
        }
        try subscription.moveTrialEnd(to: trialEnd, transaction)
        return subscription
    }
}

/// How long a trial may last.
enum TrialLimits {
    private static let longest = TimeSpan.days(730)

    static func check(_ end: Timestamp, _ transaction: Transaction) throws(PlanProblem) {
        guard transaction.now < end else {
            throw PlanProblem("trial_end_must_be_future", "trial_end \(end.rfc3339) is not in the future")
        }
        guard end <= transaction.now + longest else {
            throw PlanProblem("trial_end_too_far", "trial_end \(end.rfc3339) is more than 730 days away")
        }
    }
}

extension Subscription {
    /// Does now what the trial was begun for. Answers the first invoice when it is paid for.
    fileprivate mutating func finishTrial(_ transaction: Transaction) throws -> Invoice? {
        let company = try transaction.require(companyID, "company")
        if trialEnding == .subscribe, !cancelAtPeriodEnd, try transaction.hasPaymentMethod(companyID) {
            return try convert(transaction)
        }
        try PlanChoice.afterTrial(transaction).carryOut(
            company, because: PlanChangeCause(.subscriptionChange, .trialExpiry, by: .system), transaction)
        return nil
    }
}

extension PlanChoice {
    /// Where a trial leads that nobody pays for: to the trial-expiry plan, else to the fallback plan.
    fileprivate static func afterTrial(_ transaction: Transaction) throws -> PlanChoice {
        guard let settings = try transaction.all(PlanGroup.self).first?.settings,
            let planID = settings.trialExpiryPlanID, let plan = try transaction.get(planID),
            let versionID = plan.publishedVersionID
        else { return PlanChoice(target: nil) }
        let version = try transaction.require(versionID, "plan version")
        return PlanChoice(
            target: Target(
                plan: plan, version: version, price: version.recurringPrice(settings.trialExpiryPriceID)))
    }
}

package import Basics
package import Model

/// What counting and decisions need to know of the subscription that bills a company now. Immutable.
package final class SubscriptionFacts: Sendable {
    /// The quantities bought ahead.
    let purchased: [Identifier<PlanEntitlement>: Int64]
    /// Nil for a plan that is paid once, which has no cycle.
    private let periods: SubscriptionPeriods?
    package let startedAt: Timestamp
    /// From when on use is billed: after a trial, and after what an earlier subscription has billed.
    package let billedFrom: Timestamp
    /// The periods that were closed, kept while events may still arrive for them.
    package let billedPeriods: [BilledPeriod]
    private let periodIndex: Int
    private let usageCarriedFrom: Timestamp
    /// The window that was last asked for, and when it counts: computing it costs 1 to 2 µs.
    private let known = Locked<(counts: UsageWindow, window: UsageWindow)?>(nil)

    init(_ subscription: Subscription) {
        purchased = Dictionary(subscription.payInAdvance.map { ($0.entitlementID, $0.quantity) }) { _, last in last }
        periods = subscription.interval.cadence == nil ? nil : subscription.periods
        startedAt = subscription.startedAt
        billedFrom = max(
            subscription.trialEndsAt ?? subscription.startedAt, subscription.meteredFrom ?? subscription.startedAt)
        periodIndex = subscription.periodIndex
        billedPeriods = subscription.billedPeriods
        usageCarriedFrom = subscription.usageCarriedFrom
    }

    /// The billing period that runs as far as closing has come; nil for a plan without a cycle.
    package var period: Period? { periods?.period(periodIndex) }

    /// The billing-cycle month at an instant; nil for a plan without a cycle.
    ///
    /// In the first one the count goes on from the window that was in force before: a change of plan never zeroes a
    /// counter. Rule: Schematic, plan changes, PC-13.
    func billingMonth(at now: Timestamp) -> UsageWindow? {
        if let known = known.withLock({ $0 }), known.counts.contains(now) { return known.window }
        guard let periods else { return nil }
        let counts = UsageWindow(.currentMonth, monthReset: .billingCycle, at: now, cycle: periods.cycle(at: now))
        var window = counts
        if let start = counts.start, counts.contains(startedAt) {
            window = UsageWindow(start: min(start, usageCarriedFrom), end: counts.end)
        }
        known.withLock { $0 = (counts, window) }
        return window
    }
}

public import Basics

extension Subscription {
    /// The calendar that all billing periods from the anchor on are computed from, by index.
    public var calendar: BillingCalendar {
        guard let cadence = interval.cadence, let zone = Zone(timezone) else {
            preconditionFailure("subscription \(id) was stored with interval \(interval) in zone \(timezone)")
        }
        return BillingCalendar(anchor: anchor, zone: zone, cadence: cadence)
    }

    public var periods: SubscriptionPeriods { SubscriptionPeriods(calendar, from: startedAt) }

    /// The shortest time: an end put off by it includes its instant.
    package static let instant = TimeSpan(milliseconds: 1)

    /// The billing period that runs now; its end is the next boundary.
    public var period: Period { periods.period(periodIndex) }

    /// What the running period bills the use of.
    public var meteredPeriod: Period { metered(in: period) }

    /// What one of its billing periods bills the use of: nothing of a trial.
    package func metered(in period: Period) -> Period {
        let from = max(meteredFrom ?? period.start, trialEnding == nil ? period.start : anchor)
        return Period(start: max(period.start, min(from, period.end)), end: period.end)
    }

    /// The whole period that the prices of the running one are for, which is longer than a stub; nil while nothing is
    /// charged.
    package var pricedPeriod: Period? {
        guard periodIndex < 0 else { return period }
        return isLeadInFree ? nil : calendar.period(-1)
    }

    /// When the trial ends or ended; nil for a subscription that did not begin with one.
    public var trialEndsAt: Timestamp? { trialEnding == nil ? nil : anchor }

    /// Whether it still serves the company, paid or not.
    public var isLive: Bool { status != .canceled }

    /// What a billing-cycle usage window needs to know at an instant. The period comes from the calendar, not from how
    /// far closing has come, so that windows turn on time.
    public func cycle(at now: Timestamp) -> BillingCycle {
        periods.cycle(at: now)
    }

    /// Puts the first full period off: from the start to there the lead-in runs.
    ///
    /// - Parameter trial: what it becomes when it ends, when the lead-in is a trial.
    package mutating func leadIn(until anchor: Timestamp, isFree: Bool, trial: TrialEnding? = nil) {
        precondition(startedAt <= anchor, "a lead-in cannot end at \(anchor) before it starts at \(startedAt)")
        self.anchor = anchor
        periodIndex = startedAt < anchor ? -1 : 0
        isLeadInFree = isFree
        trialEnding = trial
        status = trial == nil ? .active : .trialing
    }

    /// Moves the end of the trial that runs.
    package mutating func moveTrialEnd(to end: Timestamp) {
        precondition(status == .trialing, "subscription \(id) is no trial")
        leadIn(until: max(end, startedAt), isFree: true, trial: trialEnding)
    }

    /// The first full period begins, at the anchor.
    package mutating func endTrial() {
        precondition(status == .trialing, "subscription \(id) is no trial")
        status = .active
        periodIndex = 0
    }
}

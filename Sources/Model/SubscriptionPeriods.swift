public import Basics

/// The billing periods of one subscription: those of its calendar from the anchor on, and before them the lead-in, when
/// the anchor lies after the start: a trial, or the stub up to a billing day that was chosen.
///
/// The lead-in is period −1. Together they tile the time from the start on.
public struct SubscriptionPeriods: Hashable, Sendable {
    public let calendar: BillingCalendar
    public let leadIn: Period?

    public init(_ calendar: BillingCalendar, from start: Timestamp) {
        self.calendar = calendar
        leadIn = start < calendar.anchor ? Period(start: start, end: calendar.anchor) : nil
    }

    public func period(_ index: Int) -> Period {
        if index < 0, let leadIn { return leadIn }
        return calendar.period(index)
    }

    /// What a billing-cycle usage window needs to know at an instant: months are counted from the start of the lead-in
    /// while that lasts, so that they stay where they are when a trial's end is moved.
    public func cycle(at now: Timestamp) -> BillingCycle {
        guard let leadIn, now < leadIn.end else { return calendar.cycle(at: now) }
        return BillingCycle(anchor: leadIn.start, zone: calendar.zone, period: leadIn)
    }

    /// The stretches around an instant within which no window of the subscription begins or ends: its period, and the
    /// month of its billing cycle.
    package func uncut(around instant: Timestamp) -> [Period] {
        guard let leadIn, instant < leadIn.end else {
            let months = BillingCalendar(anchor: calendar.anchor, zone: calendar.zone, cadence: .monthly)
            return [calendar.period(containing: instant).period, months.period(containing: instant).period]
        }
        let months = BillingCalendar(anchor: leadIn.start, zone: calendar.zone, cadence: .monthly)
        return [leadIn, months.period(containing: instant).period]
    }
}

public import Basics

extension Subscription {
    /// The calendar that all billing periods are computed from, by index.
    public var calendar: BillingCalendar {
        guard let cadence = interval.cadence, let zone = Zone(timezone) else {
            preconditionFailure("subscription \(id) was stored with interval \(interval) in zone \(timezone)")
        }
        return BillingCalendar(anchor: anchor, zone: zone, cadence: cadence)
    }

    /// The shortest time: an end put off by it includes its instant.
    package static let instant = TimeSpan(milliseconds: 1)

    /// The billing period that runs now; its end is the next boundary.
    public var period: Period { calendar.period(periodIndex) }

    /// What the running period bills the use of.
    public var meteredPeriod: Period { metered(in: period) }

    /// What one of its billing periods bills the use of.
    package func metered(in period: Period) -> Period {
        Period(start: max(period.start, min(meteredFrom ?? period.start, period.end)), end: period.end)
    }

    /// What a billing-cycle usage window needs to know at an instant. The period comes from the calendar, not from how
    /// far closing has come, so that windows turn on time.
    public func cycle(at now: Timestamp) -> BillingCycle {
        calendar.cycle(at: now)
    }
}

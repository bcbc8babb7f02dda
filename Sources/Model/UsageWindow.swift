public import Basics

/// The stretch over which a metered limit counts usage. On the wire `metric_period`.
public enum MetricPeriod: String, Hashable, Sendable, Codable, CaseIterable {
    case allTime = "all_time"
    case currentDay = "current_day"
    case currentWeek = "current_week"
    case currentMonth = "current_month"
}

/// When a `currentMonth` limit starts anew. On the wire `metric_period_month_reset`.
public enum MetricPeriodMonthReset: String, Hashable, Sendable, Codable, CaseIterable {
    case firstOfMonth = "first_of_month"
    case billingCycle = "billing_cycle"
}

/// What a billing-cycle month needs to know of a subscription: the anchor of its calendar and its present period.
public struct BillingCycle: Hashable, Sendable {
    public let anchor: Timestamp
    public let zone: Zone
    public let period: Period

    public init(anchor: Timestamp, zone: Zone, period: Period) {
        self.anchor = anchor
        self.zone = zone
        self.period = period
    }
}

/// The half-open window `[start, end)` in which usage counts against a limit; nil is open.
///
/// `end` is the wire's `metric_reset_at`. Days, weeks (from Sunday) and calendar months are UTC and cost some integer
/// arithmetic; a billing-cycle month is computed in the company's zone in about 1 µs, so ask once and keep the answer
/// while it contains the time. Rules: Schematic, "Entitlements".
public struct UsageWindow: Hashable, Sendable {
    public let start: Timestamp?
    public let end: Timestamp?

    public static let allTime = UsageWindow(start: nil, end: nil)

    public init(start: Timestamp?, end: Timestamp?) {
        self.start = start
        self.end = end
    }

    /// The window that contains `now`. `monthReset` and `cycle` matter to `currentMonth` only.
    public init(
        _ metricPeriod: MetricPeriod, monthReset: MetricPeriodMonthReset = .firstOfMonth, at now: Timestamp,
        cycle: BillingCycle? = nil
    ) {
        switch (metricPeriod, monthReset, cycle) {
        case (.allTime, _, _): self = .allTime
        case (.currentDay, _, _): self.init(days: 1, startingOnDay: 0, at: now)
        // Day 3 of 1970 was the first Sunday.
        case (.currentWeek, _, _): self.init(days: 7, startingOnDay: 3, at: now)
        case (.currentMonth, .billingCycle, let cycle?): self.init(monthOf: cycle, at: now)
        case (.currentMonth, _, _): self.init(calendarMonthAt: now)
        }
    }

    public func contains(_ instant: Timestamp) -> Bool {
        if let start, instant < start { return false }
        if let end, instant >= end { return false }
        return true
    }

    private init(days: Int64, startingOnDay firstDay: Int64, at now: Timestamp) {
        let length = days * millisecondsPerDay
        let first = firstDay * millisecondsPerDay
        let index = (now.milliseconds - first).floorDivided(by: length)
        let start = Timestamp(milliseconds: first + index * length)
        self.init(start: start, end: Timestamp(milliseconds: start.milliseconds + length))
    }

    private init(calendarMonthAt now: Timestamp) {
        let today = CivilTime(utc: now)
        let first = CivilTime(year: today.year, month: today.month, day: 1)!
        self.init(start: first.utcInstant, end: first.adding(months: 1).utcInstant)
    }

    /// The month between two monthly returns of the cycle's anchor, cut at the bounds of the subscription's period.
    /// Before that period the calendar month counts, up to its start. At or after its end (a renewal that has not been
    /// worked through yet) the month begins no earlier than that end.
    private init(monthOf cycle: BillingCycle, at now: Timestamp) {
        guard cycle.period.start <= now else {
            let month = UsageWindow(calendarMonthAt: now)
            self.init(start: month.start, end: min(month.end!, cycle.period.start))
            return
        }
        let calendar = BillingCalendar(anchor: cycle.anchor, zone: cycle.zone, cadence: .monthly)
        let (_, month) = calendar.period(containing: now)
        if now < cycle.period.end {
            self.init(start: max(month.start, cycle.period.start), end: min(month.end, cycle.period.end))
        } else {
            self.init(start: max(month.start, cycle.period.end), end: month.end)
        }
    }
}

package import Basics
package import Model

/// Where counted usage comes from: the counters, asked while a flag is decided.
///
/// A decision asks only for what its conditions and its entitlement need, and for the feature's own counter once per
/// span. A source is handed on and never kept, so that it may live on the caller's stack: a decision allocates nothing.
package protocol UsageSource {
    associatedtype Failure: Error

    /// What a company has used by a meter in the span that contains `now`; zeros when nothing was counted.
    func reading(
        of meter: Identifier<Meter>, over span: UsageSpan, by company: Identifier<Company>, at now: Timestamp
    ) throws(Failure) -> UsageReading

    /// Units that a company's open reservations hold against a trait, such as seats being handed out.
    func unitsHeld(
        of trait: Identifier<TraitDefinition>, by company: Identifier<Company>, at now: Timestamp
    ) throws(Failure) -> Int64
}

/// One counter at one instant.
package struct UsageReading: Equatable, Sendable {
    /// Units counted; negative after corrections that exceed the use.
    package var usage: Int64
    /// Units held by open reservations. They count as used, but are never shown as usage.
    package var held: Int64
    /// When the span starts anew; nil for all time. The source had to know the span's window to find the counter.
    package var resetsAt: Timestamp?

    package init(usage: Int64, held: Int64 = 0, resetsAt: Timestamp? = nil) {
        self.usage = usage
        self.held = held
        self.resetsAt = resetsAt
    }
}

/// The five spans over which a limit may count: `metric_period` and `metric_period_month_reset` in one.
package enum UsageSpan: Int, CaseIterable, Sendable {
    case allTime, day, week, calendarMonth, billingMonth

    /// A missing period is all time, a missing reset the first of the month.
    package init(_ period: MetricPeriod?, monthReset: MetricPeriodMonthReset?) {
        self =
            switch period {
            case nil, .allTime: .allTime
            case .currentDay: .day
            case .currentWeek: .week
            case .currentMonth: monthReset == .billingCycle ? .billingMonth : .calendarMonth
            }
    }

    package var period: MetricPeriod {
        switch self {
        case .allTime: .allTime
        case .day: .currentDay
        case .week: .currentWeek
        case .calendarMonth, .billingMonth: .currentMonth
        }
    }

    /// Nil where it does not matter.
    package var monthReset: MetricPeriodMonthReset? {
        switch self {
        case .allTime, .day, .week: nil
        case .calendarMonth: .firstOfMonth
        case .billingMonth: .billingCycle
        }
    }
}

/// What a feature's use is counted by.
enum UsageBasis: Equatable, Sendable {
    case event(Identifier<Meter>)
    case trait(Identifier<TraitDefinition>)
    /// Nothing counts: a boolean feature, or one whose event or trait has not been named yet.
    case none

    init(_ feature: Feature, meters: [String: Meter]) {
        self =
            switch feature.type {
            case .boolean: .none
            case .event:
                (feature.meterID ?? feature.eventSubtype.flatMap { meters[$0]?.id }).map(UsageBasis.event) ?? .none
            case .trait, .license: feature.traitID.map(UsageBasis.trait) ?? .none
            }
    }
}

extension Int64 {
    /// The sum, held at the nearest end of the range: counts and limits near it still compare the right way.
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflowed) = addingReportingOverflow(other)
        return overflowed ? (other < 0 ? .min : .max) : sum
    }
}

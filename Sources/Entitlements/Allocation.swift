internal import Model

/// How much of a feature is allowed.
package enum Allocation: Equatable, Sendable {
    case off
    case on
    /// Units in the entitlement's span.
    case limited(Int64)
    case unlimited

    /// The number that use must stay within; nil when no number limits it.
    package var limit: Int64? {
        if case .limited(let limit) = self { limit } else { nil }
    }

    /// 0 for what is off, 2 for what no number limits. `on` is as much as `unlimited`.
    private var rank: Int {
        switch self {
        case .off: 0
        case .limited: 1
        case .on, .unlimited: 2
        }
    }

    /// Whether this allows strictly more, by rate per day: a week is 7 days and a month is 30.
    ///
    /// When either counts for all time, or neither has a period, the numbers themselves are compared; with a period is
    /// more than without one. Rule: Schematic, "Entitlements", merging.
    func isMoreGenerous(over period: MetricPeriod?, than other: Allocation, over otherPeriod: MetricPeriod?) -> Bool {
        guard case .limited(let limit) = self, case .limited(let otherLimit) = other else { return rank > other.rank }
        switch (period, otherPeriod) {
        case (nil, nil): return limit > otherLimit
        case (nil, .some): return false
        case (.some, nil): return true
        case (let period?, let otherPeriod?):
            guard let days = period.days, let otherDays = otherPeriod.days else { return limit > otherLimit }
            return Int128(limit) * otherDays > Int128(otherLimit) * days
        }
    }
}

extension MetricPeriod {
    /// The days that the period counts for when rates are compared; nil for all time, which has no rate.
    fileprivate var days: Int128? {
        switch self {
        case .allTime: nil
        case .currentDay: 1
        case .currentWeek: 7
        case .currentMonth: 30
        }
    }
}

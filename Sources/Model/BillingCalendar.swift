public import Basics

/// How often a subscription is billed, in calendar units of the company's zone. Counts are at least 1.
public enum Cadence: Hashable, Sendable, Codable {
    case days(Int)
    case weeks(Int)
    case months(Int)
    case years(Int)

    public static let weekly = Cadence.weeks(1)
    public static let monthly = Cadence.months(1)
    public static let quarterly = Cadence.months(3)
    public static let halfYearly = Cadence.months(6)
    public static let yearly = Cadence.years(1)
}

/// The billing periods of a subscription: they tile time without gap or overlap, before the anchor too.
///
/// Each boundary is computed from the original anchor and its index, never from its neighbour, so that a month cut
/// short does not shorten those after it: monthly from 31 January starts on 28 February and on 31 March. Period 0
/// starts at the anchor itself; every other one at the anchor's local date and time, moved by whole calendar units.
/// A zone that skips a whole date (Samoa, 30 December 2011) makes one daily period empty; `period(containing:)` never
/// answers with it.
public struct BillingCalendar: Hashable, Sendable {
    public let anchor: Timestamp
    public let zone: Zone
    public let cadence: Cadence
    private let civilAnchor: CivilTime
    private let step: Step

    /// Weeks are days and years are months: 29 February moves by twelve months to 28 February in the same way.
    private enum Step: Hashable, Sendable {
        case days(Int)
        case months(Int)
    }

    public init(anchor: Timestamp, zone: Zone, cadence: Cadence) {
        self.anchor = anchor
        self.zone = zone
        self.cadence = cadence
        civilAnchor = CivilTime(anchor, in: zone)
        let count: Int
        switch cadence {
        case .days(let days): (step, count) = (.days(days), days)
        case .weeks(let weeks): (step, count) = (.days(weeks * 7), weeks)
        case .months(let months): (step, count) = (.months(months), months)
        case .years(let years): (step, count) = (.months(years * 12), years)
        }
        precondition(count > 0, "a billing period lasts at least one unit, not \(cadence)")
    }

    /// The period `index` steps after the one that starts at the anchor; negative before it.
    public func period(_ index: Int) -> Period {
        Period(start: start(of: index), end: start(of: index + 1))
    }

    /// The only period that `instant` belongs to, and its index.
    public func period(containing instant: Timestamp) -> (index: Int, period: Period) {
        // By dates alone the index may be one too high (the date has come, the time of day has not) or one too low
        // (clocks went back over midnight, so that the date that had begun is shown as the one before again).
        var index = distance(to: CivilTime(instant, in: zone))
        var start = start(of: index)
        while instant < start {
            index -= 1
            start = self.start(of: index)
        }
        var end = self.start(of: index + 1)
        while end <= instant {
            index += 1
            start = end
            end = self.start(of: index + 1)
        }
        return (index, Period(start: start, end: end))
    }

    /// What a billing-cycle month needs to know at an instant; before the anchor, of period 0.
    package func cycle(at now: Timestamp) -> BillingCycle {
        BillingCycle(anchor: anchor, zone: zone, period: period(containing: max(now, anchor)).period)
    }

    private func start(of index: Int) -> Timestamp {
        // The anchor may be the second of two equal local times, which its civil time cannot say.
        guard index != 0 else { return anchor }
        return switch step {
        case .days(let count): civilAnchor.adding(days: count * index).instant(in: zone)
        case .months(let count): civilAnchor.adding(months: count * index).instant(in: zone)
        }
    }

    /// Whole steps from the anchor's date to that of `time`, looking at months or dates only.
    private func distance(to time: CivilTime) -> Int {
        switch step {
        case .days(let count):
            (time.dayNumber - civilAnchor.dayNumber).floorDivided(by: count)
        case .months(let count):
            ((time.year - civilAnchor.year) * 12 + time.month - civilAnchor.month).floorDivided(by: count)
        }
    }
}

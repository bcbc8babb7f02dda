package struct Company: Sendable {
    /// How far local time is ahead of UTC, when it was said.
    package internal(set) var zone: Int?
    /// The plan and its version.
    package internal(set) var plan: (plan: Int, version: Int)?
    package internal(set) var addOns: [(plan: Int, version: Int)] = []
    package internal(set) var subscription: Int?
    var ended: [Int] = []
    package internal(set) var overrides: [Override] = []
    var traits: [String: Int] = [:]
    /// Minor units in its favour.
    var balance = 0
    var taxes: [Tax] = []
}

package struct Subscription: Sendable {
    let company: Int
    let offset: Int
    let interval: Interval
    package let start: Instant
    /// What the periods are counted from. Where it is not the start, a stub or a trial comes before it: period -1.
    var anchor: Instant
    let isStubFree: Bool
    var plan: Int
    var version: Int
    var addOns: [(plan: Int, version: Int)]
    var bought: [Seat: Int]
    package internal(set) var index: Int
    /// Where the usage window began that was in force before.
    var carriedFrom: Instant
    package internal(set) var endsWithPeriod = false
    /// Use before this was billed by an earlier subscription.
    var billedFrom: Instant
    /// Use at the very instant of the end is billed by this subscription.
    var billedItsEnd = false
    package internal(set) var endedAt: Instant?
    /// When what came late after the end is billed; nil while nothing is known of any.
    var correctsAt: Instant?
    var pending: [Line] = []
    /// It began as a trial; while that lasts, nothing is billed.
    var isTried = false
    var isTrialing = false
    /// The invoice that charged ahead for the running period, and those of changes within it.
    var opening: Int?
    var changes: [Int] = []
    var discount: Discount?
    /// What was billed of the running period's use before its end, by feature.
    var early: [Int: (quantity: Int, amount: Int)] = [:]
    /// Up to when it has been looked at for use that is billed more often than the period ends.
    var earlyUntil: Instant = 0

    /// All that it pays for, the base plan first.
    var parts: [(plan: Int, version: Int)] { [(plan, version)] + addOns }

    package var period: (start: Instant, end: Instant) { index < 0 ? (start, anchor) : interval(index) }

    /// What the prices of the running period are for: more or less than a stub. Nil when nothing is charged.
    var priced: (start: Instant, end: Instant)? { index < 0 && isStubFree ? nil : interval(index) }

    private func interval(_ index: Int) -> (start: Instant, end: Instant) {
        (
            interval.start(index, anchor: anchor, offset: offset),
            interval.start(index + 1, anchor: anchor, offset: offset)
        )
    }

    /// The part of the period whose use it bills.
    var billed: (start: Instant, end: Instant) { (max(period.start, min(firstBilled, period.end)), period.end) }

    /// From when on it bills use: none of a trial.
    var firstBilled: Instant { isTried ? max(billedFrom, anchor) : billedFrom }

    /// The window of a limit that follows the billing cycle.
    func cycle(_ now: Instant) -> (start: Instant, end: Instant) {
        let isStub = now < anchor
        let month = Interval.months(1).containing(now, anchor: isStub ? start : anchor, offset: offset)
        let period = isStub ? (start: start, end: anchor) : interval.containing(now, anchor: anchor, offset: offset)
        return (max(month.start, period.start), min(month.end, period.end))
    }
}

/// What is bought ahead: a feature of a plan.
package struct Seat: Hashable, Sendable {
    package let plan: Int
    package let feature: Int

    package init(plan: Int, feature: Int) {
        self.plan = plan
        self.feature = feature
    }
}

package struct Line: Sendable {
    package enum Kind: String, Sendable {
        case base, usage, seat, correction, commitment, discount, tax
        case credit = "proration_credit"
        case charge = "proration_charge"
    }

    var kind: Kind
    /// The plan's version whose price it is.
    var plan: Int
    var version: Int
    var feature: Int?
    var quantity: Int
    var amount: Int
    /// Of what is charged ahead: the price of a whole period, in hundredths of a minor unit.
    var worth = 0
    var start: Instant
    var end: Instant
    /// Of usage lines: what they meter.
    var basis: Basis?
    /// Of lines that follow from others: the place of the one it is for; nil for the whole invoice.
    var source: Int?
    var isByCoupon = false
    var tax: (amount: Int, isContained: Bool)?

    var isDerived: Bool { kind == .commitment || kind == .discount || kind == .tax }

    struct Basis: Sendable {
        let event: String
        let start: Instant
        let end: Instant
        let price: Price
        var minimum: Int?
        var maximum: Int?
        /// What was billed before, which the line leaves away.
        let early: (quantity: Int, amount: Int)
        /// The line bills use before its period ends, and stays as it is.
        var isEarly = false
    }

    /// What a coupon took off it.
    var off = 0

    /// What use is billed once it is brought within its bounds, of which the upper one is for what a coupon leaves.
    var bounded: Int { min(max(amount, basis?.minimum ?? amount), basis?.maximum.map { $0 + off } ?? .max) }
}

package struct Invoice: Sendable {
    package enum Status: String, Sendable { case draft, open, paid, void, uncollectible }

    package let company: Int
    let subscription: Int
    package internal(set) var status = Status.draft
    package internal(set) var number: Int?
    let start: Instant
    let end: Instant
    var lines: [Line]
    package let finalizesAt: Instant
    /// The usage lines as billed so far, corrections included: from the finalisation on.
    var billed: [Line] = []
    var paidFromBalance = 0
    /// What was agreed on the day of issue.
    var coupon: Coupon.Reduction?
    var taxRates: [Tax] = []
    /// What was collected elsewhere, by the payment's key.
    var payments: [String: Int] = [:]
    /// What credit notes took back of each line, of all together, and how much of that was not paid yet.
    var credited: [Int: Credited] = [:]
    var creditedTotal = 0
    var lowered = 0

    var collected: Int { payments.values.reduce(0, +) }
    package var remaining: Int { status == .void ? 0 : max(0, total - collected - paidFromBalance - lowered) }

    var total: Int { lines.reduce(0) { $0 + $1.amount } }
}

/// A look for what came late for a subscription that has ended.
struct Look: Sendable {
    let at: Instant
    let subscription: Int
}

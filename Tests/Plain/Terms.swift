/// How much is allowed.
package enum Allowance: Equatable, Sendable {
    case off, on, unlimited
    case limited(Int)
}

/// The stretch in which use counts against a limit.
package enum Span: Equatable, Sendable {
    case allTime, day, week, month, cycle

    /// Days by which rates are compared; nil: no rate.
    var days: Int? {
        switch self {
        case .allTime: nil
        case .day: 1
        case .week: 7
        case .month, .cycle: 30
        }
    }
}

package struct Tier: Equatable, Sendable {
    /// Nil: open.
    package var upTo: Int?
    /// Hundredths of a minor unit, as all prices here.
    package var unit: Int
    package var flat: Int

    package init(upTo: Int?, unit: Int, flat: Int) {
        self.upTo = upTo
        self.unit = unit
        self.flat = flat
    }
}

package enum Price: Equatable, Sendable {
    case perUnit(Int)
    case overage(included: Int, unit: Int)
    case graduated([Tier])
    case volume([Tier])
    /// Bought ahead: the preset quantity, which is the limit too.
    case ahead(quantity: Int, unit: Int)

    package var isAhead: Bool { if case .ahead = self { true } else { false } }

    /// Minor units for a period's quantity, rounded once, halves up: nothing here is negative.
    func amount(_ quantity: Int) -> Int {
        let quantity = max(0, quantity)
        var hundredths = 0
        switch self {
        case .perUnit(let unit), .ahead(_, let unit): hundredths = quantity * unit
        case .overage(let included, let unit): hundredths = max(0, quantity - included) * unit
        case .graduated(let tiers):
            var from = 0
            for tier in tiers where quantity > from {
                let end = min(quantity, tier.upTo ?? quantity)
                hundredths += (end - from) * tier.unit + tier.flat
                from = end
                if from == quantity { break }
            }
        case .volume(let tiers):
            guard quantity > 0 else { break }
            let tier = tiers.first { $0.upTo == nil || quantity <= $0.upTo! }!
            hundredths = quantity * tier.unit + tier.flat
        }
        return (hundredths + 50) / 100
    }
}

/// What a plan's version or an override grants of one feature.
package struct Terms: Equatable, Sendable {
    package var feature: Int
    package var allowance: Allowance
    /// Nil: not said.
    package var span: Span?
    package var price: Price?
    /// The least and the most that a whole period's use costs, in minor units.
    package var minimum: Int?
    package var maximum: Int?
    /// Minor units of use that is not billed yet at which it is billed at once.
    package var threshold: Int?
    /// How often use is billed within a longer period.
    package var cadence: Cadence?

    package struct Cadence: Equatable, Sendable {
        package var months: Int
        /// Counted from the ends of calendar months, else from the anchor.
        package var isOfCalendar: Bool

        package init(months: Int, isOfCalendar: Bool) {
            self.months = months
            self.isOfCalendar = isOfCalendar
        }
    }

    package init(feature: Int, allowance: Allowance, span: Span? = nil, price: Price? = nil) {
        self.feature = feature
        self.allowance = allowance
        self.span = span
        self.price = price
    }
}

/// One published version of a plan.
package struct Version: Equatable, Sendable {
    /// Nil: it costs nothing.
    package var base: Base?
    package var terms: [Terms]

    package struct Base: Equatable, Sendable {
        /// Whole minor units.
        package var amount: Int
        package var interval: Interval

        package init(amount: Int, interval: Interval) {
            self.amount = amount
            self.interval = interval
        }
    }

    package init(base: Base?, terms: [Terms]) {
        self.base = base
        self.terms = terms
    }
}

package struct Feature: Equatable, Sendable {
    package var key: String
    package var event: String?
    /// The trait that counts its use. With neither it is a boolean feature.
    package var trait: String?

    package init(key: String, event: String? = nil, trait: String? = nil) {
        self.key = key
        self.event = event
        self.trait = trait
    }

    /// What its use is known by. No trait is named as an event is.
    package var measure: String? { event ?? trait }
}

package struct Override: Equatable, Sendable {
    package var terms: Terms
    package var expiresAt: Instant?
    /// Counted from 0 in the environment.
    package let number: Int
}

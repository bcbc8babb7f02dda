/// The price of single events: a percentage of each one's quantity, which is read as minor units.
///
/// Source of the rule: Tollgate's extensions, "Prices".
public struct PercentagePrice: Hashable, Sendable, Codable {
    /// Per cent: `1.3` of 10000 is 130. At most 10 places, so that an event's amount is exact.
    public var rate: Decimal
    /// What each charged event costs beside its percentage, in minor units.
    public var fixedAmount: Decimal = 0
    /// How many events of a period are free; nil for no such limit. The allowance of events and that of amounts end
    /// together, with whichever is used up first.
    public var freeEvents: Int64?
    /// How many minor units of a period's events are free; nil for no such limit.
    public var freeAmount: Decimal?
    /// The least and the most that one charged event costs, in minor units.
    public var minimumAmount: Decimal?
    public var maximumAmount: Decimal?

    public static let maximumRatePlaces = 10
    /// The whole of what an event's quantity stands for.
    public static let maximumRate = Decimal(100)

    public init(rate: Decimal) {
        self.rate = rate
    }

    /// The rate as a fraction: 0.013 for 1.3 per cent.
    package var part: Decimal {
        // A rate that was accepted has so few places that two more fit.
        Decimal(coefficient: rate.coefficient, scale: rate.scale + 2)!
    }

    /// With the fields that they are given in.
    var amounts: [(String, Decimal?)] {
        [
            ("fixed_amount", fixedAmount), ("free_amount", freeAmount), ("min_amount", minimumAmount),
            ("max_amount", maximumAmount),
        ]
    }

    var refusal: PriceModelRefusal? {
        if rate.isNegative { return .negative("rate", rate) }
        if rate.scale > Self.maximumRatePlaces { return .tooManyPlaces(rate, limit: Self.maximumRatePlaces) }
        if let freeEvents, freeEvents < 0 { return .negative("free_events", Decimal(freeEvents)) }
        for (name, amount) in amounts {
            if let refusal = amount.flatMap({ PriceModel.refusal(ofAmount: $0, name) }) { return refusal }
        }
        if let minimumAmount, let maximumAmount, minimumAmount > maximumAmount {
            return .minimumAboveMaximum(minimum: minimumAmount, maximum: maximumAmount)
        }
        return nil
    }
}

/// What a package that is begun counts as.
public enum PackageRounding: String, Codable, Sendable, CaseIterable {
    case up, down
}

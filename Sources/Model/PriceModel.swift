/// How the quantity of a billing period becomes an amount.
///
/// All amounts are minor units, exact until the line is rounded. A model is data until `refusal` has said nil; only
/// then may it be stored or rated.
public enum PriceModel: Hashable, Sendable, Codable {
    case perUnit(unit: Decimal)
    /// The first `included` units are free, the rest cost `unit` each.
    case overage(included: Decimal, unit: Decimal)
    /// Every unit is priced by the tier it falls in.
    case graduated(tiers: [PriceTier], flatAtZero: Bool = false)
    /// The whole quantity is priced by the one tier it falls in, so a total may fall as usage rises.
    case volume(tiers: [PriceTier], flatAtZero: Bool = false)
    /// Whole packages of `size` units cost `unit` each.
    case package(size: Int64, rounding: PackageRounding, unit: Decimal)
    /// A part of each single event's quantity, which is read as minor units. Indirect, or it would make all lines of
    /// invoices larger.
    indirect case percentage(PercentagePrice)
    /// The first `free` units of a period cost nothing; what is left is priced as if it were all.
    indirect case above(free: Decimal, PriceModel)

    public static let maximumTiers = 100
    /// Places of a unit price, as in Stripe's `unit_amount_decimal`.
    public static let maximumPricePlaces = 12
    /// Places of a quantity, as a meter may declare them.
    public static let maximumQuantityPlaces = 9

    /// The first thing that is wrong with the model; nil when it can be used.
    public var refusal: PriceModelRefusal? {
        switch self {
        case .perUnit(let unit):
            Self.refusal(ofAmount: unit)
        case .overage(let included, let unit):
            Self.refusal(ofQuantity: included, "soft_limit") ?? Self.refusal(ofAmount: unit)
        case .graduated(let tiers, _), .volume(let tiers, _):
            Self.refusal(of: tiers)
        case .package(let size, _, let unit):
            size < 1 ? .noUnitsInPackage(size) : Self.refusal(ofAmount: unit)
        case .percentage(let price):
            price.refusal
        case .above(let free, let model):
            Self.refusal(ofQuantity: free, "free_quantity") ?? model.refusal
        }
    }

    /// The one amount that each unit or package costs; nil where tiers or events decide.
    public var unitAmount: Decimal? {
        switch self {
        case .perUnit(let unit), .overage(_, let unit), .package(_, _, let unit): unit
        case .above(_, let model): model.unitAmount
        case .graduated, .volume, .percentage: nil
        }
    }

    /// The tiers; nil for a price without any.
    public var tiers: [PriceTier]? {
        switch self {
        case .graduated(let tiers, _), .volume(let tiers, _): tiers
        case .above(_, let model): model.tiers
        case .perUnit, .overage, .package, .percentage: nil
        }
    }

    /// What a percentage price takes of each event; nil for other prices.
    public var percentage: PercentagePrice? {
        if case .percentage(let price) = self { price } else { nil }
    }

    /// What one more unit costs when so many have been used, in minor units; of tiers without their flat amounts, of
    /// packages the whole package that it may begin.
    public func unitAmount(after quantity: Decimal) -> Decimal {
        switch self {
        case .perUnit(let unit): unit
        case .overage(let included, let unit): quantity < included ? .zero : unit
        case .graduated(let tiers, _), .volume(let tiers, _):
            tiers.first { tier in tier.upTo.map { quantity < $0 } ?? true }?.unitAmount ?? .zero
        case .package(_, _, let unit): unit
        case .percentage(let price): price.part
        case .above(let free, let model):
            quantity < free ? .zero : model.unitAmount(after: (try? quantity.subtracting(free)) ?? quantity)
        }
    }

    /// The same for a price that is set, with a limit that is known: what costs too much for a line is refused before
    /// it is used.
    public func refusal(upTo limit: Int64) -> PriceModelRefusal? {
        if let refusal = refusal ?? excess { return refusal }
        guard let unitAmount, !PriceTier(upTo: nil, unitAmount: unitAmount).isPayable(Decimal(limit)) else {
            return nil
        }
        return .tooMuch(quantity: Decimal(limit), unitAmount: unitAmount)
    }

    /// An amount that no line can have.
    private var excess: PriceModelRefusal? {
        if case .above(_, let model) = self { return model.excess }
        let amounts: [(String, Decimal?)] =
            switch self {
            case .perUnit(let unit), .overage(_, let unit), .package(_, _, let unit): [("a price", unit)]
            case .graduated(let tiers, _), .volume(let tiers, _):
                tiers.enumerated().flatMap { index, tier in
                    [
                        ("per_unit_price of tier \(index)", tier.unitAmount),
                        ("flat_amount of tier \(index)", tier.flatAmount),
                    ]
                }
            case .percentage(let price): price.amounts
            case .above: []
            }
        if let rate = percentage?.rate, rate > PercentagePrice.maximumRate {
            return .rateAbove(rate, limit: PercentagePrice.maximumRate)
        }
        for case (let name, let amount?) in amounts where (try? amount.roundedToInteger()) == nil {
            return .tooLarge(name, amount)
        }
        return nil
    }

    private static func refusal(of tiers: [PriceTier]) -> PriceModelRefusal? {
        guard !tiers.isEmpty else { return .noTiers }
        guard tiers.count <= maximumTiers else { return .tooManyTiers(count: tiers.count) }
        var previous = Decimal.zero
        for (index, tier) in tiers.enumerated() {
            if let refusal = refusal(ofAmount: tier.unitAmount, "per_unit_price of tier \(index)")
                ?? refusal(ofAmount: tier.flatAmount, "flat_amount of tier \(index)")
            {
                return refusal
            }
            guard let upTo = tier.upTo else {
                guard index == tiers.count - 1 else { return .openTierBeforeLast(index: index) }
                return nil
            }
            if let refusal = refusal(ofQuantity: upTo, "up_to of tier \(index)") { return refusal }
            guard tier.isPayable(upTo) else { return .tooMuch(quantity: upTo, unitAmount: tier.unitAmount) }
            guard previous < upTo else { return .notAscending(index: index, upTo: upTo, previous: previous) }
            previous = upTo
        }
        return .lastTierNotOpen(upTo: previous)
    }

    /// - Parameter name: what the sentence calls it.
    static func refusal(
        ofAmount amount: Decimal, _ name: @autoclosure () -> String = "a price"
    ) -> PriceModelRefusal? {
        if amount.isNegative { return .negative(name(), amount) }
        return amount.scale > maximumPricePlaces ? .tooManyPlaces(amount, limit: maximumPricePlaces) : nil
    }

    private static func refusal(
        ofQuantity quantity: Decimal, _ name: @autoclosure () -> String
    ) -> PriceModelRefusal? {
        if quantity.isNegative { return .negative(name(), quantity) }
        return quantity.scale > maximumQuantityPlaces ? .tooManyPlaces(quantity, limit: maximumQuantityPlaces) : nil
    }
}

extension PriceTier {
    /// Whether a line can have what so many units cost.
    fileprivate func isPayable(_ quantity: Decimal) -> Bool {
        (try? quantity.multiplied(by: unitAmount).adding(flatAmount).roundedToInteger()) != nil
    }
}

/// Why a price model cannot be used, with the numbers. Tiers are counted from 0.
public enum PriceModelRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case noTiers
    case tooManyTiers(count: Int)
    case notAscending(index: Int, upTo: Decimal, previous: Decimal)
    case openTierBeforeLast(index: Int)
    case lastTierNotOpen(upTo: Decimal)
    case negative(String, Decimal)
    case tooLarge(String, Decimal)
    case tooManyPlaces(Decimal, limit: Int)
    case noUnitsInPackage(Int64)
    case tooMuch(quantity: Decimal, unitAmount: Decimal)
    case rateAbove(Decimal, limit: Decimal)
    case minimumAboveMaximum(minimum: Decimal, maximum: Decimal)

    public var description: String {
        switch self {
        case .noTiers:
            "a tiered price needs at least one tier"
        case .tooManyTiers(let count):
            "a price has at most \(PriceModel.maximumTiers) tiers, not \(count)"
        case .notAscending(let index, let upTo, let previous):
            "tier \(index) has an up_to of \(upTo), which is not above \(previous), where it starts"
        case .openTierBeforeLast(let index):
            "tier \(index) has no up_to, but only the last tier may be open"
        case .lastTierNotOpen(let upTo):
            "the last tier must have no up_to, but it ends at \(upTo)"
        case .negative(let name, let number):
            "\(name) cannot be negative, as \(number) is"
        case .tooLarge(let name, let amount):
            "\(name) of \(amount) is more than an amount can be"
        case .tooManyPlaces(let number, let limit):
            "\(number) has \(number.scale) places, more than the \(limit) allowed"
        case .noUnitsInPackage(let size):
            "package_size must be at least 1, not \(size)"
        case .tooMuch(let quantity, let unitAmount):
            "\(quantity) units at \(unitAmount) are more than an amount can be"
        case .rateAbove(let rate, let limit):
            "rate must be at most \(limit), not \(rate)"
        case .minimumAboveMaximum(let minimum, let maximum):
            "min_amount of \(minimum) lies above max_amount of \(maximum)"
        }
    }
}

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
            Self.refusal(ofQuantity: included) ?? Self.refusal(ofAmount: unit)
        case .graduated(let tiers, _), .volume(let tiers, _):
            Self.refusal(of: tiers)
        }
    }

    /// What one more unit costs when so many have been used, in minor units; of tiers without their flat amounts.
    public func unitAmount(after quantity: Decimal) -> Decimal {
        switch self {
        case .perUnit(let unit): unit
        case .overage(let included, let unit): quantity < included ? .zero : unit
        case .graduated(let tiers, _), .volume(let tiers, _):
            tiers.first { tier in tier.upTo.map { quantity < $0 } ?? true }?.unitAmount ?? .zero
        }
    }

    private static func refusal(of tiers: [PriceTier]) -> PriceModelRefusal? {
        guard !tiers.isEmpty else { return .noTiers }
        guard tiers.count <= maximumTiers else { return .tooManyTiers(count: tiers.count) }
        var previous = Decimal.zero
        for (index, tier) in tiers.enumerated() {
            if let refusal = refusal(ofAmount: tier.unitAmount) ?? refusal(ofAmount: tier.flatAmount) { return refusal }
            guard let upTo = tier.upTo else {
                guard index == tiers.count - 1 else { return .openTierBeforeLast(index: index) }
                return nil
            }
            if let refusal = refusal(ofQuantity: upTo) { return refusal }
            guard previous < upTo else { return .notAscending(index: index, upTo: upTo, previous: previous) }
            previous = upTo
        }
        return .lastTierNotOpen(upTo: previous)
    }

    private static func refusal(ofAmount amount: Decimal) -> PriceModelRefusal? {
        if amount.isNegative { return .negativeAmount(amount) }
        return amount.scale > maximumPricePlaces ? .tooManyPlaces(amount, limit: maximumPricePlaces) : nil
    }

    private static func refusal(ofQuantity quantity: Decimal) -> PriceModelRefusal? {
        if quantity.isNegative { return .negativeQuantity(quantity) }
        return quantity.scale > maximumQuantityPlaces ? .tooManyPlaces(quantity, limit: maximumQuantityPlaces) : nil
    }
}

/// Why a price model cannot be used, with the numbers. Tiers are counted from 0.
public enum PriceModelRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case noTiers
    case tooManyTiers(count: Int)
    case notAscending(index: Int, upTo: Decimal, previous: Decimal)
    case openTierBeforeLast(index: Int)
    case lastTierNotOpen(upTo: Decimal)
    case negativeAmount(Decimal)
    case negativeQuantity(Decimal)
    case tooManyPlaces(Decimal, limit: Int)

    public var description: String {
        switch self {
        case .noTiers:
            "a tiered price needs at least one tier"
        case .tooManyTiers(let count):
            "a price has at most \(PriceModel.maximumTiers) tiers, not \(count)"
        case .notAscending(let index, let upTo, let previous):
            "tier \(index) ends at \(upTo), which is not above \(previous), where it starts"
        case .openTierBeforeLast(let index):
            "tier \(index) has no up_to, but only the last tier may be open"
        case .lastTierNotOpen(let upTo):
            "the last tier must have no up_to, but it ends at \(upTo)"
        case .negativeAmount(let amount):
            "a price cannot be negative, as \(amount) is"
        case .negativeQuantity(let quantity):
            "a quantity of a price cannot be negative, as \(quantity) is"
        case .tooManyPlaces(let number, let limit):
            "\(number) has \(number.scale) places, more than the \(limit) allowed"
        }
    }
}

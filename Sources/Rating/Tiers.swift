internal import Model

/// Every unit at the price of the tier that it falls in.
func graduated(
    _ quantity: Decimal, _ tiers: [PriceTier], flatAtZero: Bool
) throws(ArithmeticOverflow) -> [TierCharge] {
    var rated: [TierCharge] = []
    rated.reserveCapacity(min(tiers.count, 4))
    var from = Decimal.zero
    for tier in tiers {
        guard from < quantity || (flatAtZero && rated.isEmpty) else { break }
        let end = min(quantity, tier.upTo ?? quantity)
        rated.append(try TierCharge(tier, quantity: end.subtracting(from)))
        from = end
    }
    return rated
}

/// The whole quantity at the price of the one tier that it falls in.
func volume(
    _ quantity: Decimal, _ tiers: [PriceTier], flatAtZero: Bool
) throws(ArithmeticOverflow) -> [TierCharge] {
    guard quantity > .zero || flatAtZero else { return [] }
    // The last tier is open, so some tier holds every quantity.
    let index = tiers.firstIndex { tier in tier.upTo.map { quantity <= $0 } ?? true }!
    return [try TierCharge(tiers[index], quantity: quantity)]
}

/// The first `free` units at nothing, what is left as the model says, which sees no more of the quantity than that.
func above(
    _ free: Decimal, _ quantity: Decimal, _ events: [Decimal], _ model: PriceModel
) throws(ArithmeticOverflow) -> [TierCharge] {
    let covered = min(free, quantity)
    let rest = try ratedTiers(of: quantity.subtracting(covered), events, under: model)
    if covered == .zero { return rest }
    let gift = try TierCharge(PriceTier(upTo: free), quantity: covered)
    var rated = [gift]
    rated.reserveCapacity(1 + rest.count)
    for tier in rest { rated.append(try tier.shifted(by: free)) }
    return rated
}

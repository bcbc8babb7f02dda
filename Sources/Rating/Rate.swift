package import Model

/// Prices the quantity of a whole billing period, at most 9 places, under a model whose `refusal` is nil.
///
/// Accrued usage after a plan change, early invoices at a threshold and corrections are this same function again, with
/// another model or another quantity; a correction is the difference of two results.
///
/// - Parameter events: the quantities of the period's single events, in order; only percentages ask for them.
package func rate(
    quantity: Decimal, events: [Decimal] = [], under model: PriceModel
) throws(ArithmeticOverflow) -> RatedAmount {
    // Looking at all tiers again costs as much as rating, so only debug builds do.
    assert(model.refusal == nil, "a price model was stored unchecked: \(model.refusal!)")
    let billed = max(quantity, .zero)
    let tiers = try ratedTiers(of: billed, events, under: model)
    var exact = Decimal.zero
    for tier in tiers { exact = try exact.adding(tier.amount) }
    return RatedAmount(
        billedQuantity: billed, exactAmount: exact, amount: try exact.roundedToInteger(), tiers: tiers)
}

/// - Parameter quantity: not below zero.
func ratedTiers(
    of quantity: Decimal, _ events: [Decimal], under model: PriceModel
) throws(ArithmeticOverflow) -> [TierCharge] {
    switch model {
    case .perUnit(let unit):
        quantity == .zero
            ? [] : [try TierCharge(PriceTier(upTo: nil, unitAmount: unit), quantity: quantity)]
    case .overage(let included, let unit):
        try above(included, quantity, events, .perUnit(unit: unit))
    case .graduated(let tiers, let flatAtZero):
        try graduated(quantity, tiers, flatAtZero: flatAtZero)
    case .volume(let tiers, let flatAtZero):
        try volume(quantity, tiers, flatAtZero: flatAtZero)
    case .package(let size, let rounding, let unit):
        try packages(quantity, of: size, rounding, unit)
    case .percentage(let price):
        try percentage(of: events, price)
    case .above(let free, let model):
        try above(free, quantity, events, model)
    }
}

/// Minor units of `quantity × unitAmount`, rounded once: seats and other fixed quantities.
package func lineAmount(quantity: Decimal, unitAmount: Decimal) throws(ArithmeticOverflow) -> Int64 {
    try quantity.multiplied(by: unitAmount).roundedToInteger()
}

package import Model

/// Prices the quantity of a whole billing period, at most 9 places, under a model whose `refusal` is nil.
///
/// Accrued usage after a plan change, early invoices at a threshold and corrections are this same function again, with
/// another model or another quantity; a correction is the difference of two results.
package func rate(quantity: Decimal, under model: PriceModel) throws(ArithmeticOverflow) -> RatedAmount {
    if let refusal = model.refusal { preconditionFailure("a price model was stored unchecked: \(refusal)") }
    let billed = max(quantity, .zero)
    let tiers =
        switch model {
        case .perUnit(let unit):
            try graduated(billed, [PriceTier(upTo: nil, unitAmount: unit)], flatAtZero: false)
        case .overage(let included, let unit):
            try graduated(billed, overageTiers(included: included, unit: unit), flatAtZero: false)
        case .graduated(let tiers, let flatAtZero):
            try graduated(billed, tiers, flatAtZero: flatAtZero)
        case .volume(let tiers, let flatAtZero):
            try volume(billed, tiers, flatAtZero: flatAtZero)
        }
    var exact = Decimal.zero
    for tier in tiers { exact = try exact.adding(tier.amount) }
    return RatedAmount(
        billedQuantity: billed, exactAmount: exact, amount: try exact.roundedToInteger(), tiers: tiers)
}

/// Minor units of `quantity × unitAmount`, rounded once: seats and other fixed quantities.
package func lineAmount(quantity: Decimal, unitAmount: Decimal) throws(ArithmeticOverflow) -> Int64 {
    try quantity.multiplied(by: unitAmount).roundedToInteger()
}

/// The part of `amountMinor` that `seconds` of a period of `ofSeconds` cost, rounded once, halves away from zero.
///
/// A credit for unused time is the negative amount. `seconds` may be more than `ofSeconds`: a first stub up to a far
/// anchor is longer than the period that its price is for.
package func prorate(
    _ amountMinor: Int64, seconds: Int64, ofSeconds: Int64
) throws(ArithmeticOverflow) -> Int64 {
    precondition(
        seconds >= 0 && ofSeconds > 0, "time is prorated over a period that passed, not \(seconds) s of \(ofSeconds) s")
    let exact = Int128(amountMinor) * Int128(seconds)
    guard let rounded = Int64(exactly: exact.dividedRoundingHalfAway(by: Int128(ofSeconds))) else {
        throw ArithmeticOverflow("\(amountMinor) × \(seconds) ÷ \(ofSeconds)")
    }
    return rounded
}

private func overageTiers(included: Decimal, unit: Decimal) -> [PriceTier] {
    let above = PriceTier(upTo: nil, unitAmount: unit)
    return included == .zero ? [above] : [PriceTier(upTo: included), above]
}

private func graduated(
    _ quantity: Decimal, _ tiers: [PriceTier], flatAtZero: Bool
) throws(ArithmeticOverflow) -> [RatedTier] {
    var rated: [RatedTier] = []
    var from = Decimal.zero
    for tier in tiers {
        guard from < quantity || (flatAtZero && rated.isEmpty) else { break }
        let end = min(quantity, tier.upTo ?? quantity)
        rated.append(try RatedTier(tier, from: from, quantity: end.subtracting(from)))
        from = end
    }
    return rated
}

private func volume(
    _ quantity: Decimal, _ tiers: [PriceTier], flatAtZero: Bool
) throws(ArithmeticOverflow) -> [RatedTier] {
    guard quantity > .zero || flatAtZero else { return [] }
    // The last tier is open, so some tier holds every quantity.
    let index = tiers.firstIndex { tier in tier.upTo.map { quantity <= $0 } ?? true }!
    let from = index == 0 ? .zero : tiers[index - 1].upTo!
    return [try RatedTier(tiers[index], from: from, quantity: quantity)]
}

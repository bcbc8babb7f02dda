package import Model

/// A line that follows from others: a commitment, a discount or a tax.
package struct DerivedLine: Hashable, Sendable {
    /// Where the line is that it is for: among the charges, and after them among the derived ones. Nil for a discount
    /// on the whole invoice.
    package let source: Int?
    package let type: InvoiceLineType
    /// Minor units, as it counts towards the total.
    package let amount: Int64
    /// A discount by the coupon, not by a maximum.
    package let isByCoupon: Bool
    /// Of a tax: which of the rates, and the tax in minor units, also where prices contain it.
    package let rate: Int?
    package let tax: Int64?

    fileprivate init(
        _ type: InvoiceLineType, of source: Int?, _ amount: Int64, isByCoupon: Bool = false, rate: Int? = nil,
        tax: Int64? = nil
    ) {
        self.type = type
        self.source = source
        self.amount = amount
        self.isByCoupon = isByCoupon
        self.rate = rate
        self.tax = tax
    }
}

/// What follows from an invoice's charges: commitments, then discounts, then taxes.
///
/// - A commitment is what a usage line misses of its minimum.
/// - A percent coupon reduces each base, purchase and usage line. An amount coupon is one line, down to 0: it pays for
///   all but proration and correction lines, and never more than the charges come to.
/// - What a usage line exceeds its maximum by, once discounts are off, is taken off. An amount coupon counts for each
///   line with its share, by largest remainder.
/// - Each line so far that is not 0 has one tax line for each rate. Contained tax is shown and adds nothing.
///
/// Every line is rounded once, halves away from zero.
package func derivedLines(
    from charges: [InvoiceLine], _ terms: InvoiceTerms?
) throws(ArithmeticOverflow) -> [DerivedLine] {
    var lines = commitments(for: charges)
    let off = try discounts(on: charges, terms?.discount?.reduction, commitments: lines)
    lines += off.lines
    for (index, charge) in charges.enumerated() {
        let above = excess(billed: charge.amount - off.shares[index], maximum: charge.usageBasis?.maximum)
        if above > 0 { lines.append(DerivedLine(.discount, of: index, -above)) }
    }
    guard let rates = terms?.taxRates, !rates.isEmpty else { return lines }
    let amounts = charges.map(\.amount) + lines.map(\.amount)
    for (index, amount) in amounts.enumerated() where amount != 0 {
        for (rate, tax) in try taxes(on: amount, rates).enumerated() {
            lines.append(
                DerivedLine(.tax, of: index, rates[rate].isInclusive ? 0 : tax, rate: rate, tax: tax))
        }
    }
    return lines
}

/// The tax of each rate on an amount, rounded; of those that prices contain, the part of the amount that is tax.
package func taxes(on amount: Int64, _ rates: [TaxRate]) throws(ArithmeticOverflow) -> [Int64] {
    let hundred = parts(of: 100, places: TaxRate.maximumPlaces)
    let contained = rates.reduce(Int128(0)) { sum, rate in
        rate.isInclusive ? sum + parts(of: rate.percent, places: TaxRate.maximumPlaces) : sum
    }
    var taxes: [Int64] = []
    for rate in rates {
        let percent = parts(of: rate.percent, places: TaxRate.maximumPlaces)
        taxes.append(try share(of: amount, percent, of: rate.isInclusive ? hundred + contained : hundred))
    }
    return taxes
}

/// The part of each charge that a coupon paid for, positive: what is billed of the charge later on may exceed its
/// maximum by so much.
package func couponShares(of charges: [InvoiceLine], _ terms: InvoiceTerms?) throws(ArithmeticOverflow) -> [Int64] {
    try discounts(on: charges, terms?.discount?.reduction, commitments: commitments(for: charges)).shares
}

private func commitments(for charges: [InvoiceLine]) -> [DerivedLine] {
    charges.enumerated().compactMap { index, charge in
        let missing = commitment(billed: charge.amount, minimum: charge.usageBasis?.minimum)
        return missing > 0 ? DerivedLine(.commitment, of: index, missing) : nil
    }
}

/// What a coupon takes off: its lines, and for each charge the positive part of them that is for it.
private func discounts(
    on charges: [InvoiceLine], _ reduction: CouponReduction?, commitments: [DerivedLine]
) throws(ArithmeticOverflow) -> (lines: [DerivedLine], shares: [Int64]) {
    var shares = charges.map { _ in Int64(0) }
    var lines: [DerivedLine] = []
    switch reduction {
    case nil: break
    case .percent(let percent):
        let places = CouponReduction.maximumPercentPlaces
        for (index, charge) in charges.enumerated()
        where charge.type.isReducedByPercent && charge.amount > 0 {
            shares[index] = try share(
                of: charge.amount, parts(of: percent, places: places), of: parts(of: 100, places: places))
            lines.append(DerivedLine(.discount, of: index, -shares[index], isByCoupon: true))
        }
    case .amount(let amount):
        let reducible = charges.map { charge in
            switch charge.type {
            case .prorationCredit, .prorationCharge, .correction: Int64(0)
            default: max(0, charge.amount)
            }
        }
        let missing = commitments.map(\.amount)
        let all = (charges.map(\.amount) + missing).reduce(Int128(0)) { $0 + Int128($1) }
        let most = (reducible + missing).reduce(Int128(0)) { $0 + Int128($1) }
        let off = Int64(clamping: min(Int128(amount.minorUnits), all, most))
        guard off > 0 else { break }
        // The commitments take their part of the coupon too, so that no line is given more than its share.
        let parts = Money(minorUnits: off, currency: amount.currency).split(weights: reducible + missing)
        for index in charges.indices { shares[index] = parts[index].minorUnits }
        lines.append(DerivedLine(.discount, of: nil, -off, isByCoupon: true))
    }
    return (lines, shares)
}

extension InvoiceLineType {
    fileprivate var isReducedByPercent: Bool { self == .base || self == .purchase || self == .usage }
}

/// `amount × part ÷ whole`, rounded once.
private func share(of amount: Int64, _ part: Int128, of whole: Int128) throws(ArithmeticOverflow) -> Int64 {
    let rounded = (Int128(amount) * part).dividedRoundingHalfAway(by: whole)
    guard let share = Int64(exactly: rounded) else { throw ArithmeticOverflow("\(amount) × \(part) ÷ \(whole)") }
    return share
}

/// A percentage of at most so many places, as a whole number of its smallest parts.
private func parts(of percent: Decimal, places: Int) -> Int128 {
    precondition(percent.scale <= places, "a percentage was stored with \(percent.scale) places")
    return (percent.scale..<places).reduce(percent.coefficient) { parts, _ in parts * 10 }
}

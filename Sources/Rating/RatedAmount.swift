package import Model

/// What a quantity costs under a price model: the exact amount, how it came about, and the amount of the line.
package struct RatedAmount: Hashable, Sendable {
    /// What was priced. Zero when the metered total is negative: corrections take usage back to nothing, they do not
    /// earn money (Stripe stops net-negative period usage likewise).
    package let billedQuantity: Decimal
    /// Minor units, unrounded: the sum of the tiers' amounts.
    package let exactAmount: Decimal
    /// Minor units on the invoice line: `exactAmount` rounded once, halves away from zero.
    package let amount: Int64
    /// The tiers that were charged, in order; none at quantity zero. A price without tiers is a single open one.
    package let tiers: [TierCharge]
}

extension TierCharge {
    /// What a quantity costs in one tier.
    init(_ tier: PriceTier, quantity: Decimal) throws(ArithmeticOverflow) {
        self.init(
            upTo: tier.upTo, quantity: quantity, unitAmount: tier.unitAmount, flatAmount: tier.flatAmount,
            amount: try quantity.multiplied(by: tier.unitAmount).adding(tier.flatAmount))
    }

    /// The same tier of a quantity that begins so many units further on.
    func shifted(by units: Decimal) throws(ArithmeticOverflow) -> TierCharge {
        TierCharge(
            upTo: try upTo?.adding(units), quantity: quantity, unitAmount: unitAmount, flatAmount: flatAmount,
            amount: amount)
    }
}

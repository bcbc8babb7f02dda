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
    package let tiers: [RatedTier]
}

/// The part of a rated quantity that one tier priced.
package struct RatedTier: Hashable, Sendable {
    /// The tier covers `(from, upTo]`; an open one has no `upTo`.
    package let from: Decimal
    package let upTo: Decimal?
    package let quantity: Decimal
    package let unitAmount: Decimal
    package let flatAmount: Decimal
    /// Minor units, unrounded: `quantity × unitAmount + flatAmount`.
    package let amount: Decimal

    init(_ tier: PriceTier, from: Decimal, quantity: Decimal) throws(ArithmeticOverflow) {
        self.from = from
        self.quantity = quantity
        upTo = tier.upTo
        unitAmount = tier.unitAmount
        flatAmount = tier.flatAmount
        amount = try quantity.multiplied(by: tier.unitAmount).adding(tier.flatAmount)
    }

    private init(_ tier: RatedTier, from: Decimal, upTo: Decimal?) {
        self.from = from
        self.upTo = upTo
        quantity = tier.quantity
        unitAmount = tier.unitAmount
        flatAmount = tier.flatAmount
        amount = tier.amount
    }

    /// The same tier of a quantity that begins so many units further on.
    func shifted(by units: Decimal) throws(ArithmeticOverflow) -> RatedTier {
        RatedTier(self, from: try from.adding(units), upTo: try upTo?.adding(units))
    }
}

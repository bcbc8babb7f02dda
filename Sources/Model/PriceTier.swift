/// One step of a tiered price, for the quantities `(upTo of the tier before, upTo]`.
public struct PriceTier: Hashable, Sendable, Codable {
    /// The last quantity of the tier, at most 9 places; nil on the last tier, which is open.
    public let upTo: Decimal?
    /// Per unit, in minor units (`"0.25"` is a quarter cent), at most 12 places.
    public let unitAmount: Decimal
    /// Charged once when any quantity falls in the tier; minor units.
    public let flatAmount: Decimal

    public init(upTo: Decimal?, unitAmount: Decimal = 0, flatAmount: Decimal = 0) {
        self.upTo = upTo
        self.unitAmount = unitAmount
        self.flatAmount = flatAmount
    }
}

/// An amount of money in whole minor units of one currency: 250000 `usd` is 2,500.00 USD.
///
/// Amounts that are not yet rounded to a line (unit prices, shares of a line) are `Decimal` minor units, not `Money`.
public struct Money: Hashable, Sendable, Codable {
    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// The sum. Amounts of two currencies are never added: nothing in Tollgate converts money.
    public func adding(_ other: Money) throws(MoneyError) -> Money {
        guard currency == other.currency else { throw .currenciesDiffer(self, other) }
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        guard !overflow else { throw .overflow(self, other) }
        return Money(minorUnits: sum, currency: currency)
    }

    /// Shares in proportion to `weights` that add up to the whole, by largest remainder, ties in input order.
    ///
    /// A negative amount is split as its positive, with the sign put back. Weights must not be negative nor all zero.
    public func split(weights: [Int64]) -> [Money] {
        let total = weights.reduce(Int128(0)) { $0 + Int128($1) }
        precondition(
            weights.allSatisfy { $0 >= 0 } && total > 0, "weights must be positive to share by, not \(weights)")
        let magnitude = Int128(minorUnits.magnitude)
        var shares: [Int128] = []
        var remainders: [(index: Int, remainder: Int128)] = []
        for (index, weight) in weights.enumerated() {
            let (share, remainder) = (magnitude * Int128(weight)).quotientAndRemainder(dividingBy: total)
            shares.append(share)
            remainders.append((index, remainder))
        }
        // Swift's sort is not promised to be stable, so the input order is part of the comparison.
        remainders.sort { ($1.remainder, $0.index) < ($0.remainder, $1.index) }
        let left = Int(magnitude - shares.reduce(0, +))
        for (index, _) in remainders.prefix(left) { shares[index] += 1 }
        return shares.map { Money(minorUnits: Int64(minorUnits < 0 ? -$0 : $0), currency: currency) }
    }
}

/// Why two amounts could not be added.
public enum MoneyError: Error, Hashable, CustomStringConvertible {
    case currenciesDiffer(Money, Money)
    case overflow(Money, Money)

    public var description: String {
        switch self {
        case .currenciesDiffer(let left, let right): "\(left) and \(right) are in different currencies"
        case .overflow(let left, let right): "\(left) + \(right) is more than an amount can hold"
        }
    }
}

extension Money: CustomStringConvertible {
    /// `2,500.00 USD`, `-24.50 USD`, `1,000 JPY`: for people; on the wire amounts are minor units.
    public var description: String {
        let digits = String(minorUnits.magnitude)
        let padded = String(repeating: "0", count: max(0, currency.exponent + 1 - digits.count)) + digits
        let whole = padded.dropLast(currency.exponent)
        var text = minorUnits < 0 ? "-" : ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        if currency.exponent > 0 { text += "." + padded.suffix(currency.exponent) }
        return text + " " + currency.code.uppercased()
    }
}

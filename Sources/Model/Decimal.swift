/// An exact decimal number: `coefficient × 10^-scale`.
///
/// At most 21 places, because that is what the product of a quantity (9 places) and a unit price (12 places) needs;
/// beside them stay 17 integer digits, and 38 for whole numbers. Always held in lowest terms (no trailing zero places),
/// so equal values are equal and hash alike however they were written. For counting single events use `Int64`.
public struct Decimal: Hashable, Sendable {
    public static let maximumScale = 21
    public static let zero = Decimal(0)

    /// Never `Int128.min`, so that every value has its negative.
    public let coefficient: Int128
    /// Number of places, 0…21; the smallest that holds the value.
    public let scale: Int

    public init(_ integer: Int64) {
        coefficient = Int128(integer)
        scale = 0
    }

    /// `coefficient × 10^-scale`; nil when that is outside the range of the type.
    public init?(coefficient: Int128, scale: Int) {
        guard scale >= 0 else { return nil }
        var coefficient = coefficient
        var scale = scale
        if coefficient == 0 { scale = 0 }
        if scale > 0, var short = Int64(exactly: coefficient) {
            // Nearly all numbers are that short, and divided several times as fast.
            while scale > 0, short.isMultiple(of: 10) {
                short /= 10
                scale -= 1
            }
            coefficient = Int128(short)
        }
        while scale > 0 {
            let (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { break }
            coefficient = quotient
            scale -= 1
        }
        guard scale <= Self.maximumScale, coefficient != .min else { return nil }
        self.coefficient = coefficient
        self.scale = scale
    }

    public var isNegative: Bool { coefficient < 0 }
    public var negated: Decimal { Decimal(coefficient: -coefficient, scale: scale)! }
}

// MARK: - Arithmetic

extension Decimal {
    public func adding(_ other: Decimal) throws(ArithmeticOverflow) -> Decimal {
        if other.coefficient == 0 { return self }
        if coefficient == 0 { return other }
        let common = max(scale, other.scale)
        guard let left = aligned(to: common), let right = other.aligned(to: common) else {
            throw ArithmeticOverflow("\(self) + \(other)")
        }
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow, let result = Decimal(coefficient: sum, scale: common) else {
            throw ArithmeticOverflow("\(self) + \(other)")
        }
        return result
    }

    public func subtracting(_ other: Decimal) throws(ArithmeticOverflow) -> Decimal {
        other.coefficient == 0 ? self : try adding(other.negated)
    }

    /// The exact product; an overflow too when it needs more than 21 places.
    public func multiplied(by other: Decimal) throws(ArithmeticOverflow) -> Decimal {
        let (product, overflow) = coefficient.multipliedReportingOverflow(by: other.coefficient)
        guard !overflow, let result = Decimal(coefficient: product, scale: scale + other.scale) else {
            throw ArithmeticOverflow("\(self) × \(other)")
        }
        return result
    }

    /// How many whole packages of `size` a number that is not negative fills, or begins when rounded up.
    package func packages(of size: Int64, _ rounding: PackageRounding) -> Decimal {
        precondition(!isNegative && size > 0, "\(self) is divided into packages of \(size)")
        let whole = coefficient / powersOfTen[scale]
        let isBegun = whole % Int128(size) != 0 || scale > 0
        let packages = whole / Int128(size) + (rounding == .up && isBegun ? 1 : 0)
        return Decimal(coefficient: packages, scale: 0)!
    }

    /// The nearest integer, halves away from zero: the one rounding that a line gets.
    public func roundedToInteger() throws(ArithmeticOverflow) -> Int64 {
        let rounded = scale == 0 ? coefficient : coefficient.dividedRoundingHalfAway(by: powersOfTen[scale])
        guard let integer = Int64(exactly: rounded) else { throw ArithmeticOverflow("rounding \(self)") }
        return integer
    }

    /// The coefficient at a scale that is not smaller; nil when it does not fit.
    private func aligned(to scale: Int) -> Int128? {
        if scale == self.scale { return coefficient }
        let (result, overflow) = coefficient.multipliedReportingOverflow(by: powersOfTen[scale - self.scale])
        return overflow ? nil : result
    }
}

extension Decimal: Comparable {
    /// Integer parts first, then fractions, so that no two values are too far apart to compare.
    public static func < (left: Decimal, right: Decimal) -> Bool {
        if left.scale == right.scale { return left.coefficient < right.coefficient }
        let (leftWhole, leftPart) = left.coefficient.quotientAndRemainder(dividingBy: powersOfTen[left.scale])
        let (rightWhole, rightPart) = right.coefficient.quotientAndRemainder(dividingBy: powersOfTen[right.scale])
        if leftWhole != rightWhole { return leftWhole < rightWhole }
        return leftPart * powersOfTen[maximumScale - left.scale] < rightPart * powersOfTen[maximumScale - right.scale]
    }
}

extension Int128 {
    /// The quotient rounded to the nearest integer, halves away from zero.
    package func dividedRoundingHalfAway(by divisor: Int128) -> Int128 {
        precondition(divisor > 0, "a rounded division needs a positive divisor, not \(divisor)")
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        // Not 2 × remainder ≥ divisor: that product could overflow.
        guard remainder.magnitude >= divisor.magnitude - remainder.magnitude else { return quotient }
        return quotient + signum()
    }
}

/// 10^0 … 10^21, all that scales need.
private let powersOfTen: [Int128] = (0...Decimal.maximumScale).map { exponent in
    (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
}

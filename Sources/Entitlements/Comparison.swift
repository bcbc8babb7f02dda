internal import Basics
internal import Model

/// The four ways in which trait values compare.
enum ComparableType: Sendable {
    case bool, date, int, string

    init(_ type: TraitType) {
        self =
            switch type {
            case .boolean: .bool
            case .date: .date
            case .number, .currency: .int
            case .string, .url: .string
            }
    }
}

/// A trait's text, read as its type says. Never fails: what cannot be read is false, no date, or 0. Where Schematic's
/// two engines read differently: `docs/schematic-compatibility.md`.
enum ComparableValue: Equatable, Sendable {
    case bool(Bool)
    case date(Timestamp?)
    case int(Int64)
    case string(String)

    /// `true` and `1` are true. Integers with a fraction are 0. Dates are RFC 3339, or `2026-08-01`, which is its
    /// midnight in UTC.
    init(_ text: String, as type: ComparableType) {
        switch type {
        case .bool: self = .bool(text == "true" || text == "1")
        case .date: self = .date(Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z"))
        case .int: self = .int(Int64(traitText: text))
        case .string: self = .string(text)
        }
    }

    /// Whether `self operator other` holds; both are of one type. Emptiness is not a matter of two values and asked
    /// elsewhere.
    func satisfies(_ comparison: ComparableOperator, _ other: ComparableValue) -> Bool {
        switch (self, other) {
        case (.int(let left), .int(let right)):
            return comparison.holds(equal: left == right, less: left < right)
        case (.string(let left), .string(let right)):
            // By bytes, so that the order does not depend on Unicode's tables.
            let isEqual = left.utf8.elementsEqual(right.utf8)
            return comparison.holds(equal: isEqual, less: left.utf8.lexicographicallyPrecedes(right.utf8))
        case (.bool(let left), .bool(let right)):
            return switch comparison {
            case .eq: left == right
            case .ne: left != right
            default: false
            }
        case (.date(let left), .date(let right)):
            // No date is before every date.
            let earliest = Timestamp(milliseconds: .min)
            return comparison.holds(equal: left == right, less: left ?? earliest < right ?? earliest)
        default:
            preconditionFailure("\(self) and \(other) are of different types and cannot be compared")
        }
    }
}

extension Int64 {
    /// Reads an integer; one that is too large is the nearest that there is, and what is none, as `3.7`, is 0.
    init(traitText text: String) {
        if let number = Int64(text) {
            self = number
            return
        }
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        let isInteger =
            !digits.isEmpty && digits.count + 1 >= text.utf8.count
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        self = isInteger ? (text.hasPrefix("-") ? .min : .max) : 0
    }
}

extension ComparableOperator {
    /// Whether the operator accepts two values that are equal, in order, or neither. The two tests of emptiness never
    /// do.
    func holds(equal: Bool, less: Bool) -> Bool {
        switch self {
        case .eq: equal
        case .ne: !equal
        case .gt: !equal && !less
        case .gte: !less
        case .lt: less
        case .lte: less || equal
        case .isEmpty, .notEmpty: false
        }
    }
}

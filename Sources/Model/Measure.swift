/// How the events of one name are put together into one number.
public enum Aggregation: String, Codable, Sendable, CaseIterable {
    case sum, count, max, latest
    case uniqueCount = "unique_count"

    /// Whether the whole is the sum of what its parts add: then one event's share can be taken back by another.
    public var isAdditive: Bool { self == .sum || self == .count }
}

/// Where a feature's events come from. Source: Schematic, `event_source`.
public enum EventSource: String, Codable, Sendable, CaseIterable {
    /// All events of the name.
    case track
    /// Only those that report calls of a language model.
    case inference
}

/// What a feature measures of its event: which events, what of them, and how that is put together.
///
/// Without anything said it is the sum of the events' quantities, which is what a meter of the event's name counts.
/// Source of the rule: Tollgate's extensions, "Events".
public struct Measure: Codable, Hashable, Sendable {
    public var aggregation = Aggregation.sum
    /// The trait that is summed, or of which the maximum or the latest is kept; nil for the event's quantity.
    public var valueTrait: String?
    /// The trait whose different values are counted.
    public var uniqueTrait: String?
    /// All of them must hold of an event.
    public var filters: [TraitFilter] = []
    /// What each event adds is kept by itself, for prices of single events: of a sum only.
    public internal(set) var keepsEach: Bool?
    /// Places of the quantities that count, 1 to 9; nil for whole ones.
    public var places: Int?
    /// Only inference events of the name count; nil for all that have it.
    public var source: EventSource?

    public init(_ aggregation: Aggregation = .sum) {
        self.aggregation = aggregation
    }

    /// Whether it counts the quantities of all events, but for their places.
    package var isOfQuantities: Bool {
        var whole = self
        whole.places = nil
        return whole.isPlain
    }

    /// The same, with what each event adds kept by itself.
    package var keepingEach: Measure {
        var measure = self
        measure.keepsEach = true
        return measure
    }

    /// Whether the meter of the event's name counts just this.
    public var isPlain: Bool { self == Measure() }
}

/// A condition on one trait of an event.
public struct TraitFilter: Codable, Hashable, Sendable {
    public enum Operator: String, Codable, Sendable, CaseIterable {
        case eq, ne
        case isIn = "in"
        case gt, gte, lt, lte
    }

    public var trait: String
    public var `operator`: Operator
    /// What is compared with: one value; any number for `in`.
    public var values: [TraitValue]

    public init(trait: String, operator: Operator, values: [TraitValue]) {
        self.trait = trait
        self.operator = `operator`
        self.values = values
    }

    /// Whether the filter holds of an event's trait, which is nil when the event has none.
    ///
    /// Values of different kinds are different and in no order; texts are ordered by their UTF-8 bytes.
    public func holds(of value: TraitValue?) -> Bool {
        guard let value, value != .null else { return self.operator == .ne }
        return switch self.operator {
        case .eq, .isIn: values.contains { value.order(beside: $0) == .equal }
        case .ne: values.allSatisfy { value.order(beside: $0) != .equal }
        case .gt: values.allSatisfy { value.order(beside: $0) == .above }
        case .gte: values.allSatisfy { [.above, .equal].contains(value.order(beside: $0)) }
        case .lt: values.allSatisfy { value.order(beside: $0) == .below }
        case .lte: values.allSatisfy { [.below, .equal].contains(value.order(beside: $0)) }
        }
    }
}

extension TraitValue {
    fileprivate enum Order {
        case below, equal, above, none
    }

    fileprivate func order(beside other: TraitValue) -> Order {
        switch (self, other) {
        case (.number(let left), .number(let right)):
            guard let left = Decimal(literal: left), let right = Decimal(literal: right) else {
                return left == right ? .equal : .none
            }
            return left == right ? .equal : left < right ? .below : .above
        case (.string(let left), .string(let right)):
            if left.utf8.elementsEqual(right.utf8) { return .equal }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? .below : .above
        case (.bool(let left), .bool(let right)): return left == right ? .equal : .none
        default: return .none
        }
    }
}

extension Decimal {
    /// Reads a JSON number, one with an exponent too; nil when it needs more digits than a decimal has.
    public init?(literal: String) {
        guard let mark = literal.utf8.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) else {
            self.init(literal)
            return
        }
        let exponent = literal[literal.index(after: mark)...]
        guard let mantissa = Decimal(String(literal[..<mark])), var places = Int(exponent), abs(places) <= 64 else {
            return nil
        }
        var (coefficient, scale) = (mantissa.coefficient, mantissa.scale)
        while places < 0 {
            scale += 1
            places += 1
        }
        while places > 0 {
            if scale > 0 {
                scale -= 1
            } else {
                let (shifted, overflow) = coefficient.multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                coefficient = shifted
            }
            places -= 1
        }
        self.init(coefficient: coefficient, scale: scale)
    }
}

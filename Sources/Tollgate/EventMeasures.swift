internal import Basics
internal import EventScanner
internal import Metering
internal import Model

/// The meters that are derived from one event name, ready to say what an event adds to each.
///
/// An event of quantity 0 only settles something else and is shown to nobody here.
struct EventMeasures {
    private let meters: [(id: Identifier<Meter>, measure: Measure)]
    private let hash: KeyedHash
    /// The traits that any of them asks for.
    private let names: [String]

    /// - Parameter hash: makes the tokens that stand for different values.
    init(_ meters: [Meter], hash: KeyedHash) {
        self.meters = meters.compactMap { meter in meter.measure.map { (meter.id, $0) } }
        self.hash = hash
        let wanted = self.meters.flatMap { _, measure in
            [measure.valueTrait, measure.uniqueTrait].compactMap(\.self) + measure.filters.map(\.trait)
        }
        names = Array(Set(wanted))
    }

    /// Whether any of them counts quantities of so many places.
    func take(_ quantity: Decimal) -> Bool {
        meters.contains { ($0.measure.places ?? 0) > 0 && $0.measure.places! >= quantity.scale }
    }

    /// What an event adds.
    ///
    /// - Parameters:
    ///   - exact: the quantity with its places, where it has any.
    ///   - json: the object that has the traits; nil when there is none.
    ///   - mayTakeBack: whether the sender may count less than nothing.
    /// - Throws: `Refusal` for a trait that cannot be counted exactly.
    func uses(
        of json: ScannedEvent.Text?, quantity: Int64, exact: Decimal? = nil, isInference: Bool, mayTakeBack: Bool
    ) throws(Refusal) -> [DerivedUse] {
        let values = json.map { RawTraits.values(of: names, in: $0) } ?? []
        func trait(_ name: String) -> TraitValue? {
            values.isEmpty ? nil : values[names.firstIndex(of: name)!].map(TraitValue.init)
        }
        var uses: [DerivedUse] = []
        for (id, measure) in meters {
            guard measure.source != .inference || isInference,
                measure.filters.allSatisfy({ $0.holds(of: trait($0.trait)) })
            else { continue }
            switch measure.aggregation {
            case .count:
                let sign = exact.map { Int64($0.coefficient.signum()) } ?? quantity.signum()
                uses.append(DerivedUse(meter: id, value: sign))
            case .uniqueCount:
                guard exact.map({ $0 > .zero }) ?? (quantity > 0),
                    let text = measure.uniqueTrait.flatMap(trait)?.identity
                else { continue }
                uses.append(DerivedUse(meter: id, token: token(text)))
            case .sum, .max, .latest:
                let counted = try Self.count(exact ?? Decimal(quantity), measure, "quantity")
                guard let value = try Self.value(measure, counted, trait) else { continue }
                guard value >= 0 || mayTakeBack else {
                    throw .invalid("a negative \(measure.valueTrait ?? "quantity") requires a secret API key")
                }
                uses.append(DerivedUse(meter: id, value: value))
            }
        }
        return uses
    }

    /// What a feature's consumption adds, which has no traits: the quantity to the feature's own meter, and to each
    /// other that asks for none.
    func usesWithoutTraits(_ quantity: Int64, consumed: Identifier<Meter>) -> [DerivedUse] {
        var uses: [DerivedUse] = []
        let each = meters.first { $0.id == consumed }?.measure.keepingEach
        for (id, measure) in meters {
            // Too much to count is refused by the counter, which has no room for it.
            let quantity = MeterUnit.count(Decimal(quantity), places: measure.places ?? 0) ?? .max
            if id == consumed || measure == each {
                uses.append(DerivedUse(meter: id, value: quantity))
            } else if measure.valueTrait == nil, measure.uniqueTrait == nil, measure.source != .inference,
                measure.filters.allSatisfy({ $0.holds(of: nil) })
            {
                uses.append(DerivedUse(meter: id, value: measure.aggregation == .count ? 1 : quantity))
            }
        }
        return uses
    }

    /// What of an event is summed, or may be the greatest or the latest; nil for nothing.
    private static func value(
        _ measure: Measure, _ quantity: Int64, _ trait: (String) -> TraitValue?
    ) throws(Refusal) -> Int64? {
        // A correction takes back from a sum; of the others nothing can be taken back.
        guard quantity > 0 || measure.aggregation == .sum else { return nil }
        guard let name = measure.valueTrait else { return quantity == 0 ? nil : quantity }
        guard let value = try count(trait(name), measure, name), value != 0 || measure.aggregation != .sum else {
            return nil
        }
        return value
    }

    /// A trait as a count; nil when it is not there or no number.
    private static func count(
        _ trait: TraitValue?, _ measure: Measure, _ name: String
    ) throws(Refusal) -> Int64? {
        guard case .number(let literal) = trait else { return nil }
        guard let number = Decimal(literal: literal), number.scale <= measure.places ?? 0 else {
            let places = measure.places.map { "have at most \($0) places" } ?? "be a whole number"
            throw .invalid("the trait \(name) must \(places) to be counted, not \(literal.prefix(40))")
        }
        return try count(number, measure, "the trait \(name)")
    }

    /// A number in the unit of the measure.
    private static func count(_ number: Decimal, _ measure: Measure, _ what: String) throws(Refusal) -> Int64 {
        let limit = Decimal(ConsumeRequest.greatestQuantity)
        guard number <= limit, number.negated <= limit,
            let count = MeterUnit.count(number, places: measure.places ?? 0), count.magnitude <= 1 << 62
        else { throw .invalid("\(what) is out of range: \(number)") }
        return count
    }

    private func token(_ text: String) -> UInt128 {
        var text = text
        let (high, low) = text.withUTF8 { hash.hash128(UnsafeRawBufferPointer($0)) }
        return UInt128(high) << 64 | UInt128(low)
    }
}

extension TraitValue {
    fileprivate init(_ value: RawTraits.Value) {
        self =
            switch value {
            case .text(let text): .string(text)
            case .number(let literal): .number(literal)
            case .bool(let value): .bool(value)
            case .null: .null
            case .list: .array([])
            case .object: .object([:])
            }
    }

    /// What makes it the same value as another one: its text, so that the number 7 and the text "7" name the same; nil
    /// for what names nothing.
    fileprivate var identity: String? {
        switch self {
        case .string(let text): text
        case .number(let literal): Decimal(literal: literal)?.description ?? literal
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

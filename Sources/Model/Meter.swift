public import Basics

/// What is counted of the events of one name in one environment: the sum of their quantities, or, for a *derived*
/// meter, what its measure says.
public struct Meter: Codable, Sendable, Identified {
    public static let idPrefix = "mtr"

    public let id: Identifier<Meter>
    public let eventSubtype: String
    /// Nil for the meter that counts the quantities of all events of the name.
    public private(set) var measure: Measure?
    /// No feature measures this any more: it counts no further events. Nil while one does.
    public var isRetired: Bool?

    public init(id: Identifier<Meter>, eventSubtype: String) {
        self.id = id
        self.eventSubtype = eventSubtype
    }

    /// A derived meter.
    ///
    /// - Parameter ordinal: its number among all meters.
    public init(ordinal: UInt64, eventSubtype: String, measure: Measure) {
        id = Identifier(ordinal: ordinal | MeterKind(measure).bits | MeterUnit.bits(measure.places ?? 0))
        self.eventSubtype = eventSubtype
        self.measure = measure
    }
}

/// How what a meter counts is kept. Three bits of the meter's ordinal say it, so that whoever counts, folds, reads or
/// bills by the number alone knows. Part of the store's format.
public enum MeterKind: UInt64, Sendable {
    /// Sums in buckets: `sum` and `count`.
    case additive
    /// In each bucket the greatest value.
    case greatest
    /// In each bucket the latest value.
    case latest
    /// In each bucket the set of values.
    case unique
    /// Each value, in order.
    case each

    private static let eachBit: UInt64 = 1 << 60
    static let shift: UInt64 = 61
    static let mask: UInt64 = 3 << shift

    init(_ measure: Measure) {
        self =
            switch measure.aggregation {
            case _ where measure.keepsEach == true: .each
            case .sum, .count: .additive
            case .max: .greatest
            case .latest: .latest
            case .uniqueCount: .unique
            }
    }

    var bits: UInt64 { self == .each ? Self.eachBit : rawValue << Self.shift }

    /// Of the meter with this ordinal.
    public init(ofMeter ordinal: UInt64) {
        self = ordinal & Self.eachBit != 0 ? .each : MeterKind(rawValue: (ordinal & Self.mask) >> Self.shift)!
    }

    /// The ordinal with two bits of its kind lowest: for all but `each`, which came later, a small number.
    package static func packed(_ ordinal: UInt64) -> UInt64 {
        (ordinal & ~mask) << 2 | (ordinal & mask) >> shift
    }

    package static func unpacked(_ packed: UInt64) -> UInt64 {
        packed >> 2 & ~mask | (packed & 3) << shift
    }
}

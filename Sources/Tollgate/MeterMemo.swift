internal import Basics
internal import Catalog
internal import EventScanner
internal import Glibc
internal import Model

/// Which meters an event name belongs to: the names of one batch are few, so their bytes are compared before a string
/// is made of them.
struct MeterMemo {
    private static let size = 8

    private let catalog: CatalogSnapshot
    private let hash: KeyedHash
    private var known: [(name: ScannedEvent.Text, meter: UInt64, measures: Int)] = []
    /// What is derived from the names; few have anything.
    private var measures: [(name: String, measures: EventMeasures)] = []

    init(_ catalog: CatalogSnapshot, hash: KeyedHash) {
        self.catalog = catalog
        self.hash = hash
        known.reserveCapacity(Self.size)
    }

    /// The name's meter, and the place of what is derived from it, −1 where nothing is; nil when no meter has the name.
    /// The bytes must stay where they are as long as the memo is used.
    mutating func meter(named name: ScannedEvent.Text) -> (id: UInt64, measures: Int)? {
        for (other, meter, measures) in known
        where other.count == name.count && memcmp(other.baseAddress!, name.baseAddress!, name.count) == 0 {
            return (meter, measures)
        }
        let text = String(decoding: name, as: UTF8.self)
        guard let meter = catalog.nouns.meters[text]?.id.ordinal else { return nil }
        let measures = place(ofMeasures: text)
        if known.count < Self.size { known.append((name, meter, measures)) }
        return (meter, measures)
    }

    subscript(place: Int) -> EventMeasures { measures[place].measures }

    private mutating func place(ofMeasures name: String) -> Int {
        guard let meters = catalog.nouns.derivedMeters[name] else { return -1 }
        if let place = measures.firstIndex(where: { $0.name == name }) { return place }
        measures.append((name, EventMeasures(meters, hash: hash)))
        return measures.count - 1
    }
}

internal import Catalog
internal import EventScanner
internal import Glibc

/// Which meter an event name belongs to: the names of one batch are few, so their bytes are compared before a string is
/// made of them.
struct MeterMemo {
    private static let size = 8

    private let catalog: CatalogSnapshot
    private var known: [(name: ScannedEvent.Text, meter: UInt64)] = []

    init(_ catalog: CatalogSnapshot) {
        self.catalog = catalog
        known.reserveCapacity(Self.size)
    }

    /// Nil when no meter has the name. The bytes must stay where they are as long as the memo is used.
    mutating func meter(named name: ScannedEvent.Text) -> UInt64? {
        for (other, meter) in known
        where other.count == name.count && memcmp(other.baseAddress!, name.baseAddress!, name.count) == 0 {
            return meter
        }
        guard let meter = catalog.nouns.meters[String(decoding: name, as: UTF8.self)]?.id.ordinal else { return nil }
        if known.count < Self.size { known.append((name, meter)) }
        return meter
    }
}

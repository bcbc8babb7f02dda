package import Basics
package import Model

/// A place in the store: a table and a key in it.
///
/// Keys of up to 32 bytes, which are nearly all, are held as numbers: a command makes and compares thousands, and none
/// of that allocates.
package struct StoreKey: Hashable, Comparable, Sendable {
    package let table: StoreTable
    /// The first 32 bytes in big-endian order, and zeros where there are less.
    private let high: UInt128
    private let low: UInt128
    let count: Int
    /// The whole key when it is longer than 32 bytes.
    private let long: Long?

    private final class Long: Sendable {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    package init(_ table: StoreTable, _ bytes: [UInt8]) {
        self.table = table
        count = bytes.count
        long = count > 32 ? Long(bytes) : nil
        (high, low) = bytes.withUnsafeBytes { bytes in
            var words = (UInt128(0), UInt128(0))
            withUnsafeMutableBytes(of: &words) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(32)))
            }
            return (UInt128(bigEndian: words.0), UInt128(bigEndian: words.1))
        }
    }

    private init(_ table: StoreTable, _ high: UInt128, _ low: UInt128 = 0, count: Int) {
        self.table = table
        self.high = high
        self.low = low
        self.count = count
        long = nil
    }

    package var bytes: [UInt8] { withBytes { Array($0) } }

    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        if let long { return try long.bytes.withUnsafeBytes(body) }
        return try withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
            try body(UnsafeRawBufferPointer(rebasing: $0.prefix(count)))
        }
    }

    /// What keys are compared by first: a number that counts no references.
    var start: (table: Int, bytes: UInt128) { (table.place, high) }

    package static func < (left: StoreKey, right: StoreKey) -> Bool {
        if left.table != right.table { return left.table.place < right.table.place }
        if left.high != right.high { return left.high < right.high }
        if left.low != right.low { return left.low < right.low }
        // A key that ends sorts before one that goes on.
        guard let leftLong = left.long, let rightLong = right.long else { return left.count < right.count }
        return leftLong.bytes.lexicographicallyPrecedes(rightLong.bytes)
    }

    package static func == (left: StoreKey, right: StoreKey) -> Bool {
        left.high == right.high && left.low == right.low && left.count == right.count && left.table == right.table
            && left.long?.bytes == right.long?.bytes
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(mixed)
        if let long { hasher.combine(long.bytes) }
    }

    /// A hash for the length of a process. Keys that users choose go through one that nobody can aim at.
    var brief: UInt32 {
        table == .keys || table == .external
            ? UInt32(truncatingIfNeeded: hashValue) : UInt32(truncatingIfNeeded: mixed >> 32)
    }

    /// One word in which no part of the first 32 bytes can cancel out another.
    private var mixed: UInt64 {
        func mix(_ word: UInt64, _ part: UInt128) -> UInt64 {
            let mixed = (word ^ UInt64(truncatingIfNeeded: part >> 64)) &* 0x9E37_79B9_7F4A_7C15
            return (mixed ^ mixed >> 32 ^ UInt64(truncatingIfNeeded: part)) &* 0x9E37_79B9_7F4A_7C15
        }
        return mix(mix(UInt64(table.place), high), low)
    }

    /// A bit for the kind of record; none of what is no record.
    var kindBit: UInt64 { table == .records ? 1 << (UInt64(truncatingIfNeeded: high >> 120) & 63) : 0 }

    /// Whether it is the place of a record that is kept in memory.
    var isOfCatalog: Bool {
        table == .records && RecordKind(rawValue: UInt8(truncatingIfNeeded: high >> 120))?.isCatalog == true
    }
}

extension StoreKey {
    package static let recordPrefixWidth = 5
    /// Of a whole key.
    static let recordWidth = 13

    /// Everything of one kind in one environment begins so.
    package static func recordPrefix(_ kind: RecordKind, in environment: EnvironmentID) -> [UInt8] {
        Array(record(kind, in: environment, ordinal: 0).bytes.prefix(recordPrefixWidth))
    }

    package static func record(_ kind: RecordKind, in environment: EnvironmentID, ordinal: UInt64) -> StoreKey {
        let owner = kind.isGlobal ? 0 : UInt128(UInt32(environment.ordinal))
        return StoreKey(
            .records, UInt128(kind.rawValue) << 120 | owner << 88 | UInt128(ordinal) << 24, count: recordWidth)
    }

    package static func entityKey(
        _ type: EntityType, name: String, value: String, in environment: EnvironmentID
    ) -> StoreKey {
        var key = KeyBytes(capacity: 8 + name.utf8.count + value.utf8.count)
        key.append(environment)
        key.append(UInt8(type == .company ? 1 : 2))
        key.append(name)
        key.append(UInt8(0))
        key.append(value)
        return StoreKey(.keys, key.bytes)
    }

    package static func due(_ item: DueItem, in environment: EnvironmentID) -> StoreKey {
        appointment(.due, item.at, item.task.rawValue, item.ordinal, in: environment)
    }

    package static func lapse(_ lapse: Lapse, in environment: EnvironmentID) -> StoreKey {
        appointment(.lapses, lapse.at, lapse.what.rawValue, lapse.ordinal, in: environment)
    }

    private static func appointment(
        _ table: StoreTable, _ at: Timestamp, _ what: UInt8, _ ordinal: UInt64, in environment: EnvironmentID
    ) -> StoreKey {
        let start = UInt128(UInt32(environment.ordinal)) << 96 | UInt128(at.ordered) << 32
        let end = UInt128(what) << 24 | UInt128(ordinal >> 40)
        return StoreKey(table, start | end, UInt128(ordinal) << 88, count: 21)
    }

    package static func external(_ kind: RecordKind, _ id: String, in environment: EnvironmentID) -> StoreKey {
        var key = KeyBytes(capacity: 5 + id.utf8.count)
        key.append(environment)
        key.append(kind.rawValue)
        key.append(id)
        return StoreKey(.external, key.bytes)
    }

    package static func companyInvoice(_ company: Identifier<Company>, _ invoice: Identifier<Invoice>) -> StoreKey {
        StoreKey(.invoices, UInt128(company.ordinal) << 64 | UInt128(invoice.ordinal), count: 16)
    }

    package static func companyPlanChange(
        _ company: Identifier<Company>, _ change: Identifier<PlanChange>
    ) -> StoreKey {
        StoreKey(.planChanges, UInt128(company.ordinal) << 64 | UInt128(change.ordinal), count: 16)
    }

    package static func answer(
        _ hash: (UInt64, UInt64), day: Timestamp, in environment: EnvironmentID
    ) -> StoreKey {
        var key = KeyBytes()
        key.append(environment)
        key.append(day)
        key.append(hash.0)
        key.append(hash.1)
        return StoreKey(.answers, key.bytes)
    }

    package static func mark(hour: Int64, in environment: EnvironmentID) -> StoreKey {
        var key = KeyBytes()
        key.append(environment)
        key.append(Timestamp(milliseconds: hour))
        return StoreKey(.marks, key.bytes)
    }

    package static func meta(_ name: String) -> StoreKey { StoreKey(.meta, Array(name.utf8)) }
}

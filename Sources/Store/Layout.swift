package import Basics
package import Model

/// The tables of the store. The raw value is the table's name in LMDB.
package enum StoreTable: String, Sendable, CaseIterable {
    /// Schema version, counters of ids, how far each shard of `usage` was folded.
    case meta
    /// sequence → entry, appended only.
    case journal
    /// kind ‖ environment ‖ ordinal → record in CBOR.
    case records
    /// environment ‖ entity type ‖ name ‖ 0 ‖ value → ordinal of the company or user.
    case keys
    /// company ‖ meter ‖ start → sum of the quantities in the bucket that begins there, as far as they are folded.
    case usage
    /// environment ‖ instant ‖ task ‖ ordinal → nothing: what is to be done when.
    case due
    /// company ‖ ordinal of invoice → nothing.
    case invoices
    /// environment ‖ day ‖ hash of the idempotency key → the first answer to a consume.
    case answers
    /// environment ‖ hour → the first journal sequence of that hour: where to start reading to refill the dedupe
    /// window.
    case marks
}

/// A place in the store: a table and a key in it.
package struct StoreKey: Hashable, Comparable, Sendable {
    package let table: StoreTable
    package let bytes: [UInt8]

    package init(_ table: StoreTable, _ bytes: [UInt8]) {
        self.table = table
        self.bytes = bytes
    }

    package static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.table == right.table
            ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.table.rawValue < right.table.rawValue
    }
}

/// Keys are big-endian, so that byte order is number order; signed numbers have their sign bit flipped for the same
/// reason.
package struct KeyBytes {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 24) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func append(_ number: UInt8) { bytes.append(number) }
    package mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    package mutating func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    package mutating func append(_ instant: Timestamp) { append(UInt64(bitPattern: instant.milliseconds) ^ (1 << 63)) }
    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    package mutating func append(_ environment: EnvironmentID) { append(UInt32(environment.ordinal)) }
}

extension UnsafeRawBufferPointer {
    package func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    package func bigEndian64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    package func timestamp(at offset: Int) -> Timestamp {
        Timestamp(milliseconds: Int64(bitPattern: bigEndian64(at: offset) ^ (1 << 63)))
    }
}

extension StoreKey {
    package static let recordPrefixWidth = 5

    /// Everything of one kind in one environment begins so.
    package static func recordPrefix(_ kind: RecordKind, in environment: EnvironmentID) -> [UInt8] {
        var key = KeyBytes()
        key.append(kind.rawValue)
        key.append(kind.isGlobal ? UInt32(0) : UInt32(environment.ordinal))
        return key.bytes
    }

    package static func record(
        _ kind: RecordKind, in environment: EnvironmentID, ordinal: UInt64
    ) -> StoreKey {
        var key = KeyBytes()
        key.append(kind.rawValue)
        key.append(kind.isGlobal ? UInt32(0) : UInt32(environment.ordinal))
        key.append(ordinal)
        return StoreKey(.records, key.bytes)
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
        var key = KeyBytes()
        key.append(environment)
        key.append(item.at)
        key.append(item.task.rawValue)
        key.append(item.ordinal)
        return StoreKey(.due, key.bytes)
    }

    package static func companyInvoice(_ company: Identifier<Company>, _ invoice: Identifier<Invoice>) -> StoreKey {
        var key = KeyBytes()
        key.append(company.ordinal)
        key.append(invoice.ordinal)
        return StoreKey(.invoices, key.bytes)
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

/// Something that a moment in time makes due.
package struct DueItem: Hashable, Comparable, Sendable {
    /// In the order in which they are done when they fall on the same instant.
    package enum Task: UInt8, Sendable {
        /// A subscription's period ends.
        case closePeriod = 1
        /// A draft invoice's grace is over.
        case finalizeInvoice = 2
    }

    package let at: Timestamp
    package let task: Task
    /// Of the subscription or the invoice.
    package let ordinal: UInt64

    package init(at: Timestamp, task: Task, ordinal: UInt64) {
        self.at = at
        self.task = task
        self.ordinal = ordinal
    }

    package static func < (left: DueItem, right: DueItem) -> Bool {
        (left.at, left.task.rawValue, left.ordinal) < (right.at, right.task.rawValue, right.ordinal)
    }
}

/// Where one counter's bucket stands. A bucket belongs to one company and meter and begins at a millisecond.
package struct UsageKey: Hashable, Comparable, Sendable {
    package static let width = 24
    package let company: UInt64
    package let meter: UInt64
    package let start: Timestamp

    package init(company: UInt64, meter: UInt64, start: Timestamp) {
        self.company = company
        self.meter = meter
        self.start = start
    }

    /// Writes the key's bytes without allocating: a fold writes many thousands of them.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let words = (
            company.bigEndian, meter.bigEndian, (UInt64(bitPattern: start.milliseconds) ^ (1 << 63)).bigEndian
        )
        return try withUnsafeBytes(of: words, body)
    }

    package static func < (left: UsageKey, right: UsageKey) -> Bool {
        (left.company, left.meter, left.start) < (right.company, right.meter, right.start)
    }
}

package import Basics
internal import LMDB
package import Model

/// One consistent view of what is committed.
package final class Snapshot {
    private let store: Store
    private let transaction: ReadTransaction
    // One thread at a time has the snapshot.
    @exclusivity(unchecked) private var usageRows: UsageRows?

    init(_ store: Store, _ transaction: consuming ReadTransaction) {
        self.store = store
        self.transaction = transaction
    }

    package func value(_ key: StoreKey) throws -> [UInt8]? {
        let value = try Store.reading { try key.withBytes { try transaction.get(store.table(key.table), $0) } }
        if let value { try key.table.check(keyBytes: key.count, valueBytes: value.count) }
        return value
    }

    package func record<R: Record>(_ id: Identifier<R>, in environment: EnvironmentID) throws -> R? {
        try record(.record(R.kind, in: environment, ordinal: id.ordinal))
    }

    func record<R: Record>(_ key: StoreKey) throws -> R? {
        guard let bytes = try bytes(key) else { return nil }
        return try withExtendedLifetime(self) { try R.decoded(bytes) }
    }

    /// A value where it lies; nil when there is none. It stays for as long as the snapshot.
    func bytes(_ key: StoreKey) throws -> UnsafeRawBufferPointer? {
        try key.withBytes { try transaction.withValue(store.table(key.table), $0) { $0 } }
    }

    /// Visits records of one kind, newest first, until `body` answers false.
    package func forEach<R: Record>(
        _ type: R.Type, in environment: EnvironmentID, _ body: (R) throws -> Bool
    ) throws {
        let prefix = StoreKey.recordPrefix(R.kind, in: environment)
        try forEach(.records, prefix: prefix, reversed: true) { _, value in
            try body(try R.decoded(value))
        }
    }

    package func forEach(
        _ table: StoreTable, prefix: [UInt8], reversed: Bool = false,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try Store.reading {
            try transaction.forEach(store.table(table), prefix: prefix, reversed: reversed) { key, value in
                try table.check(keyBytes: key.count, valueBytes: value.count)
                return try body(key, value)
            }
        }
    }

    package func forEach(
        _ table: StoreTable, from: [UInt8], to: [UInt8]?, reversed: Bool = false,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try Store.reading {
            try transaction.forEach(store.table(table), from: from, to: to, reversed: reversed) { key, value in
                try table.check(keyBytes: key.count, valueBytes: value.count)
                return try body(key, value)
            }
        }
    }

    package func count(_ table: StoreTable) throws -> Int {
        try Store.reading { try transaction.count(store.table(table)) }
    }

    /// The sequence that the next journal entry gets.
    package func nextSequence() throws -> UInt64 {
        try Store.reading { try transaction.lastSequence(store.table(.journal)) + 1 }
    }

    /// Visits journal entries in order, or newest first, until `body` answers false.
    package func forEachEntry(
        from: UInt64 = 0, reversed: Bool = false, _ body: (UInt64, JournalEntry) throws -> Bool
    ) throws {
        var first = KeyBytes()
        first.append(from)
        try forEach(.journal, from: first.bytes, to: nil, reversed: reversed) { key, value in
            try body(key.bigEndian64(at: 0), try JournalEntry(value))
        }
    }

    package func entry(_ sequence: UInt64) throws -> JournalEntry? {
        var key = KeyBytes()
        key.append(sequence)
        guard let bytes = try value(StoreKey(.journal, key.bytes)) else { return nil }
        return try bytes.withUnsafeBytes { try JournalEntry($0) }
    }

    /// What falls due in `environment` from `first` on, up to and including `until`, in the order in which it is done.
    package func due(
        in environment: EnvironmentID, from first: DueItem = .first, until: Timestamp,
        _ body: (DueItem) throws -> Bool
    ) throws {
        try forEach(.due, from: StoreKey.due(first, in: environment).bytes, to: nil) { key, _ in
            let at = key.timestamp(at: 4)
            guard key.bigEndian32(at: 0) == UInt32(environment.ordinal), at <= until,
                let task = DueItem.Task(rawValue: key[12])
            else { return false }
            return try body(DueItem(at: at, task: task, ordinal: key.bigEndian64(at: 13)))
        }
    }

    /// Lends the usage table to `body`, which does not lend it again.
    package func withUsage<R>(_ body: (inout UsageRows) throws -> R) throws -> R {
        if usageRows == nil { usageRows = UsageRows(cursor: try cursor(.usage)) }
        return try body(&usageRows!)
    }

    /// A cursor that must not outlive the snapshot.
    func cursor(_ table: StoreTable) throws -> Cursor {
        try Store.reading { try transaction.cursor(store.table(table)) }
    }
}

/// The usage table while it is read. One cursor for all lookups, as the rows of a company lie side by side.
package struct UsageRows: ~Copyable {
    private let cursor: Cursor
    /// The company and meter of the last visit, when no row of that company comes after it.
    private var last: (company: UInt64, meter: UInt64)?

    fileprivate init(cursor: consuming Cursor) {
        self.cursor = cursor
    }

    /// Whether the company has any usage under this meter or one with a higher ordinal. Looks for none after a visit
    /// that came to the end of the company's rows.
    package func hasAny(company: UInt64, fromMeter meter: UInt64) throws -> Bool {
        if let last, last.company == company, last.meter < meter { return false }
        var found = false
        let start = UsageKey(company: company, meter: meter, start: Timestamp(milliseconds: .min))
        try forEach(from: start) { row, _ in
            found = row.company == company
            return false
        }
        return found
    }

    /// Visits the buckets of one company and meter that begin in `[from, to)`.
    package mutating func forEach(
        company: UInt64, meter: UInt64, from: Timestamp, to: Timestamp, _ body: (Timestamp, Int64) -> Void
    ) throws {
        var isLast = true
        last = nil
        try forEach(from: UsageKey(company: company, meter: meter, start: from)) { row, sum in
            guard row.company == company, row.meter == meter, row.start < to else {
                isLast = row.company != company
                return false
            }
            body(row.start, sum)
            return true
        }
        if isLast { last = (company, meter) }
    }

    private func forEach(from first: UsageKey, _ body: (UsageKey, Int64) throws -> Bool) throws {
        try first.withBytes { first in
            try cursor.forEach(from: first, to: nil) { key, value in
                try StoreTable.usage.check(keyBytes: key.count, valueBytes: value.count)
                return try body(UsageKey(key), Int64(littleEndian: value.loadUnaligned(as: Int64.self)))
            }
        }
    }
}

extension LMDB.Transaction where Self: ~Copyable {
    /// The sequence of the last journal entry, 0 when there is none.
    func lastSequence(_ journal: Table) throws -> UInt64 {
        guard let entry = try last(journal) else { return 0 }
        try StoreTable.journal.check(keyBytes: entry.key.count, valueBytes: entry.value.count)
        return entry.key.withUnsafeBytes { $0.bigEndian64(at: 0) }
    }
}

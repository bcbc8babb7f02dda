import CLMDB

/// What a read and a write have in common: looking at one consistent state of the tables.
///
/// Bytes handed to a closure lie in the map itself, uncopied. They are valid until the closure returns and must not
/// leave it: after the transaction, or its next change, the page may hold something else. Reading borrows the
/// transaction and changing it mutates it, so the compiler refuses a change from inside such a closure. Only a read
/// has cursors that lend values for as long as itself.
package protocol Transaction: ~Copyable {
    var handle: TransactionHandle { get }
}

/// LMDB's side of a transaction, opaque outside of this module. No reference in it is counted: every read and write
/// of a key passes by here.
package struct TransactionHandle {
    let pointer: OpaquePointer
    let environment: ObjectIdentifier

    /// LMDB's number of the table, after making sure that it belongs here.
    func index(of table: Table) -> UInt32 {
        precondition(table.environment == environment, "The table belongs to another environment.")
        return table.index
    }
}

extension Transaction where Self: ~Copyable {
    /// Lends the value of `key`, or nil when there is none, to `body`, without a copy.
    ///
    /// Throws what `body` throws, or `LMDBError` (`keyEmpty`, `keyTooLong`).
    package func withValue<R: ~Copyable>(
        _ table: Table, _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) throws -> R
    ) throws -> R {
        try body(find(table, key))
    }

    /// A copy of the value of `key`, nil when there is none.
    package func get(_ table: Table, _ key: UnsafeRawBufferPointer) throws(LMDBError) -> [UInt8]? {
        try find(table, key).map { Array($0) }
    }

    /// A copy of the value of `key`, nil when there is none.
    package func get(_ table: Table, _ key: [UInt8]) throws(LMDBError) -> [UInt8]? {
        try key.span.bytes.withUnsafeBytes { key throws(LMDBError) in try get(table, key) }
    }

    /// How many entries the table has, without counting them.
    package func count(_ table: Table) throws(LMDBError) -> Int {
        var statistics = MDB_stat()
        try LMDBError.check(mdb_stat(handle.pointer, handle.index(of: table), &statistics), "count")
        return statistics.ms_entries
    }

    private func find(_ table: Table, _ key: UnsafeRawBufferPointer) throws(LMDBError) -> UnsafeRawBufferPointer? {
        var key = try MDB_val(key: key, "get")
        var value = MDB_val()
        let status = mdb_get(handle.pointer, handle.index(of: table), &key, &value)
        if status == MDB_NOTFOUND { return nil }
        try LMDBError.check(status, "get")
        return value.bytes
    }
}

extension MDB_val {
    /// The bytes as LMDB takes them; it does not write through the pointer.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    init(key: UnsafeRawBufferPointer, _ operation: String) throws(LMDBError) {
        if key.isEmpty { throw LMDBError(.keyEmpty, operation) }
        if key.count > Table.longestKey { throw LMDBError(.keyTooLong(bytes: key.count), operation) }
        self.init(key)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}

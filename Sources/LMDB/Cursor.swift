import CLMDB

/// A place in a table that moves. Looking up keys with one spares the way from the root when they lie near one another.
package struct Cursor: ~Copyable {
    private let pointer: OpaquePointer
    private let transaction: OpaquePointer
    private let index: UInt32

    /// - Parameter handle: of a transaction that ends later when it is a write: LMDB closes the cursors of those.
    init(_ table: Table, _ handle: TransactionHandle) throws(LMDBError) {
        transaction = handle.pointer
        index = handle.index(of: table)
        var opened: OpaquePointer?
        try LMDBError.check(mdb_cursor_open(transaction, index, &opened), "scan")
        pointer = opened!
    }

    deinit { mdb_cursor_close(pointer) }

    /// The value of `key`, nil when there is none; it stays for as long as the transaction changes nothing.
    package func value(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> UnsafeRawBufferPointer? {
        var key = try MDB_val(key: key, "get")
        var value = MDB_val()
        let status = mdb_cursor_get(pointer, &key, &value, MDB_SET)
        if status == MDB_NOTFOUND { return nil }
        try LMDBError.check(status, "get")
        return value.bytes
    }

    /// Visits the entries with `from <= key < to` in key order, or in the opposite order, until `body` returns false.
    package func forEach(
        from: UnsafeRawBufferPointer, to: UnsafeRawBufferPointer?, reversed: Bool = false,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        if let to, to.isEmpty { return }
        // The bound that ends the scan, and the sign of the comparison with it that lies outside.
        var bound = reversed ? (from.isEmpty ? nil : MDB_val(from)) : to.map { MDB_val($0) }
        var key = MDB_val()
        var value = MDB_val()
        var status = reversed ? seekBelow(to, &key, &value) : seekAtOrAfter(from, &key, &value)
        while status == MDB_SUCCESS {
            if bound != nil {
                let order = mdb_cmp(transaction, index, &key, &bound!)
                if reversed ? order < 0 : order >= 0 { return }
            }
            guard try body(key.bytes, value.bytes) else { return }
            status = mdb_cursor_get(pointer, &key, &value, reversed ? MDB_PREV : MDB_NEXT)
        }
        if status != MDB_NOTFOUND { throw LMDBError(status: status, "scan") }
    }

    private func seekAtOrAfter(
        _ from: UnsafeRawBufferPointer, _ key: inout MDB_val, _ value: inout MDB_val
    ) -> Int32 {
        key = MDB_val(from)
        return mdb_cursor_get(pointer, &key, &value, from.isEmpty ? MDB_FIRST : MDB_SET_RANGE)
    }

    /// LMDB can only seek upwards: go to the first key that is not below `to`, and one back.
    private func seekBelow(
        _ to: UnsafeRawBufferPointer?, _ key: inout MDB_val, _ value: inout MDB_val
    ) -> Int32 {
        guard let to else { return mdb_cursor_get(pointer, &key, &value, MDB_LAST) }
        let status = seekAtOrAfter(to, &key, &value)
        return switch status {
        case MDB_SUCCESS: mdb_cursor_get(pointer, &key, &value, MDB_PREV)
        case MDB_NOTFOUND: mdb_cursor_get(pointer, &key, &value, MDB_LAST)
        default: status
        }
    }
}

extension ReadTransaction {
    /// A cursor of the table, which must not be used once the transaction has ended.
    package func cursor(_ table: Table) throws(LMDBError) -> Cursor { try Cursor(table, handle) }
}

import CLMDB
import Glibc
import Synchronization

/// All or nothing: the changes of one commit, seen by nobody before `commit`, abandoned when it ends without one.
///
/// It stays on the thread that began it, which LMDB's lock demands; ending it on another one stops the process. So it
/// does not live across an `await`. An operation that throws `mapFull`, or any fault of the device, leaves nothing to
/// do but to abandon it; a refusal (`keyTooLong`, `overflow`, `appendOutOfOrder`, …) changes nothing and it goes on.
package struct WriteTransaction: ~Copyable, Transaction {
    package let handle: TransactionHandle
    private let environment: Environment
    /// True once an operation found no room.
    private(set) var isMapFull = false
    /// The cursor that `add` keeps on its table from call to call.
    private var counters: (table: Table, cursor: OpaquePointer)?
    private var isOpen = true

    init(_ environment: Environment) throws(LMDBError) {
        let thread = pthread_self()
        precondition(
            environment.writer.load(ordering: .relaxed) != thread,
            "This thread has a write transaction open already; a second one would wait for the first for ever.")
        environment.gate.enter()
        var pointer: OpaquePointer?
        let status = mdb_txn_begin(environment.pointer, nil, 0, &pointer)
        guard status == MDB_SUCCESS else {
            environment.gate.leave()
            throw LMDBError(status: status, "begin write")
        }
        environment.writer.store(thread, ordering: .relaxed)
        self.environment = environment
        handle = TransactionHandle(pointer: pointer!, environment: ObjectIdentifier(environment))
    }

    /// Makes all changes durable and visible, or none of them.
    package consuming func commit() throws(LMDBError) {
        leaveThread()
        isOpen = false
        try LMDBError.check(mdb_txn_commit(handle.pointer), "commit")
    }

    deinit {
        if isOpen {
            leaveThread()
            mdb_txn_abort(handle.pointer)
        }
        environment.gate.leave()
    }

    /// Called before LMDB's lock is given up: afterwards the next writer may have signed in already.
    private func leaveThread() {
        let thread = environment.writer.exchange(0, ordering: .relaxed)
        precondition(
            thread == pthread_self(), "A write transaction ended on another thread than the one that began it.")
    }

    /// Stores `value` under `key`, in place of any value it had.
    ///
    /// - Parameter append: the key sorts after every key of the table (else `appendOutOfOrder`); saves the search, and
    ///   fills pages to the brim.
    package mutating func put(
        _ table: Table, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, append: Bool = false
    ) throws(LMDBError) {
        var key = try MDB_val(key: key, "put")
        var value = MDB_val(value)
        let flags = UInt32(append ? MDB_APPEND : 0)
        try check(mdb_put(handle.pointer, handle.index(of: table), &key, &value, flags), "put")
    }

    /// Stores `value` under `key`, in place of any value it had.
    package mutating func put(
        _ table: Table, _ key: [UInt8], _ value: [UInt8], append: Bool = false
    ) throws(LMDBError) {
        try key.span.bytes.withUnsafeBytes { key throws(LMDBError) in
            try value.span.bytes.withUnsafeBytes { value throws(LMDBError) in
                try put(table, key, value, append: append)
            }
        }
    }

    /// Removes `key` and its value; false when there was none.
    @discardableResult
    package mutating func delete(_ table: Table, _ key: UnsafeRawBufferPointer) throws(LMDBError) -> Bool {
        var key = try MDB_val(key: key, "delete")
        let status = mdb_del(handle.pointer, handle.index(of: table), &key, nil)
        if status == MDB_NOTFOUND { return false }
        try check(status, "delete")
        return true
    }

    /// Removes `key` and its value; false when there was none.
    @discardableResult
    package mutating func delete(_ table: Table, _ key: [UInt8]) throws(LMDBError) -> Bool {
        try key.span.bytes.withUnsafeBytes { key throws(LMDBError) in try delete(table, key) }
    }

    /// Removes every entry of the table.
    package mutating func clear(_ table: Table) throws(LMDBError) {
        try check(mdb_drop(handle.pointer, handle.index(of: table), 0), "clear")
    }

    /// Adds `delta` to the counter under `key`, which starts at 0, and returns the sum.
    ///
    /// A counter is 8 bytes, a signed little-endian integer. One walk down the tree when the counter exists, none when
    /// it is on the page of the call before, and no memory is allocated: made for many thousand calls in a commit, of
    /// one table and best in key order. Throws `overflow` or `notACounter` and then changes nothing.
    @discardableResult
    package mutating func add(
        _ table: Table, _ key: UnsafeRawBufferPointer, delta: Int64
    ) throws(LMDBError) -> Int64 {
        let cursor = try counterCursor(table)
        let sought = try MDB_val(key: key, "add")
        var found = sought
        var value = MDB_val()
        var sum = delta
        let status = mdb_cursor_get(cursor, &found, &value, MDB_SET_KEY)
        if status == MDB_SUCCESS {
            guard value.mv_size == 8 else { throw LMDBError(.notACounter(bytes: value.mv_size), "add") }
            let old = Int64(littleEndian: value.mv_data.loadUnaligned(as: Int64.self))
            let (result, overflow) = old.addingReportingOverflow(delta)
            if overflow { throw LMDBError(.overflow(value: old, delta: delta), "add") }
            sum = result
        } else if status != MDB_NOTFOUND {
            try check(status, "add")
        }
        // Where the cursor stands already, LMDB replaces the value without looking for the key again.
        let flags = status == MDB_SUCCESS ? UInt32(MDB_CURRENT) : 0
        var stored = sum.littleEndian
        let putStatus = withUnsafeBytes(of: &stored) { bytes in
            var key = sought
            var value = MDB_val(bytes)
            return mdb_cursor_put(cursor, &key, &value, flags)
        }
        try check(putStatus, "add")
        return sum
    }

    /// The cursor for counters of `table`. LMDB keeps it right while the tree changes under it, and frees it when the
    /// transaction ends.
    private mutating func counterCursor(_ table: Table) throws(LMDBError) -> OpaquePointer {
        if let counters {
            if counters.table == table { return counters.cursor }
            mdb_cursor_close(counters.cursor)
            self.counters = nil
        }
        var cursor: OpaquePointer?
        try check(mdb_cursor_open(handle.pointer, handle.index(of: table), &cursor), "add")
        counters = (table, cursor!)
        return cursor!
    }

    private mutating func check(_ status: Int32, _ operation: String) throws(LMDBError) {
        if status == MDB_MAP_FULL { isMapFull = true }
        try LMDBError.check(status, operation)
    }
}

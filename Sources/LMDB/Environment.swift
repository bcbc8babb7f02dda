import CLMDB
import Glibc
import Synchronization

/// One directory with one LMDB file in it, its named tables, and the only way to begin a transaction on them.
///
/// What LMDB asks of its user:
/// - A directory is open once per process, and written by one process: take a `DirectoryLock` first. Opening the file
///   twice in a process silently drops LMDB's own locks. Another process may open it to read, as a backup does.
/// - There is one writer at a time; a second `write` waits for the first. Reads wait for nobody and see the state of
///   the last commit before they began.
/// - A thread has at most one transaction open. A write inside a write stops the process, since LMDB would wait for
///   itself for ever; a transaction inside a read works until the map must grow, and then fails with `growthBlocked`.
/// - A commit takes pages that no reader needs any more. While a read stays open the file grows with every commit, so
///   reads are short, and long listings go in pages, a transaction each.
/// - The directory is on a local disk, never on a network file system, and an open environment is not used after
///   `fork`.
package final class Environment: Sendable {
    // Safe to share: LMDB guards its environment itself, and the gate guards the one call for which it does not.
    nonisolated(unsafe) let pointer: OpaquePointer
    let gate = Gate()
    let indexes: [String: UInt32]
    private let growthPatienceMillis: Int
    /// The thread that has the write transaction of this process, 0 when none.
    let writer = Atomic<UInt>(0)

    /// Opens the existing directory `path` and creates those of the named tables that it lacks.
    ///
    /// - Parameters:
    ///   - mapBytes: the room to start with, rounded up to whole pages. It reserves address space, not disk or memory;
    ///     the map doubles when a write does not fit.
    ///   - readers: how many read transactions may be open at once, over all processes.
    ///   - durable: false for stores that a crash may destroy: commits then do not wait for the disk.
    ///   - growthPatienceMillis: how long a write that must grow the map waits for open transactions to end.
    package init(
        path: String, tables names: [String], mapBytes: Int = 64 << 30, readers: Int = 126, durable: Bool = true,
        growthPatienceMillis: Int = 30_000
    ) throws(LMDBError) {
        precondition(Set(names).count == names.count, "A table is named twice.")
        precondition(mapBytes > 0 && readers > 0, "An environment has room and readers.")
        let operation = "open \(path)"
        var created: OpaquePointer?
        try LMDBError.check(mdb_env_create(&created), operation)
        let pointer = created!
        do throws(LMDBError) {
            try LMDBError.check(mdb_env_set_mapsize(pointer, Self.wholePages(mapBytes)), operation)
            try LMDBError.check(mdb_env_set_maxdbs(pointer, UInt32(names.count)), operation)
            try LMDBError.check(mdb_env_set_maxreaders(pointer, UInt32(readers)), operation)
            // Without thread-local reader slots a read transaction may be ended by another thread, and a thread may
            // have several: tasks that share a pool of threads need both.
            let flags = MDB_NOTLS | (durable ? 0 : MDB_NOSYNC)
            try LMDBError.check(mdb_env_open(pointer, path, UInt32(flags), 0o600), operation)
            indexes = try Self.openTables(names, in: pointer, operation)
        } catch {
            mdb_env_close(pointer)
            throw error
        }
        self.pointer = pointer
        self.growthPatienceMillis = growthPatienceMillis
    }

    deinit { mdb_env_close(pointer) }

    /// The table of that name, which must be one of those named when the environment was opened.
    package func table(_ name: String) -> Table {
        guard let index = indexes[name] else {
            preconditionFailure("Table \(name) was not named when the environment was opened.")
        }
        return Table(index: index, environment: ObjectIdentifier(self))
    }

    /// Runs `body` in one durable commit and returns its result; an error thrown by `body` abandons all of it.
    ///
    /// When the map is full, the map doubles and `body` **runs again from the start**: it must do nothing outside the
    /// transaction that a second run would repeat. Throws what `body` throws, or `LMDBError`.
    package func write<R: ~Copyable>(_ body: (inout WriteTransaction) throws -> R) throws -> R {
        while true {
            if let result = try attempt(body) { return result }
            try grow()
        }
    }

    /// Runs `body` on the state of the last commit and returns its result.
    package func read<R: ~Copyable>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
        try body(beginRead())
    }

    /// Begins a read that ends with the life of the returned value.
    package func beginRead() throws(LMDBError) -> ReadTransaction {
        try ReadTransaction(self)
    }

    /// Begins a write that is abandoned unless committed, on this thread. Prefer `write`, which also grows the map.
    package func beginWrite() throws(LMDBError) -> WriteTransaction {
        try WriteTransaction(self)
    }

    /// Doubles the map, once every transaction of this process has ended; newcomers wait for it.
    ///
    /// For callers of `beginWrite` that met `mapFull`, after they let go of the transaction.
    package func grow() throws(LMDBError) {
        let open = try gate.whileEmpty(patienceMillis: growthPatienceMillis) { () throws(LMDBError) in
            try Self.doubleMap(of: pointer)
        }
        if open > 0 { throw LMDBError(.growthBlocked(openTransactions: open), "grow") }
    }

    /// One run of a write; nil when the map was full and nothing has been written.
    private func attempt<R: ~Copyable>(_ body: (inout WriteTransaction) throws -> R) throws -> R? {
        var transaction = try beginWrite()
        let result: R
        do {
            result = try body(&transaction)
        } catch {
            // The body may have wrapped or replaced the error, so the transaction itself remembers.
            if transaction.isMapFull { return nil }
            throw error
        }
        if transaction.isMapFull { return nil }
        do throws(LMDBError) {
            try transaction.commit()
        } catch {
            if error.code == .mapFull { return nil }
            throw error
        }
        return result
    }
}

extension Environment {
    private static func openTables(
        _ names: [String], in pointer: OpaquePointer, _ operation: String
    ) throws(LMDBError) -> [String: UInt32] {
        while true {
            var transaction: OpaquePointer?
            try LMDBError.check(mdb_txn_begin(pointer, nil, 0, &transaction), operation)
            var indexes: [String: UInt32] = [:]
            var status = MDB_SUCCESS
            for name in names where status == MDB_SUCCESS {
                var index: UInt32 = 0
                status = mdb_dbi_open(transaction, name, UInt32(MDB_CREATE), &index)
                indexes[name] = index
            }
            if status == MDB_SUCCESS {
                status = mdb_txn_commit(transaction)
            } else {
                mdb_txn_abort(transaction)
            }
            if status == MDB_SUCCESS { return indexes }
            guard status == MDB_MAP_FULL else { throw LMDBError(status: status, operation) }
            try doubleMap(of: pointer)
        }
    }

    /// Replaces the map by one of twice its size. No transaction may be open.
    private static func doubleMap(of pointer: OpaquePointer) throws(LMDBError) {
        var info = MDB_envinfo()
        mdb_env_info(pointer, &info)
        let (bytes, overflow) = wholePages(info.me_mapsize).multipliedReportingOverflow(by: 2)
        // LMDB gives up the old map before it asks for the new one, so ask first whether there is room for both.
        let room =
            overflow ? MAP_FAILED : mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard room != MAP_FAILED else { throw LMDBError(.system(errno: ENOMEM), "grow") }
        munmap(room, bytes)
        let status = mdb_env_set_mapsize(pointer, bytes)
        precondition(status == MDB_SUCCESS, "The map is lost (status \(status)); what is committed is safe on disk.")
    }

    private static func wholePages(_ bytes: Int) -> Int {
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))
        return (bytes + pageBytes - 1) / pageBytes * pageBytes
    }
}

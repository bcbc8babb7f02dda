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
    // Safe to share: LMDB guards its environment itself, and the gate guards the calls for which it does not. The
    // pointer is read inside the gate, and replaced while nobody is in there.
    nonisolated(unsafe) var pointer: OpaquePointer
    let gate = Gate()
    let place: Place
    let indexes: [String: UInt32]
    /// What a failed commit has left behind.
    let trust = Atomic(Trust.full)
    let growthPatienceMillis: Int
    /// The thread that has the write transaction of this process, 0 when none.
    let writer = Atomic<UInt>(0)

    /// Opens the existing directory `path` and creates those of the named tables that it lacks.
    ///
    /// - Parameters:
    ///   - mapBytes: the room to start with, rounded up to whole pages. It reserves address space, not disk or memory:
    ///     less of it where the machine has not so much. The map doubles when a write does not fit.
    ///   - readers: how many read transactions may be open at once, over all processes.
    ///   - durable: false for stores that a crash may destroy: commits then do not wait for the disk.
    ///   - growthPatienceMillis: how long a write that must grow the map waits for open transactions to end.
    package init(
        path: String, tables names: [String], mapBytes: Int = 64 << 30, readers: Int = 126, durable: Bool = true,
        growthPatienceMillis: Int = 30_000
    ) throws(LMDBError) {
        precondition(Set(names).count == names.count, "A table is named twice.")
        precondition(mapBytes > 0 && readers > 0, "An environment has room and readers.")
        place = Place(path: path, tables: names, readers: readers, isDurable: durable)
        (pointer, indexes) = try place.open(mapBytes: mapBytes, syncing: durable)
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
        try regainTrust()
        return try WriteTransaction(self)
    }

    /// Doubles the map, once every transaction of this process has ended.
    ///
    /// For callers of `beginWrite` that met `mapFull`, after they let go of the transaction.
    package func grow() throws(LMDBError) {
        try whileUnused("grow", patienceMillis: growthPatienceMillis) { () throws(LMDBError) in
            try Place.doubleMap(of: pointer)
        }
    }

    /// Runs `body` while no transaction of this process is open.
    ///
    /// Newcomers are kept out for moments only: while a long read stands in the way, shorter ones come and go.
    func whileUnused(
        _ operation: String, patienceMillis: Int, _ body: () throws(LMDBError) -> Void
    ) throws(LMDBError) {
        var patienceMillis = patienceMillis
        while true {
            let turnMillis = min(patienceMillis, Self.turnMillis)
            let open = try gate.whileEmpty(patienceMillis: turnMillis, body)
            guard open > 0 else { return }
            patienceMillis -= 2 * turnMillis
            guard patienceMillis > 0 else { throw LMDBError(.growthBlocked(openTransactions: open), operation) }
            usleep(UInt32(turnMillis) * 1000)
        }
    }

    /// How long newcomers wait at a time.
    private static let turnMillis = 50

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
            loseTrust()
            throw error
        }
        return result
    }
}

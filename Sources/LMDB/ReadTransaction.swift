import CLMDB
import Glibc

/// One consistent look at all tables, as of the last commit before it began; it ends with its life.
///
/// Keep it short: the file cannot reuse a page that an open read might still look at, and grows instead. It may move
/// to another thread, but two threads do not use it at once.
package struct ReadTransaction: ~Copyable, Transaction {
    package let handle: TransactionHandle
    private let environment: Environment

    /// Milliseconds for which a read waits for a file that is about to be opened again.
    private static let patience = 2_000

    init(_ environment: Environment) throws(LMDBError) {
        environment.gate.enter()
        var pointer: OpaquePointer?
        var status = mdb_txn_begin(environment.pointer, nil, UInt32(MDB_RDONLY), &pointer)
        var waited = 0
        while status == MDB_PANIC, waited < Self.patience {
            // A commit has failed to write its root page just now, and whoever wrote it opens the file again at once.
            environment.gate.leave()
            usleep(1000)
            waited += 1
            environment.gate.enter()
            status = mdb_txn_begin(environment.pointer, nil, UInt32(MDB_RDONLY), &pointer)
        }
        guard status == MDB_SUCCESS else {
            environment.gate.leave()
            throw LMDBError(status: status, "begin read")
        }
        self.environment = environment
        handle = TransactionHandle(pointer: pointer!, environment: ObjectIdentifier(environment))
    }

    deinit {
        mdb_txn_abort(handle.pointer)
        environment.gate.leave()
    }
}

import CLMDB

/// One consistent look at all tables, as of the last commit before it began; it ends with its life.
///
/// Keep it short: the file cannot reuse a page that an open read might still look at, and grows instead. It may move
/// to another thread, but two threads do not use it at once.
package struct ReadTransaction: ~Copyable, Transaction {
    package let handle: TransactionHandle
    private let environment: Environment

    init(_ environment: Environment) throws(LMDBError) {
        environment.gate.enter()
        var pointer: OpaquePointer?
        let status = mdb_txn_begin(environment.pointer, nil, UInt32(MDB_RDONLY), &pointer)
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

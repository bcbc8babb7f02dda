import CLMDB
import Glibc

/// What went wrong in the store: a code to match on, the operation that met it, and a sentence that says what to do.
///
/// Every function of this module that throws by itself throws this type; an error thrown by a caller's closure passes
/// through unchanged.
package struct LMDBError: Error, Equatable, Sendable {
    /// The causes that a caller may tell apart. Sizes are in bytes.
    package enum Code: Equatable, Sendable {
        /// A key of no bytes: LMDB has no such key.
        case keyEmpty
        /// A key above `Table.longestKey`.
        case keyTooLong(bytes: Int)
        /// A value above 4 GiB - 1, or another size that LMDB refuses.
        case sizeRefused
        /// An appended key that does not sort after the last key of its table.
        case appendOutOfOrder
        /// `add` met a value that is not an 8-byte integer.
        case notACounter(bytes: Int)
        /// `add` would leave the range of a 64-bit signed integer; the stored value is unchanged.
        case overflow(value: Int64, delta: Int64)
        /// Another process, or another part of this one, holds the directory.
        case directoryHeld(pid: Int32?)
        /// The map has no room. `Environment.write` grows it and runs again; a transaction begun by hand ends.
        case mapFull
        /// The map could not grow, because so many transactions stayed open past the environment's patience.
        case growthBlocked(openTransactions: Int)
        /// Another process grew the map beyond what this one has mapped.
        case mapGrownElsewhere
        /// All reader slots are taken.
        case readersFull
        /// One transaction changed more pages than LMDB can track.
        case transactionTooLarge
        /// An earlier operation of the same transaction failed; it can only be abandoned.
        case transactionFailed
        /// The file was written by an incompatible version of LMDB.
        case versionMismatch
        /// The file is not an LMDB file.
        case notAStore
        /// The file's pages contradict each other.
        case corrupted
        /// LMDB could not write its root page and accepts no further work until the environment is opened again.
        case panicked
        /// The operating system said no.
        case system(errno: Int32)
        /// A status of LMDB that this module has no name for.
        case other(status: Int32)
    }

    package let code: Code
    /// What was being done, with the path when there is one: `"put"`, `"open /var/lib/x"`.
    package let operation: String

    init(_ code: Code, _ operation: String) {
        self.code = code
        self.operation = operation
    }

    init(status: Int32, _ operation: String) {
        self.init(Code(status: status), operation)
    }

    static func check(_ status: Int32, _ operation: @autoclosure () -> String) throws(LMDBError) {
        if status != MDB_SUCCESS { throw LMDBError(status: status, operation()) }
    }
}

extension LMDBError.Code {
    fileprivate init(status: Int32) {
        self =
            switch status {
            case MDB_BAD_VALSIZE: .sizeRefused
            case MDB_KEYEXIST: .appendOutOfOrder
            case MDB_MAP_FULL: .mapFull
            case MDB_MAP_RESIZED: .mapGrownElsewhere
            case MDB_READERS_FULL: .readersFull
            case MDB_TXN_FULL: .transactionTooLarge
            case MDB_BAD_TXN: .transactionFailed
            case MDB_VERSION_MISMATCH: .versionMismatch
            case MDB_INVALID: .notAStore
            case MDB_CORRUPTED, MDB_PAGE_NOTFOUND: .corrupted
            case MDB_PANIC: .panicked
            case 1...: .system(errno: status)
            default: .other(status: status)
            }
    }
}

extension LMDBError: CustomStringConvertible {
    package var description: String { "\(operation): \(code.sentence)" }
}

extension LMDBError.Code {
    fileprivate var sentence: String {
        switch self {
        case .keyEmpty: "the key is empty; a key has at least one byte."
        case .keyTooLong(let bytes):
            "the key has \(bytes) bytes and a key has at most \(Table.longestKey); shorten it or store a digest of it."
        case .sizeRefused: "LMDB refuses a key or value of this size; a value has at most 4,294,967,295 bytes."
        case .appendOutOfOrder: "the key does not sort after the last key of the table; put it without append."
        case .notACounter(let bytes): "the value has \(bytes) bytes where a counter has 8; this key is not a counter."
        case .overflow(let value, let delta): "\(value) + \(delta) does not fit 64 bits; the counter stays as it is."
        case .directoryHeld(let pid?):
            "process \(pid) holds this directory; stop that process or open another directory."
        case .directoryHeld(nil): "another process holds this directory; stop that process or open another directory."
        case .mapFull: "the map is full; abandon this transaction, grow the environment and run it again."
        case .growthBlocked(let open):
            "the map is full and cannot grow while \(open) transaction(s) stay open; end long reads, then retry."
        case .mapGrownElsewhere: "another process grew the map; open the environment again."
        case .readersFull: "all reader slots are taken; end idle reads or open the environment with more readers."
        case .transactionTooLarge: "the transaction changed too many pages; commit the work in smaller pieces."
        case .transactionFailed: "an earlier operation of this transaction failed; abandon it and run it again."
        case .versionMismatch: "the file was written by an incompatible version of LMDB; run the version that wrote it."
        case .notAStore: "the file is not an LMDB file; check the path, or restore a backup."
        case .corrupted: "the file is damaged; stop, keep a copy of it, and restore a backup."
        case .panicked: "LMDB could not write its root page; check the disk, then start the process again."
        case .system(ENOSPC), .system(EDQUOT): "no space is left on the device; free disk space and retry."
        case .system(EACCES), .system(EPERM):
            "permission denied; give this user read and write access to the directory."
        case .system(EROFS): "the file system is read-only; mount it for writing."
        case .system(ENOENT): "no such file or directory; create the directory first."
        case .system(EEXIST): "the file exists already; choose an empty directory."
        case .system(ENOMEM): "not enough memory or address space; raise the limit (ulimit -v) or use a smaller map."
        case .system(EMFILE), .system(ENFILE): "too many open files; raise the limit (ulimit -n)."
        case .system(EIO): "the device reports an input/output error; check the disk before anything else."
        case .system(let errno): "\(String(cString: mdb_strerror(errno))) (errno \(errno))."
        case .other(let status): "\(String(cString: mdb_strerror(status))) (LMDB status \(status))."
        }
    }
}

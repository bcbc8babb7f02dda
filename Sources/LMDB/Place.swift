import CLMDB
import Glibc

/// Where an environment is and what it is opened with.
struct Place: Sendable {
    let path: String
    let tables: [String]
    let readers: Int
    let isDurable: Bool

    /// Where address space is scarce a map is halved, down to this.
    private static let smallestMap = 1 << 30

    /// LMDB's environment, and its numbers of the tables, which are made when they are missing.
    ///
    /// - Parameter syncing: whether to sync first what the file shows. A process that was killed in the middle of a
    ///   commit may have left a root page that is in memory and not yet on the disk, and nobody else would sync it:
    ///   an event that was sent again, and is a duplicate now, is acknowledged without another write.
    func open(mapBytes: Int, syncing: Bool) throws(LMDBError) -> (OpaquePointer, [String: UInt32]) {
        let operation = "open \(path)"
        if syncing { try reserveReaders() }
        var mapBytes = Self.wholePages(mapBytes)
        while true {
            var created: OpaquePointer?
            try LMDBError.check(mdb_env_create(&created), operation)
            let pointer = created!
            do throws(LMDBError) {
                try LMDBError.check(mdb_env_set_mapsize(pointer, mapBytes), operation)
                try LMDBError.check(mdb_env_set_maxdbs(pointer, UInt32(tables.count)), operation)
                try LMDBError.check(mdb_env_set_maxreaders(pointer, UInt32(readers)), operation)
                // Without thread-local reader slots a read transaction may be ended by another thread, and a thread may
                // have several: tasks that share a pool of threads need both.
                let flags = MDB_NOTLS | (isDurable ? 0 : MDB_NOSYNC)
                try LMDBError.check(mdb_env_open(pointer, path, UInt32(flags), 0o600), operation)
                if syncing {
                    try LMDBError.check(mdb_env_sync(pointer, 1), operation)
                    try Self.syncDirectory(path)
                }
                return (pointer, try openTables(in: pointer, operation))
            } catch {
                mdb_env_close(pointer)
                guard error.code == .system(errno: ENOMEM), mapBytes > Self.smallestMap else { throw error }
                mapBytes = Self.wholePages(mapBytes / 2)
            }
        }
    }

    /// Gives the table of readers its place on the disk, when it is new.
    ///
    /// LMDB maps it and leaves it empty, so a reader that is the first on its page of it, while the disk is full, would
    /// end the process. Where the file system cannot reserve, nothing is lost but that. Not while the file is open: to
    /// close it here would let go of LMDB's locks.
    private func reserveReaders() throws(LMDBError) {
        let operation = "open \(path)"
        let file = Glibc.open(path + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LMDBError(.system(errno: errno), operation) }
        defer { close(file) }
        // LMDB takes 64 bytes for each reader, and a little more.
        let bytes = readers * 64
        guard lseek(file, 0, SEEK_END) < bytes else { return }
        let code = posix_fallocate(file, 0, bytes)
        guard [0, EINVAL, EOPNOTSUPP].contains(code) else { throw LMDBError(.system(errno: code), operation) }
    }

    /// The names of files are in their directory, which has a sync of its own.
    static func syncDirectory(_ path: String) throws(LMDBError) {
        let directory = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw LMDBError(.system(errno: errno), "open \(path)") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw LMDBError(.system(errno: errno), "sync \(path)") }
    }

    private func openTables(in pointer: OpaquePointer, _ operation: String) throws(LMDBError) -> [String: UInt32] {
        while true {
            var transaction: OpaquePointer?
            try LMDBError.check(mdb_txn_begin(pointer, nil, 0, &transaction), operation)
            var indexes: [String: UInt32] = [:]
            var status = MDB_SUCCESS
            for name in tables where status == MDB_SUCCESS {
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
            try Self.doubleMap(of: pointer)
        }
    }

    /// Replaces the map by one of twice its size. No transaction may be open.
    static func doubleMap(of pointer: OpaquePointer) throws(LMDBError) {
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

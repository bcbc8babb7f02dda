import CLMDB
import Glibc

extension Environment {
    /// Writes a backup into the existing, empty directory `path` while reads and writes go on: one state, as of the
    /// last commit, without free pages, durable when this returns.
    ///
    /// A half-written copy is removed. The copy is one long read: until it is done the file reuses no pages, and a
    /// write that must grow the map waits. Throws `system(EEXIST)` when the directory has a store already.
    package func copy(to path: String) throws(LMDBError) {
        let operation = "copy to \(path)"
        let file = path + "/data.mdb"
        gate.enter()
        defer { gate.leave() }
        clearDeadReaders()
        // LMDB would create the file readable for all, and would not sync it.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LMDBError(.system(errno: errno), operation) }
        do throws(LMDBError) {
            defer { close(descriptor) }
            try LMDBError.check(mdb_env_copyfd2(pointer, descriptor, UInt32(MDB_CP_COMPACT)), operation)
            guard fsync(descriptor) == 0 else { throw LMDBError(.system(errno: errno), operation) }
            try Place.syncDirectory(path)
        } catch {
            unlink(file)
            throw error
        }
    }
}

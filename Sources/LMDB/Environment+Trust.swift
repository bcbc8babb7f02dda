import CLMDB
import Glibc
import Synchronization

/// What may be expected of the file after a commit that failed.
enum Trust: UInt8, AtomicRepresentable {
    /// Every page that the next commit builds on is on the disk.
    case full
    /// The file was opened again, and must be synced before the next commit.
    case unsynced
    /// A commit failed, and the file was not opened again yet.
    case none
}

/// What happens after a commit that failed.
///
/// A failed commit leaves no trace in the tree: it wrote to pages that nothing refers to, and the next one writes all
/// pages anew that it refers to, so a write-back that the kernel gave up on loses nothing that counts. Three doubts
/// remain:
/// - When LMDB could not write its root page it refuses everything from then on, reads too.
/// - The kernel tells of a failed write-back once through each open file, and LMDB has opened the file twice: a commit
///   after the fault has passed would fail for the old reason.
/// - The root page on the disk may be that of the failed commit. The next commit reuses the pages that it refers to,
///   and a loss of power in the middle of that would leave a root with half of its tree.
///
/// So the file is opened again at once, which needs no writing, and reads go on; and before the next commit it is
/// synced, which puts the present root page on the disk. While that fails, so do writes.
extension Environment {
    func loseTrust() {
        trust.store(.none, ordering: .sequentiallyConsistent)
        // When a long read stands in the way, the next write tries again, and whoever cannot read.
        try? openAgain(patienceMillis: growthPatienceMillis)
    }

    /// For a caller whose read was refused with `panicked`, and who has none open: opens the file again, or waits for
    /// up to `patienceMillis` until somebody has.
    package func awaitTrust(patienceMillis: Int) {
        guard trust.load(ordering: .sequentiallyConsistent) == .none else {
            // It has been opened since, or the commit that failed is about to say so.
            usleep(UInt32(patienceMillis) * 1000)
            return
        }
        try? openAgain(patienceMillis: patienceMillis)
    }

    /// Called before each write.
    func regainTrust() throws(LMDBError) {
        guard trust.load(ordering: .sequentiallyConsistent) != .full else { return }
        try openAgain(patienceMillis: growthPatienceMillis)
        gate.enter()
        defer { gate.leave() }
        if place.isDurable { try LMDBError.check(mdb_env_sync(pointer, 1), "sync after a failed commit") }
        trust.store(.full, ordering: .sequentiallyConsistent)
    }

    private func openAgain(patienceMillis: Int) throws(LMDBError) {
        guard trust.load(ordering: .sequentiallyConsistent) == .none else { return }
        try whileUnused("open again", patienceMillis: patienceMillis) { () throws(LMDBError) in
            guard trust.load(ordering: .sequentiallyConsistent) == .none else { return }
            var info = MDB_envinfo()
            mdb_env_info(pointer, &info)
            mdb_env_close(pointer)
            do throws(LMDBError) {
                let (opened, numbers) = try place.open(mapBytes: info.me_mapsize, syncing: false)
                precondition(numbers == indexes, "LMDB numbers tables in the order in which they are opened.")
                pointer = opened
            } catch {
                preconditionFailure(
                    "After a failed commit the store cannot be opened again; what is committed is safe: \(error)")
            }
            trust.store(.unsynced, ordering: .sequentiallyConsistent)
        }
    }
}

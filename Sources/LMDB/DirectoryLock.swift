import Glibc

/// The right of one process to work in a directory, held for the life of the value.
///
/// An exclusive `flock` on the file `holder.pid` in the directory, which the kernel lets go of when the process ends,
/// however it ends; so a file that is left behind locks nothing. The file names the holder's process, for the error
/// message of the next one. Locks are per open file, so a second lock in the same process is refused too.
package struct DirectoryLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock at once or throws: `directoryHeld` with the holder's pid, or `system`.
    package init(path: String) throws(LMDBError) {
        let operation = "lock \(path)"
        let descriptor = open(path + "/holder.pid", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LMDBError(.system(errno: errno), operation) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let refusal = errno
            defer { close(descriptor) }
            guard refusal == EWOULDBLOCK else { throw LMDBError(.system(errno: refusal), operation) }
            throw LMDBError(.directoryHeld(pid: Self.readPid(descriptor)), operation)
        }
        // The lock is what counts. A full disk that has no room for the pid only makes a later message vaguer.
        ftruncate(descriptor, 0)
        let pid = "\(getpid())\n"
        _ = pid.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        self.descriptor = descriptor
    }

    deinit {
        ftruncate(descriptor, 0)
        // Closing would not do while a child that was just forked still has its copy of the descriptor.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func readPid(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        return Int32(String(decoding: text.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

import Glibc
import Testing

@testable import LMDB

@Suite struct DirectoryLockTests {
    @Test func `a second holder is refused with the pid of the first, from this process and from another`() async throws
    {
        let directory = TemporaryDirectory()
        let lock = try DirectoryLock(path: directory.path)
        let refusal = #expect(throws: LMDBError.self) { _ = try DirectoryLock(path: directory.path) }
        #expect(refusal?.code == .directoryHeld(pid: getpid()))
        #expect(refusal?.description.contains("process \(getpid()) holds this directory") == true)
        await #expect(processExitsWith: .success) { [path = directory.path as String, pid = getpid() as Int32] in
            #expect(getpid() != pid)
            #expect(LMDBError.code { _ = try DirectoryLock(path: path) } == .directoryHeld(pid: pid))
        }
        _ = consume lock
    }

    @Test func `the lock ends with its value`() throws {
        let directory = TemporaryDirectory()
        for _ in 0..<2 { _ = try DirectoryLock(path: directory.path) }
    }

    @Test func `the lock ends with its process, however it ends`() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            let lock = try DirectoryLock(path: path)
            kill(getpid(), SIGKILL)
            _ = consume lock
        }
        #expect(LMDBError.code { _ = try DirectoryLock(path: directory.path) } == nil)
    }

    @Test func `a holder that could not write its pid is still a holder`() throws {
        let directory = TemporaryDirectory()
        let lock = try DirectoryLock(path: directory.path)
        truncate(directory.path + "/holder.pid", 0)
        #expect(LMDBError.code { _ = try DirectoryLock(path: directory.path) } == .directoryHeld(pid: nil))
        _ = consume lock
    }

    @Test func `a missing directory is an error with its path`() {
        let error = #expect(throws: LMDBError.self) { _ = try DirectoryLock(path: "/nowhere/at/all") }
        #expect(error?.code == .system(errno: ENOENT))
        #expect(error?.description.hasPrefix("lock /nowhere/at/all: ") == true)
    }
}

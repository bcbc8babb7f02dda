import Glibc
import Testing

@testable import LMDB

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    @Test func `an error inside of a write undoes all of it, in every table`() throws {
        try withStore(["a", "b"]) { environment in
            let (a, b) = (environment.table("a"), environment.table("b"))
            try environment.write { try $0.put(a, [1], [1]) }
            #expect(throws: Refusal.self) {
                try environment.write { transaction in
                    try transaction.put(a, [1], [2])
                    _ = try transaction.add(b, [1], delta: 1)
                    try transaction.put(b, [2], [2])
                    try #expect(transaction.count(b) == 2)
                    throw Refusal()
                }
            }
            try environment.read { transaction in
                try #expect(transaction.entries(a) == [Entry(key: [1], value: [1])])
                try #expect(transaction.count(b) == 0)
            }
        }
    }

    @Test func `a write begun by hand counts when committed and only then`() throws {
        try withStore { environment in
            let table = environment.table("a")
            do {
                var abandoned = try environment.beginWrite()
                try abandoned.put(table, [1], [1])
            }
            try #expect(environment.read { try $0.count(table) } == 0)
            var transaction = try environment.beginWrite()
            try transaction.put(table, [2], [2])
            try #expect(environment.read { try $0.count(table) } == 0)
            try transaction.commit()
            try #expect(environment.read { try $0.entries(table) } == [Entry(key: [2], value: [2])])
        }
    }

    @Test func `a read keeps seeing the state it began with`() throws {
        try withStore { environment in
            let table = environment.table("a")
            try environment.write { try $0.put(table, [1], [1]) }
            let before = try environment.beginRead()
            try environment.write { transaction in
                try transaction.put(table, [1], [2])
                try transaction.put(table, [2], [2])
            }
            try #expect(before.entries(table) == [Entry(key: [1], value: [1])])
            try #expect(environment.read { try $0.count(table) } == 2)
            try #expect(environment.statistics().readersInUse == 1)
            _ = consume before
            try #expect(environment.statistics().readersInUse == 0)
        }
    }

    @Test func `a store keeps its contents when opened again, also with more tables`() throws {
        let directory = TemporaryDirectory()
        do {
            let environment = try directory.open(["a"])
            try environment.write { try $0.put(environment.table("a"), [1], [1]) }
        }
        let environment = try directory.open(["b", "a"])
        try #expect(environment.read { try $0.get(environment.table("a"), [1]) } == [1])
        try #expect(environment.read { try $0.count(environment.table("b")) } == 0)
        try expectConsistent(environment)
    }

    @Test func `a process killed in the middle of a commit leaves the commits before it`() async throws {
        let directory = TemporaryDirectory()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            let environment = try Environment(path: path, tables: ["a"], mapBytes: 1 << 30)
            let table = environment.table("a")
            for number in UInt32(0)..<50 { try environment.write { try $0.put(table, bigEndian(number), [1]) } }
            var unfinished = try environment.beginWrite()
            for number in UInt32(50)..<5000 { try unfinished.put(table, bigEndian(number), [1]) }
            kill(getpid(), SIGKILL)
            try unfinished.commit()
        }
        let environment = try directory.open(["a"])
        let keys = try environment.read { try $0.entries(environment.table("a")).map(\.key) }
        #expect(keys == (0..<50).map(bigEndian))
        try environment.write { try $0.put(environment.table("a"), [9], [9]) }
        try expectConsistent(environment)
    }

    @Test func `a write inside of a write stops the process instead of hanging it`() async {
        let directory = TemporaryDirectory()
        let result = await #expect(processExitsWith: .failure) { [path = directory.path as String] in
            let environment = try Environment(path: path, tables: [])
            alarm(20)
            try environment.write { _ in try environment.write { _ in } }
        }
        #expect(result.map { isTrap($0.exitStatus) } == true)
    }

    @Test func `a table of another environment stops the process`() async {
        let directories = [TemporaryDirectory(), TemporaryDirectory()]
        let paths = directories.map(\.path)
        let result = await #expect(processExitsWith: .failure) { [paths = paths as [String]] in
            let environments = try paths.map { try Environment(path: $0, tables: ["a"]) }
            try environments[0].write { try $0.put(environments[1].table("a"), [1], [1]) }
        }
        #expect(result.map { isTrap($0.exitStatus) } == true)
    }

    @Test func `a directory that does not exist, and a file that is no store, are errors with advice`() throws {
        let directory = TemporaryDirectory()
        let missing = #expect(throws: LMDBError.self) {
            try Environment(path: directory.path + "/missing", tables: [])
        }
        #expect(missing?.code == .system(errno: ENOENT))
        #expect(missing?.description.contains("/missing: no such file or directory; create") == true)
        let file = try #require(fopen(directory.path + "/data.mdb", "w"))
        for _ in 0..<8192 { fputc(0x55, file) }
        fclose(file)
        #expect(LMDBError.code { try directory.open(["a"]) } == .notAStore)
    }

    @Test func `every read beyond the reader slots is refused, and goes through when one has ended`() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment(path: directory.path, tables: ["a"], mapBytes: 1 << 20, readers: 2)
        let first = try environment.beginRead()
        do {
            let second = try environment.beginRead()
            #expect(LMDBError.code { try environment.read { _ in } } == .readersFull)
            _ = consume second
        }
        #expect(LMDBError.code { try environment.read { _ in } } == nil)
        _ = consume first
        try expectConsistent(environment)
    }

    @Test func `the table of readers has its place on the disk from the start`() throws {
        let directory = TemporaryDirectory()
        let environment = try Environment(path: directory.path, tables: ["a"], mapBytes: 1 << 20, readers: 1022)
        try withExtendedLifetime(environment) {
            var status = stat()
            try #require(stat(directory.path + "/lock.mdb", &status) == 0)
            #expect(status.st_size > 1022 * 64)
            #expect(status.st_blocks * 512 >= status.st_size)
        }
    }
}

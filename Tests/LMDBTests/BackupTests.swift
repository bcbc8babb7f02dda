import Glibc
import Testing

@testable import LMDB

@Suite struct BackupTests {
    @Test func `a copy opens, equals the original and has no free pages`() throws {
        let (directory, target) = (TemporaryDirectory(), TemporaryDirectory())
        let environment = try directory.open(["a", "b"])
        let (a, b) = (environment.table("a"), environment.table("b"))
        try environment.write { transaction in
            for number in UInt32(0)..<3000 {
                try transaction.put(a, bigEndian(number), [UInt8](repeating: 1, count: 500))
            }
            _ = try transaction.add(b, [1], delta: 42)
        }
        try environment.write { transaction in
            for number in UInt32(0)..<2000 { try transaction.delete(a, bigEndian(number)) }
        }
        // Pages freed by a commit are listed as free by the next.
        try environment.write { try $0.put(b, [2], [2]) }
        try #expect(environment.statistics().freePages > 100)

        try environment.copy(to: target.path)
        let copy = try target.open(["a", "b"])
        for name in ["a", "b"] {
            let original = try environment.read { try $0.entries(environment.table(name)) }
            try #expect(copy.read { try $0.entries(copy.table(name)) } == original)
        }
        try #expect(copy.statistics().freePages == 0)
        try #expect(copy.statistics().filePages < environment.statistics().filePages / 2)
        try expectConsistent(copy)
        try expectConsistent(environment)
    }

    @Test func `an empty store can be copied`() throws {
        let (directory, target) = (TemporaryDirectory(), TemporaryDirectory())
        try directory.open([]).copy(to: target.path)
        try expectConsistent(try target.open(["a"]))
    }

    @Test func `a copy never overwrites a store`() throws {
        let (directory, target) = (TemporaryDirectory(), TemporaryDirectory())
        let environment = try directory.open(["a"])
        do {
            let other = try target.open(["a"])
            try other.write { try $0.put(other.table("a"), [1], [1]) }
        }
        #expect(LMDBError.code { try environment.copy(to: target.path) } == .system(errno: EEXIST))
        let other = try target.open(["a"])
        try #expect(other.read { try $0.get(other.table("a"), [1]) } == [1])
        #expect(LMDBError.code { try environment.copy(to: target.path + "/missing") } == .system(errno: ENOENT))
    }

    @Test func `statistics tell entries, pages and room`() throws {
        try withStore(["a", "b"], mapBytes: 1 << 20) { environment in
            try environment.write { transaction in
                for byte in UInt8(0)...99 { try transaction.put(environment.table("b"), [byte], [byte]) }
            }
            let statistics = try environment.statistics()
            #expect(statistics.mapBytes == 1 << 20)
            #expect(statistics.tables["a"] == Statistics.Contents(entries: 0, pages: 0))
            #expect(statistics.tables["b"] == Statistics.Contents(entries: 100, pages: 1))
            #expect(statistics.readersAllowed == 126)
            #expect(statistics.pageBytes == sysconf(Int32(_SC_PAGESIZE)))
        }
    }
}

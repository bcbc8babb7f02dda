import Basics
import Dispatch
import Glibc
import Synchronization
import Testing

@testable import LMDB

@Suite struct GrowthTests {
    private struct Wrapped: Error {}
    private static let value = [UInt8](repeating: 9, count: 1000)

    @Test func `a write that does not fit runs again on a larger map`() throws {
        try withStore(mapBytes: 64 << 10) { environment in
            let table = environment.table("a")
            var runs = 0
            try environment.write { transaction in
                runs += 1
                for number in UInt32(0)..<1000 { try transaction.put(table, bigEndian(number), Self.value) }
            }
            #expect(runs > 2)
            try #expect(environment.read { try $0.count(table) } == 1000)
            try #expect(environment.statistics().mapBytes >= 1 << 20)
        }
    }

    @Test func `a body that hides the error of a full map is run again all the same`() throws {
        try withStore(mapBytes: 64 << 10) { environment in
            let table = environment.table("a")
            try environment.write { transaction in
                do {
                    for number in UInt32(0)..<100 { try transaction.put(table, bigEndian(number), Self.value) }
                } catch {
                    throw Wrapped()
                }
            }
            try environment.write { transaction in
                for number in UInt32(100)..<1000 { try? transaction.put(table, bigEndian(number), Self.value) }
            }
            try #expect(environment.read { try $0.count(table) } == 1000)
        }
    }

    @Test func `a store opens with a map too small for its tables, or for its file`() throws {
        let directory = TemporaryDirectory()
        let names = (0..<200).map { "table-\($0)" }
        do {
            let environment = try directory.open(names, mapBytes: 1)
            let table = environment.table(names[7])
            try environment.write { transaction in
                for number in UInt32(0)..<500 { try transaction.put(table, bigEndian(number), Self.value) }
            }
            try expectConsistent(environment)
        }
        let environment = try directory.open(names + ["one more"], mapBytes: 1)
        try #expect(environment.read { try $0.count(environment.table(names[7])) } == 500)
        try expectConsistent(environment)
    }

    /// What threads tell each other; a thread that is not a task cannot record an issue.
    private final class Progress: Sendable {
        let isWritten = Atomic(false)
        let reads = Atomic(0)
        let faults = Locked<[String]>([])

        func run(_ body: () throws -> Void) {
            do { try body() } catch { faults.withLock { $0.append("\(error)") } }
        }
    }

    @Test func `the map waits for an open read before it grows`() throws {
        try withStore(mapBytes: 64 << 10) { environment in
            let table = environment.table("a")
            try environment.write { try $0.put(table, [0], [0]) }
            let progress = Progress()
            let writer = DispatchGroup()
            do {
                let reader = try environment.beginRead()
                DispatchQueue(label: "writer").async(group: writer) {
                    progress.run {
                        try environment.write { transaction in
                            for number in UInt32(1)...1000 { try transaction.put(table, bigEndian(number), Self.value) }
                        }
                        progress.isWritten.store(true, ordering: .relaxed)
                    }
                }
                usleep(200_000)
                let isTooEarly = progress.isWritten.load(ordering: .relaxed)
                #expect(!isTooEarly)
                try #expect(reader.entries(table) == [Entry(key: [0], value: [0])])
            }
            #expect(writer.wait(timeout: .now() + 20) == .success)
            #expect(progress.faults.withLock { $0 } == [])
            try #expect(environment.read { try $0.count(table) } == 1001)
        }
    }

    @Test func `the map grows under readers that come and go, and none of them sees half a commit`() throws {
        try withStore(["a", "b"], mapBytes: 64 << 10) { environment in
            let (a, b) = (environment.table("a"), environment.table("b"))
            let progress = Progress()
            let readers = DispatchGroup()
            for number in 0..<3 {
                DispatchQueue(label: "reader \(number)").async(group: readers) {
                    while !progress.isWritten.load(ordering: .relaxed) {
                        progress.run {
                            try environment.read { transaction in
                                let entries = try transaction.entries(a)
                                let isWhole = try transaction.count(b) == entries.count
                                if !isWhole || entries.contains(where: { $0.value != Self.value }) {
                                    progress.faults.withLock { $0.append("half a commit at \(entries.count) entries") }
                                }
                            }
                        }
                        progress.reads.add(1, ordering: .relaxed)
                    }
                }
            }
            while progress.reads.load(ordering: .relaxed) < 3 { usleep(1000) }
            defer { readers.wait() }
            defer { progress.isWritten.store(true, ordering: .relaxed) }
            for number in UInt32(0)..<1000 {
                try environment.write { transaction in
                    try transaction.put(a, bigEndian(number), Self.value)
                    try transaction.put(b, bigEndian(number), Self.value)
                }
            }
            #expect(progress.faults.withLock { $0 } == [])
            try #expect(environment.statistics().mapBytes >= 2 << 20)
        }
    }

    @Test func `while a long read keeps the map from growing, shorter ones come and go`() throws {
        try withStore(mapBytes: 64 << 10, patienceMillis: 20_000) { environment in
            let table = environment.table("a")
            let progress = Progress()
            let writer = DispatchGroup()
            do {
                let reader = try environment.beginRead()
                DispatchQueue(label: "writer").async(group: writer) {
                    progress.run {
                        try environment.write { transaction in
                            for number in UInt32(1)...1000 { try transaction.put(table, bigEndian(number), Self.value) }
                        }
                    }
                }
                usleep(100_000)
                let took = try ContinuousClock().measure {
                    for _ in 0..<20 { try #expect(environment.read { try $0.count(table) } == 0) }
                }
                #expect(took < .seconds(10), "the reads waited for the long one")
                try #expect(reader.count(table) == 0)
            }
            #expect(writer.wait(timeout: .now() + 20) == .success)
            #expect(progress.faults.withLock { $0 } == [])
            try #expect(environment.read { try $0.count(table) } == 1000)
        }
    }

    @Test func `where address space is scarce a smaller map is opened`() async {
        await #expect(processExitsWith: .success) {
            var limits = rlimit(rlim_cur: 64 << 30, rlim_max: 64 << 30)
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits)
            try withStore(mapBytes: 1 << 40) { environment in
                let mapBytes = try environment.statistics().mapBytes
                guard mapBytes == 32 << 30 else { fatalError("\(mapBytes)") }
                try environment.write { try $0.put(environment.table("a"), [1], [1]) }
            }
        }
    }

    @Test func `a map that cannot grow because of an open read is an error, not a hang`() throws {
        try withStore(mapBytes: 64 << 10, patienceMillis: 50) { environment in
            let table = environment.table("a")
            func fill() throws {
                try environment.write { transaction in
                    for number in UInt32(0)..<1000 { try transaction.put(table, bigEndian(number), Self.value) }
                }
            }
            do {
                let reader = try environment.beginRead()
                #expect(LMDBError.code(of: fill) == .growthBlocked(openTransactions: 1))
                try #expect(reader.count(table) == 0)
                // The gate is open again.
                try #expect(environment.read { try $0.count(table) } == 0)
            }
            try fill()
            try #expect(environment.read { try $0.count(table) } == 1000)
        }
    }

    @Test func `a write begun by hand meets mapFull, and fits after grow`() throws {
        try withStore(mapBytes: 64 << 10) { environment in
            let table = environment.table("a")
            func fill(_ count: UInt32) throws {
                var transaction = try environment.beginWrite()
                for number in 0..<count { try transaction.put(table, bigEndian(number), Self.value) }
                try transaction.commit()
            }
            #expect(LMDBError.code { try fill(30) } == .mapFull)
            try #expect(environment.read { try $0.count(table) } == 0)
            try environment.grow()
            #expect(LMDBError.code { try fill(30) } == nil)
            try #expect(environment.read { try $0.count(table) } == 30)
        }
    }

    @Test func `where there is no address space for a larger map, the store stays usable`() throws {
        try withStore(mapBytes: 1 << 40) { environment in
            let refusals = (0..<30).lazy.compactMap { _ in LMDBError.code { try environment.grow() } }
            #expect(refusals.first == .system(errno: ENOMEM))
            let table = environment.table("a")
            try environment.write { try $0.put(table, [1], [1]) }
            try #expect(environment.read { try $0.get(table, [1]) } == [1])
        }
    }
}

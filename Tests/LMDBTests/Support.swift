import Glibc
import Testing

@testable import LMDB

/// A directory of its own for one test, removed with everything in it at the end.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/lmdb-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    deinit {
        for file in ["data.mdb", "lock.mdb", "holder.pid"] { unlink("\(path)/\(file)") }
        rmdir(path)
    }

    func open(_ tables: [String], mapBytes: Int = 1 << 30, patienceMillis: Int = 30_000) throws -> Environment {
        try Environment(
            path: path, tables: tables, mapBytes: mapBytes, durable: false, growthPatienceMillis: patienceMillis)
    }
}

/// Runs `body` on a fresh store and then checks the store, whatever `body` did to it.
func withStore(
    _ tables: [String] = ["a"], mapBytes: Int = 1 << 30, patienceMillis: Int = 30_000,
    _ body: (Environment) throws -> Void
) throws {
    let directory = TemporaryDirectory()
    let environment = try directory.open(tables, mapBytes: mapBytes, patienceMillis: patienceMillis)
    try body(environment)
    try expectConsistent(environment)
}

/// Every table tells the same story by count, forwards, backwards and key by key, and every page of the file is either
/// in use or free.
func expectConsistent(_ environment: Environment, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let statistics = try environment.statistics()
    var pages = 2 + statistics.freePages + statistics.ownPages
    try environment.read { transaction in
        for (name, contents) in statistics.tables {
            let table = environment.table(name)
            let entries = try transaction.entries(table)
            try #expect(transaction.count(table) == entries.count, sourceLocation: sourceLocation)
            #expect(contents.entries == entries.count, sourceLocation: sourceLocation)
            let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.key.lexicographicallyPrecedes($1.key) }
            #expect(isSorted, sourceLocation: sourceLocation)
            try #expect(
                transaction.entries(table, reversed: true) == entries.reversed(), sourceLocation: sourceLocation)
            for entry in entries {
                try #expect(transaction.get(table, entry.key) == entry.value, sourceLocation: sourceLocation)
            }
            pages += contents.pages
        }
    }
    #expect(pages == statistics.filePages, "pages leaked or used twice", sourceLocation: sourceLocation)
}

extension Transaction where Self: ~Copyable {
    func entries(
        _ table: Table, from: [UInt8] = [], to: [UInt8]? = nil, reversed: Bool = false
    ) throws -> [Entry] {
        var entries: [Entry] = []
        try forEach(table, from: from, to: to, reversed: reversed) { key, value in
            entries.append(Entry(key: Array(key), value: Array(value)))
            return true
        }
        return entries
    }

    func keys(_ table: Table, prefix: [UInt8], reversed: Bool) throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        try forEach(table, prefix: prefix, reversed: reversed) { key, _ in
            keys.append(Array(key))
            return true
        }
        return keys
    }
}

extension WriteTransaction {
    mutating func add(_ table: Table, _ key: [UInt8], delta: Int64) throws(LMDBError) -> Int64 {
        try key.span.bytes.withUnsafeBytes { key throws(LMDBError) in try add(table, key, delta: delta) }
    }
}

extension LMDBError {
    /// Makes the code the thing that `#expect(throws:)` shows and compares.
    static func code<R>(of body: () throws -> R) -> Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? LMDBError)?.code
        }
    }
}

/// Whether a process ended by a precondition: an illegal instruction on x86, a trap on ARM.
func isTrap(_ status: ExitStatus) -> Bool {
    status == .signal(SIGILL) || status == .signal(SIGTRAP)
}

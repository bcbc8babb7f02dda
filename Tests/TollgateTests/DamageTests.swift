import Foundation
import LMDB
import Model
import Store
import Testing
import Tollgate

/// What somebody or something else wrote into the store's file.
@Suite("A damaged store")
struct DamageTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    private func put(_ key: [UInt8], _ value: [UInt8], into table: StoreTable, of store: Store) throws {
        try store.database.write { try $0.put(store.table(table), key, value) }
    }

    @Test(
        "is read to a sentence, not beyond the end of a key or a number that is too short",
        arguments: [
            (.journal, 7, 13), (.journal, 8, 12), (.keys, 6, 7), (.usage, 23, 8), (.usage, 24, 7), (.due, 20, 0),
            (.invoices, 15, 0), (.marks, 11, 8), (.marks, 12, 7),
        ] as [(StoreTable, Int, Int)])
    func isTooShort(table: StoreTable, keyBytes: Int, valueBytes: Int) throws {
        try withDirectory { directory in
            let store = try Store(directory: directory, durable: false)
            let (key, value) = ([UInt8](repeating: 1, count: keyBytes), [UInt8](repeating: 1, count: valueBytes))
            try put(key, value, into: table, of: store)
            let failure = #expect(throws: StoreFailure.self) {
                try store.snapshot().forEach(table, prefix: []) { _, _ in true }
            }
            #expect(failure?.message.hasPrefix("the store is damaged: in \(table)") == true)
        }
    }

    @Test("whose folds have no place in the journal is refused")
    func foldsAreTooShort() throws {
        try withDirectory { directory in
            let store = try Store(directory: directory, durable: false)
            try put(StoreKey.meta("fold/3").bytes, [1, 2, 3], into: .meta, of: store)
            #expect(throws: StoreFailure.self) { try store.snapshot().fold(of: 3) }
        }
    }

    @Test("does not open, and says why")
    func doesNotOpen() throws {
        try withDirectory { directory in
            try put([1, 2, 3], [1], into: .journal, of: Store(directory: directory, durable: false))
            #expect {
                try Engine.open(directory, options: Workshop.options)
            } throws: { error in
                "\(error)".contains("the store is damaged: in journal")
            }
        }
    }
}

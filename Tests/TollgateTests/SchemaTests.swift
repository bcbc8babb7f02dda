import Basics
import Foundation
import LMDB
import Store
import Testing
import Tollgate

@Suite("The schema version of a store")
struct SchemaTests {
    /// In version 1 every commit wrote its usage into the table, and nothing said how far it had been folded.
    @Test("a store of version 1 opens, and counts on from where it was")
    func first() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Free", [(calls, .limit(1_000_000))])
        let companies = try await [shop.company("acme", on: plan), shop.company("other", on: plan)]
        for number in 0..<20 { try await shop.track("calls", number % 2 == 0 ? "acme" : "other", 3, key: "\(number)") }
        _ = try shop.engine.committer.foldedSnapshot()
        try shop.tamper { transaction, tables in
            for shard in 0..<UsageFold.shardCount {
                let isThere = try transaction.delete(tables("meta"), StoreKey.meta("fold/\(shard)").bytes)
                #expect(isThere)
            }
            try transaction.put(tables("meta"), StoreKey.meta("schema").bytes, [0, 0, 0, 0, 0, 0, 0, 1])
        }
        try await shop.reopen()
        for company in companies { try #expect(shop.usage(company, calls) == 30) }
        try await shop.track("calls", "acme", 3, key: "0")
        try await shop.track("calls", "acme", 5, key: "new")
        try #expect(shop.usage(companies[0], calls) == 35)
        try await shop.reopen()
        try #expect(shop.usage(companies[0], calls) == 35)
        try shop.expectVerified()
    }

    @Test(
        "a store of a version that has not all of the tables opens, and goes on",
        arguments: [(2, [.holds, .audit, .samples]), (3, [.audit, .samples])] as [(UInt8, [StoreTable])])
    func tablesAreMissing(version: UInt8, missing: [StoreTable]) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        _ = try await shop.company("acme", on: try await shop.plan("Free", [(calls, .limit(10))]))
        try await shop.track("calls", "acme", 3)
        let old = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: old) }
        try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
        shop.engine.close()
        let snapshot = try shop.engine.store.snapshot()
        do {
            let names = StoreTable.allCases.filter { !missing.contains($0) }
            let target = try LMDB.Environment(path: old, tables: names.map(\.rawValue), mapBytes: 1 << 24)
            for table in names {
                try snapshot.forEach(table, prefix: []) { key, value in
                    try target.write { try $0.put(target.table(table.rawValue), Array(key), Array(value)) }
                    return true
                }
            }
            try target.write { transaction in
                let version: [UInt8] = [0, 0, 0, 0, 0, 0, 0, version]
                try transaction.put(target.table("meta"), StoreKey.meta("schema").bytes, version)
            }
        }
        let engine = try Engine.open(old, options: Workshop.options)
        let request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 7)
        let answer = try await engine.reserve(request, in: shop.environment)
        #expect(answer.allowed && answer.usage == 3 && answer.remaining == 0)
        let trail = AuditTrail(.of("/companies", at: "2024-01-01T00:00:00Z"))
        _ = try await engine.execute(UpsertCompany(keys: ["id": "new"]), in: shop.environment, for: trail)
        try #expect(engine.read(shop.environment) { try $0.auditCount { _ in true } } == 1)
        var most = CreateFeature(name: "most", description: "", type: .event)
        most.eventSubtype = "calls"
        most.measure = Measure(.max)
        _ = try await engine.execute(most, in: shop.environment)
        _ = try await engine.track(
            [UsageEvent(company: ["id": "acme"], event: "calls", quantity: 5)], in: shop.environment)
        _ = try engine.committer.foldedSnapshot()
        #expect(try engine.verify().isClean)
    }

    @Test("a store of a newer version is refused with a sentence, and left as it is")
    func newer() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let newer = Store.schemaVersion + 1
        do {
            let database = try Store(directory: directory, durable: false).database
            try database.write { transaction in
                try transaction.put(
                    database.table("meta"), StoreKey.meta("schema").bytes, [0, 0, 0, 0, 0, 0, 0, UInt8(newer)])
            }
        }
        for _ in 0..<2 {
            #expect {
                try Engine.open(directory, options: Workshop.options)
            } throws: { error in
                "\(error)".contains("schema version \(newer)") && "\(error)".contains("use a newer Tollgate")
            }
        }
    }
}

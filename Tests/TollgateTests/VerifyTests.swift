import Basics
import LMDB
import Store
import TestSupport
import Testing
import Tollgate

@Suite("Verify: the state is the fold of the journal")
struct VerifyTests {
    @Test("clean after a random life", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func randomLife(seed: UInt64) async throws {
        print("seed \(seed)")
        let shop = try await Workshop()
        var life = try await RandomLife(shop, seed: seed)
        for _ in 0..<6 {
            for _ in 0..<80 { try await life.step() }
            try shop.expectVerified()
            try life.expectBalancedBooks()
        }
        #expect(life.carriedOut > 200, "\(life.refused) of \(life.carriedOut + life.refused) were refused")
        try await shop.reopen()
        try shop.expectVerified()
        let numbers = try shop.engine.environments.map { environment in
            try shop.engine.read(environment.id) { view in
                try view.invoices(limit: 10_000).compactMap { $0.number.flatMap { Int($0.dropFirst(4)) } }.sorted()
            }
        }
        for numbers in numbers { #expect(numbers == Array(1..<(numbers.count + 1))) }
    }

    @Test(
        "what is changed behind its back is found",
        arguments: ["usage", "records", "keys", "due", "invoices", "journal", "holds", "audit", "samples"])
    func tampering(table: String) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        _ = try await shop.company("acme", on: plan)
        var most = CreateFeature(name: "most calls", description: "", type: .event)
        most.eventSubtype = "calls"
        most.measure = Measure(.max)
        try await shop.run(most)
        try await shop.track("calls", "acme", 7)
        let request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 2)
        _ = try await shop.engine.reserve(request, in: shop.environment)
        let trail = AuditTrail(.of("/companies", at: "2024-01-01T00:00:00Z"))
        _ = try await shop.engine.execute(UpsertCompany(keys: ["id": "new"]), in: shop.environment, for: trail)
        try await shop.setClock("2024-02-05T00:00:00Z")
        try shop.expectVerified()
        var random = SplitMix(seed: 7)
        try shop.tamper { transaction, tables in
            let table = tables(table)
            var entries: [(key: [UInt8], value: [UInt8])] = []
            try transaction.forEach(table) { key, value in
                entries.append((Array(key), Array(value)))
                return true
            }
            var (key, value) = entries.last!
            if value.isEmpty {
                try transaction.delete(table, key)
            } else {
                value[Int.random(in: 0..<value.count, using: &random)] ^= 1
                try transaction.put(table, key, value)
            }
        }
        #expect(try !shop.engine.verify().isClean)
    }

    @Test("usage that is neither billed nor to be corrected is found by the audit")
    func audit() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        _ = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 7)
        // Long enough for no correction to be possible any more.
        try await shop.setClock("2024-04-05T00:00:00Z")
        #expect(try shop.engine.audit().unaccounted == 0)
        #expect(try shop.engine.statistics().audit?.unaccounted == 0)
        try shop.expectVerified()
        try shop.tamper { transaction, tables in
            let usage = tables("usage")
            var entries: [[UInt8]] = []
            try transaction.forEach(usage) { key, _ in
                entries.append(Array(key))
                return true
            }
            // The first two are the totals.
            try entries[2].withUnsafeBytes { _ = try transaction.add(usage, $0, delta: -2) }
        }
        // One that is given up says nothing.
        #expect(throws: CancellationError.self) { try shop.engine.audit(isCancelled: { true }) }
        #expect(try shop.engine.statistics().audit?.unaccounted == 0)
        #expect(try shop.engine.audit().unaccounted == 2)
        #expect(try shop.engine.statistics().audit?.unaccounted == 2)
    }
}

extension Workshop {
    /// Changes the store without the engine's knowledge.
    func tamper(_ change: (inout WriteTransaction, (String) -> Table) throws -> Void) throws {
        engine.committer.drain()
        let database = engine.store.database
        try database.write { transaction in try change(&transaction) { database.table($0) } }
    }
}

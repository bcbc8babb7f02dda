import Basics
import Billing
import Catalog
import EventScanner
import Model
import Store
import Testing
import Tollgate

@Suite("Events: each once, the good ones of a batch whatever the others are")
struct EventTests {
    @Test("a key seen before one restart is known after the next")
    func restarts() async throws {
        let shop = try await Workshop(at: "2024-01-01T10:05:00Z")
        try await shop.track("calls", "acme", 1, key: "k")
        try await shop.reopen()
        try await shop.setClock("2024-01-01T10:50:00Z")
        try await shop.track("calls", "acme", 1, key: "other")
        try await shop.reopen()
        for (time, duplicates) in [("2024-01-02T10:04:59.999Z", 1), ("2024-01-02T10:05:00Z", 0)] {
            try await shop.setClock(time)
            let event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: 1, idempotencyKey: "k")
            #expect(try await shop.engine.track([event], in: shop.environment).duplicates == duplicates)
        }
        try shop.expectVerified()
    }

    @Test("what a key stands for is the same before and after a restart", arguments: ["now", "earlier", "backfill"])
    func contents(_ kind: String) async throws {
        let shop = try await Workshop()
        var event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: 3, idempotencyKey: "k")
        event.sentAt = at(kind == "now" ? "2024-01-01T00:00:00Z" : "2023-12-20T07:00:00Z")
        event.trustsSentAt = kind != "backfill"
        event.isBackfill = kind == "backfill"
        #expect(try await shop.engine.track([event], in: shop.environment).accepted == 1)
        for _ in 0..<2 {
            #expect(try await shop.engine.track([event], in: shop.environment).duplicates == 1)
            var other = event
            other.quantity = 4
            #expect(try await shop.engine.track([other], in: shop.environment).conflicts == 1)
            try await shop.reopen()
        }
    }

    @Test("an event that its counter has no room for gives its key back, also to the next of the same batch")
    func full() async throws {
        let shop = try await Workshop()
        let most: Int64 = 1_000_000_000_000_000
        // 4,611 of them are just below the 2⁶² that a counter holds.
        var events = (0..<4_611).map { _ in UsageEvent(company: ["id": "acme"], event: "calls", quantity: most) }
        for quantity in [most, most, 1, 1, 2] {
            events.append(
                UsageEvent(company: ["id": "acme"], event: "calls", quantity: quantity, idempotencyKey: "k"))
        }
        let answer = try await shop.engine.track(events, in: shop.environment)
        #expect(answer.rejected.map(\.index) == [4_611, 4_612])
        #expect(answer.rejected.allSatisfy { $0.error == "the counter of this company and event is full" })
        #expect([answer.accepted, answer.duplicates, answer.conflicts] == [4_612, 1, 1])
        #expect(try await shop.engine.track([events[4_613]], in: shop.environment).duplicates == 1)
        try shop.expectVerified()
    }

    @Test("keys that are too long or contradict each other are refused, the others of the batch counted")
    func keys() async throws {
        let shop = try await Workshop()
        try await shop.run(UpsertCompany(keys: ["id": "a"]))
        try await shop.run(UpsertCompany(keys: ["id": "b"]))
        let long = String(repeating: "x", count: 700)
        let rows: [(keys: [String: String], event: String, isGood: Bool)] = [
            (["id": long], "calls", false), (["id": "a"], "calls", true), ([long: "a"], "calls", false),
            (["id": "a"], long, false), (["id": "a", "id2": long], "calls", false),
            (["id": "a", "other": "new"], "calls", true), (["id": "c\u{0}d"], "calls", false),
            (["id": "new"], "calls", true),
            (["id": ""], "calls", false), (["": "a"], "calls", false),
        ]
        let answer = try await shop.engine.track(
            rows.map { UsageEvent(company: $0.keys, event: $0.event) }, in: shop.environment)
        #expect(answer.rejected.map(\.index) == rows.indices.filter { !rows[$0].isGood })
        #expect(answer.accepted == rows.count { $0.isGood })
        try shop.expectVerified()
    }

    @Test("an identify that is repeated changes nothing")
    func identify() async throws {
        var options = Workshop.options
        options.decodeIdentify = { json in
            let name = String(decoding: json, as: UTF8.self).contains("first") ? "first" : "second"
            return Identification(user: .init(keys: ["id": "u"], name: name))
        }
        let shop = try await Workshop(options: options)
        func identify(_ key: String, _ name: String) async throws -> TrackAnswer {
            let text = #"{"type":"identify","idempotency_key":"\#(key)","body":{"keys":{"id":"u"},"name":"\#(name)"}}"#
            let body = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
            defer { body.deallocate() }
            body.copyBytes(from: text.utf8)
            let key = APIKey(
                id: Identifier(ordinal: 1), environmentID: shop.environment, name: "k", kind: .secret, readonly: false,
                hash: [], createdAt: at("2024-01-01T00:00:00Z"))
            return try await shop.engine.track(
                body: UnsafeRawBufferPointer(body), form: .single, in: shop.environment, key: key)
        }
        #expect(try await identify("a", "first").accepted == 1)
        #expect(try await identify("b", "second").accepted == 1)
        #expect(try await identify("a", "first").duplicates == 1)
        try await shop.reopen()
        #expect(try await identify("a", "first").duplicates == 1)
        #expect(try shop.engine.read(shop.environment) { try $0.user(keys: ["id": "u"])?.name } == "second")
        try shop.expectVerified()
    }

    @Test("nothing is made in an environment that does not exist", arguments: [0, 77, 1 << 40] as [UInt64])
    func ghosts(ordinal: UInt64) async throws {
        let shop = try await Workshop()
        await #expect(throws: Refusal.self) {
            try await shop.engine.execute(UpsertCompany(keys: ["id": "x"]), in: EnvironmentID(ordinal: ordinal))
        }
        try shop.expectVerified()
    }
}

import Foundation
import Testing
import Tollgate

@Suite("Idempotency keys across restarts")
struct DedupeTests {
    private func send(_ shop: Workshop, _ key: String, _ quantity: Int64 = 1) async throws -> String {
        let event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: quantity, idempotencyKey: key)
        let answer = try await shop.engine.track([event], in: shop.environment)
        return answer.accepted == 1 ? "new" : answer.duplicates == 1 ? "duplicate" : "conflict"
    }

    @Test("a longer window reads further back, a shorter one less; each to the millisecond")
    func length() async throws {
        let shop = try await Workshop()
        _ = try await shop.eventFeature("calls")
        #expect(try await send(shop, "a") == "new")
        try await shop.setClock("2024-01-03T00:00:00Z")
        #expect(try await send(shop, "b") == "new")
        try await shop.setClock("2024-02-04T23:59:59.999Z")

        shop.options.dedupeWindow = .days(35)
        try await shop.reopen()
        #expect(try await send(shop, "a") == "duplicate")
        #expect(try await send(shop, "b", 2) == "conflict")
        try await shop.setClock("2024-02-05T00:00:00Z")
        #expect(try await send(shop, "a") == "new")
        #expect(try await send(shop, "b") == "duplicate")

        try await shop.setClock("2024-02-05T00:30:00Z")
        shop.options.dedupeWindow = .minutes(30)
        try await shop.reopen()
        #expect(try await send(shop, "a") == "new")
        #expect(try await send(shop, "b") == "new")
        // Both receipts are in the window again: the later one counts.
        try await shop.setClock("2024-03-11T00:29:59.999Z")
        shop.options.dedupeWindow = .days(35)
        try await shop.reopen()
        #expect(try await send(shop, "a") == "duplicate")
        try await shop.setClock("2024-03-11T00:30:00Z")
        #expect(try await send(shop, "a") == "new")
    }

    @Test("answers to consumes count as long, whatever the window was when they were given")
    func answers() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Free", [(calls, .limit(10))])
        _ = try await shop.company("acme", on: plan)
        let first = try await shop.consume("calls", "acme", 4, key: "k")
        let refused = try await shop.consume("calls", "acme", 40, key: "no")
        #expect(first.allowed && !refused.allowed)
        shop.options.dedupeWindow = .days(35)
        try await shop.reopen()
        for time in ["2024-01-01T23:00:00Z", "2024-01-20T12:00:00Z", "2024-02-04T23:59:59.999Z"] {
            try await shop.setClock(time)
            #expect(try await shop.consume("calls", "acme", 4, key: "k") == first)
            #expect(try await shop.consume("calls", "acme", 40, key: "no") == refused)
        }
        try await shop.setClock("2024-02-05T00:00:00Z")
        #expect(try await shop.consume("calls", "acme", 4, key: "k").usage == 8)
        shop.options.dedupeWindow = .hours(1)
        try await shop.reopen()
        try await shop.setClock("2024-02-05T01:00:00Z")
        #expect(!(try await shop.consume("calls", "acme", 4, key: "k").allowed))
    }

    @Test("many blocks are read back by all processors at once, also past the budget of memory")
    func manyBlocks() async throws {
        let shop = try await Workshop()
        _ = try await shop.eventFeature("calls")
        func batch(_ number: Int) -> [UsageEvent] {
            (0..<200).map {
                UsageEvent(company: ["id": "acme"], event: "calls", idempotencyKey: "\(number)-\($0)")
            }
        }
        for number in 0..<150 {
            #expect(try await shop.engine.track(batch(number), in: shop.environment).accepted == 200)
        }
        shop.options.dedupeMemory = 200_000
        try await shop.reopen()
        #expect(try shop.engine.statistics().dedupeKeys == 30_000)
        for number in 0..<150 {
            #expect(try await shop.engine.track(batch(number), in: shop.environment).duplicates == 200)
        }
    }

    @Test("a window of nothing or of more than 35 days is refused with a sentence", arguments: [0, -1, 3_024_000_001])
    func refused(milliseconds: Int64) {
        var options = Workshop.options
        options.dedupeWindow = TimeSpan(milliseconds: milliseconds)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        let refusal = #expect(throws: Refusal.self) { try Engine.open(directory, options: options) }
        #expect(refusal?.message.contains("at most 35 days, not \(milliseconds) ms") == true)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}

import Testing
import Tollgate

@Suite("Usage by user")
struct UserUsageTests {
    @Test("a request reads a stated number of events, and is refused past it")
    func bound() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let company = try await shop.company("acme", on: try await shop.plan("Free", [(calls, .limit(10))]))
        for day in 1...4 {
            try await shop.setClock("2024-01-0\(day)T12:00:00Z")
            for _ in 0..<5 { try await shop.track("calls", "acme") }
        }
        let end = Timestamp(rfc3339: "2024-01-05T00:00:00Z")!
        func total(from start: String, atMost limit: Int) async throws -> Int64 {
            let period = Period(start: Timestamp(rfc3339: start)!, end: end)
            let usage = try await shop.engine.userUsage(of: company.id, in: period, shop.environment, atMost: limit)
            return try shop.engine.read(shop.environment) { usage.total(of: $0.sum(of: calls)) }
        }
        try #expect(await total(from: "2024-01-01T00:00:00Z", atMost: 20) == 20)
        await #expect(throws: Refusal.self) { try await total(from: "2024-01-01T00:00:00Z", atMost: 19) }
        // What came before is not read.
        try #expect(await total(from: "2024-01-03T00:00:00Z", atMost: 10) == 10)
    }
}

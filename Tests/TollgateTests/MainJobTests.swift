import Testing
import Tollgate

@Suite("The main job: count, limit, close, invoice")
struct MainJobTests {
    @Test("usage is billed in arrears, the base fee in advance, and nothing changes by restart or another close")
    func monthlyBilling() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 137)
        try await shop.setClock("2024-02-01T00:00:00Z")
        try await shop.track("calls", "acme", 3)
        try await shop.setClock("2024-03-01T02:00:00Z")
        let invoices = try shop.invoices()
        #expect(invoices.map(\.total) == [4900, 4900 + 3425, 4900 + 75])
        #expect(invoices.map(\.number) == ["INV-000001", "INV-000002", "INV-000003"])
        #expect(invoices.map(\.status) == [.open, .open, .open])
        #expect(try shop.usage(company, calls) == 140)
        try await shop.reopen()
        try await shop.engine.closeDue(in: shop.environment)
        #expect(try shop.invoices().map(\.total) == invoices.map(\.total))
        #expect(try shop.usage(company, calls) == 140)
        let report = try shop.engine.verify()
        #expect(report.differences == [])
        #expect(report.metered == 140 && report.billed == 140)
    }

    @Test("with N left, any number of concurrent consumers get exactly N")
    func exactConsume() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Free", [(calls, .limit(1000))])
        _ = try await shop.company("acme", on: plan)
        let (engine, environment) = (shop.engine, shop.environment)
        let allowed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    var allowed = 0
                    for _ in 0..<47 {
                        let request = ConsumeRequest(company: ["id": "acme"], feature: "calls")
                        if try await engine.consume(request, in: environment).allowed { allowed += 1 }
                    }
                    return allowed
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(allowed == 1000)
        #expect(try engine.isOn("calls", company: ["id": "acme"], in: environment) == false)
        #expect(try engine.verify().differences == [])
    }
}

import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Everything at once")
struct ConcurrencyTests {
    @Test(
        "commands, events, consumes, checks, reads and the closer together: the totals are exact",
        .timeLimit(.minutes(2)))
    func everything() async throws {
        let shop = try await Workshop(at: "2024-01-01T06:00:00Z")
        let (calls, units) = (try await shop.eventFeature("calls"), try await shop.eventFeature("units"))
        let small = try await shop.plan("Small", monthly: 100, [(calls, .payAsYouGo(cents: 2)), (units, .limit(500))])
        let large = try await shop.plan("Large", monthly: 900, [(calls, .payAsYouGo(cents: 1)), (units, .limit(500))])
        var companies: [Company] = []
        for index in 0..<4 { companies.append(try await shop.company("c\(index)", on: small)) }
        let start = at("2024-01-31T20:00:00Z")
        try await shop.engine.setTestClock(start, in: shop.environment)
        let (engine, environment) = (shop.engine, shop.environment)
        let rounds = 60
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<rounds {
                        // Every event comes twice, the second time in another order.
                        let events = (0..<20).map { index in
                            UsageEvent(
                                company: ["id": "c\(index % 4)"], event: "calls", quantity: 3,
                                idempotencyKey: "\(task)-\(round)-\(index)")
                        }
                        async let one = engine.track(events, in: environment)
                        async let two = engine.track(events.reversed(), in: environment)
                        let answers = try await [one, two]
                        #expect(answers[0].accepted + answers[1].accepted == 20)
                    }
                }
                group.addTask {
                    for _ in 0..<rounds * 4 {
                        let request = ConsumeRequest(company: ["id": "c\(task)"], feature: "units", quantity: 3)
                        _ = try await engine.consume(request, in: environment)
                        _ = try engine.isOn("units", company: ["id": "c\(task)"], in: environment)
                    }
                }
                group.addTask { [companies] in
                    for round in 0..<rounds {
                        var manage = ManagePlan(companyID: companies[task].id)
                        manage.basePlanID = round % 2 == 0 ? large.id : small.id
                        _ = try await engine.execute(manage, in: environment)
                        let view = try engine.read(environment) { view in
                            (try view.invoices(limit: 50), try view.upcomingInvoice(of: companies[task]))
                        }
                        #expect(view.0.allSatisfy { $0.total == $0.lines.reduce(0) { $0 + $1.amount } })
                    }
                }
            }
            group.addTask {
                // Over the period's end and its grace, but less than a day: a key stays known as long as it is repeated.
                for step in 1...40 {
                    try await engine.setTestClock(start + .minutes(Int64(step) * 30), in: environment)
                }
            }
            try await group.waitForAll()
        }
        for company in companies {
            let (used, taken) = try (counted(shop, company, "calls"), counted(shop, company, "units"))
            #expect(used == Int64(4 * rounds * 5 * 3))
            #expect(taken == 498)
        }
        try shop.expectVerified()
        try await shop.setClock("2024-08-01T00:00:00Z")
        try shop.expectVerified()
    }

    /// The sum of all recorded events.
    private func counted(_ shop: Workshop, _ company: Company, _ event: String) throws -> Int64 {
        try shop.engine.read(shop.environment) { view in
            var filter = EventFilter()
            filter.company = company.id
            filter.subtype = event
            return try view.events(filter, offset: 0, limit: .max).reduce(0) { $0 + $1.quantity }
        }
    }
}

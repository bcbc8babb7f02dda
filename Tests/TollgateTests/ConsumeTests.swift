import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Consume: check and count in one durable step")
struct ConsumeTests {
    private func shop(_ input: EntitlementInput, at start: String = "2024-01-01T00:00:00Z") async throws -> Workshop {
        let shop = try await Workshop(at: start)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, input)])
        _ = try await shop.company("acme", on: plan)
        return shop
    }

    private func text(_ answer: ConsumeAnswer) -> String {
        let (allocation, remaining) = (answer.allocation.map(String.init), answer.remaining.map(String.init))
        return "\(answer.allowed) used \(answer.usage) of \(allocation ?? "any") left \(remaining ?? "any")"
    }

    @Test("numbers: all or nothing, up to the limit")
    func numbers() async throws {
        let shop = try await shop(.limit(10))
        #expect(text(try await shop.consume("calls", "acme", 4)) == "true used 4 of 10 left 6")
        #expect(text(try await shop.consume("calls", "acme", 7)) == "false used 4 of 10 left 6")
        try await shop.track("calls", "acme", 3)
        #expect(text(try await shop.consume("calls", "acme", 3)) == "true used 10 of 10 left 0")
        try await shop.track("calls", "acme", 5)
        #expect(text(try await shop.consume("calls", "acme", 1)) == "false used 15 of 10 left -5")
        try await shop.track("calls", "acme", -10)
        #expect(text(try await shop.consume("calls", "acme", 5)) == "true used 10 of 10 left 0")
        try await shop.reopen()
        #expect(text(try await shop.consume("calls", "acme", 1)) == "false used 10 of 10 left 0")
        try shop.expectVerified()
    }

    @Test("with N left, concurrent consumers of several units and trackers of none get exactly N", arguments: [1, 3])
    func exact(unit: Int64) async throws {
        let shop = try await shop(.limit(1000))
        let (engine, environment) = (shop.engine, shop.environment)
        let taken = try await withThrowingTaskGroup(of: Int64.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var taken: Int64 = 0
                    for turn in 0..<20 {
                        var request = ConsumeRequest(company: ["id": "acme"], feature: "calls", quantity: unit)
                        if turn % 2 == 0 { request.idempotencyKey = "\(task)-\(turn)" }
                        if try await engine.consume(request, in: environment).allowed { taken += unit }
                        // A repeat takes nothing.
                        if turn % 2 == 0 { _ = try await engine.consume(request, in: environment) }
                    }
                    return taken
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(taken == 1000 / unit * unit)
        #expect(try await shop.consume("calls", "acme", 1000).usage == taken)
        try shop.expectVerified()
    }

    @Test("the first answer is kept under its key for a day, refusals too, over restarts")
    func keys() async throws {
        let shop = try await shop(.limit(5))
        let first = try await shop.consume("calls", "acme", 4, key: "a")
        let refused = try await shop.consume("calls", "acme", 2, key: "b")
        #expect(first.allowed && !refused.allowed)
        for round in 0..<2 {
            #expect(try await shop.consume("calls", "acme", 4, key: "a") == first)
            #expect(try await shop.consume("calls", "acme", 2, key: "b") == refused)
            await #expect(throws: Refusal.self) { try await shop.consume("calls", "acme", 1, key: "a") }
            await #expect(throws: Refusal.self) { try await shop.consume("calls", "acme", 3, key: "b") }
            if round == 0 {
                try await shop.reopen()
                try await shop.setClock("2024-01-01T23:59:59.999Z")
            }
        }
        try await shop.setClock("2024-01-02T00:00:00Z")
        #expect(text(try await shop.consume("calls", "acme", 1, key: "a")) == "true used 5 of 5 left 0")
        try shop.expectVerified()
    }

    @Test("a key of track and a key of consume are the same key")
    func sharedKeys() async throws {
        let shop = try await shop(.limit(5))
        try await shop.track("calls", "acme", 1, key: "tracked")
        await #expect(throws: Refusal.self) { try await shop.consume("calls", "acme", 1, key: "tracked") }
        #expect(try await shop.consume("calls", "acme", 1, key: "consumed").allowed)
        let answer = try await shop.engine.track(
            [UsageEvent(company: ["id": "acme"], event: "calls", quantity: 1, idempotencyKey: "consumed")],
            in: shop.environment)
        #expect(answer.duplicates == 1)
        try await shop.reopen()
        await #expect(throws: Refusal.self) { try await shop.consume("calls", "acme", 1, key: "tracked") }
        #expect(text(try await shop.consume("calls", "acme", 1)) == "true used 3 of 5 left 2")
    }

    @Test("an event that meters two features is allowed when both allow it, and the tighter one is told")
    func twoFeatures() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        var create = CreateFeature(name: "burst", description: "", type: .event)
        create.eventSubtype = "calls"
        let burst = try await shop.run(create)
        let plan = try await shop.plan("Plan", [(calls, .limit(10, .currentMonth)), (burst, .limit(3, .currentDay))])
        _ = try await shop.company("acme", on: plan)
        func consume(_ quantity: Int64) async throws -> String {
            let request = ConsumeRequest(company: ["id": "acme"], event: "calls", quantity: quantity)
            return text(try await shop.engine.consume(request, in: shop.environment))
        }
        #expect(try await consume(3) == "true used 3 of 3 left 0")
        #expect(try await consume(1) == "false used 3 of 3 left 0")
        try await shop.setClock("2024-01-02T00:00:00Z")
        #expect(try await consume(3) == "true used 3 of 3 left 0")
        try await shop.setClock("2024-01-03T00:00:00Z")
        #expect(try await consume(3) == "true used 3 of 3 left 0")
        try await shop.setClock("2024-01-04T00:00:00Z")
        #expect(try await consume(2) == "false used 9 of 10 left 1")
        #expect(try await consume(1) == "true used 10 of 10 left 0")
        try shop.expectVerified()
    }

    struct WindowRow: Sendable {
        let period: MetricPeriod
        let reset: MetricPeriodMonthReset
        let last: String
        let first: String
    }

    @Test(
        "a limit starts anew at its window's start and not a millisecond earlier",
        arguments: [
            WindowRow(
                period: .currentDay, reset: .firstOfMonth, last: "2024-01-17T23:59:59.999Z",
                first: "2024-01-18T00:00:00Z"),
            WindowRow(
                period: .currentWeek, reset: .firstOfMonth, last: "2024-01-20T23:59:59.999Z",
                first: "2024-01-21T00:00:00Z"),
            WindowRow(
                period: .currentMonth, reset: .firstOfMonth, last: "2024-01-31T23:59:59.999Z",
                first: "2024-02-01T00:00:00Z"),
            WindowRow(
                period: .currentMonth, reset: .billingCycle, last: "2024-02-17T10:17:33.122Z",
                first: "2024-02-17T10:17:33.123Z"),
        ])
    func windows(row: WindowRow) async throws {
        let shop = try await Workshop(at: "2024-01-17T10:17:33.123Z")
        let calls = try await shop.eventFeature("calls")
        var input = EntitlementInput.limit(5, row.period)
        input.metricPeriodMonthReset = row.period == .currentMonth ? row.reset : nil
        let plan = try await shop.plan("Plan", monthly: 100, [(calls, input)])
        let company = try await shop.company("acme", on: plan)
        #expect(try await shop.consume("calls", "acme", 5).resetAt == at(row.first))
        try await shop.setClock(row.last)
        #expect(try await !shop.consume("calls", "acme").allowed && !shop.check("calls", "acme"))
        try await shop.setClock(row.first)
        #expect(try shop.check("calls", "acme"))
        #expect(text(try await shop.consume("calls", "acme", 2)) == "true used 2 of 5 left 3")
        try await shop.reopen()
        #expect(try shop.usage(company, calls) == 2)
        #expect(text(try await shop.consume("calls", "acme", 3)) == "true used 5 of 5 left 0")
        try shop.expectVerified()
    }

    @Test(
        "what is wrong is refused by name",
        arguments: [
            "quantity 0", "quantity -1", "neither", "both", "unknown feature", "unknown event", "boolean",
        ])
    func refusals(_ what: String) async throws {
        let shop = try await shop(.limit(5))
        try await shop.run(CreateFeature(name: "flag", description: "", type: .boolean))
        var request = ConsumeRequest(company: ["id": "acme"], feature: "calls", idempotencyKey: "k")
        switch what {
        case "quantity 0": request.quantity = 0
        case "quantity -1": request.quantity = -1
        case "neither": request.feature = nil
        case "both": request.event = "calls"
        case "unknown feature": request.feature = "nothing"
        case "unknown event": (request.feature, request.event) = (nil, "nothing")
        default: request.feature = "flag"
        }
        await #expect(throws: Refusal.self) { _ = try await shop.engine.consume(request, in: shop.environment) }
        #expect(try await shop.consume("calls", "acme", 1, key: "k").usage == 1)
    }

    @Test("unknown companies and features without entitlement are refused with a reason, and count nothing")
    func reasons() async throws {
        let shop = try await shop(.limit(5))
        let other = try await shop.eventFeature("other")
        #expect(try await shop.consume("calls", "nobody").reason == "Company not found")
        #expect(try await shop.consume(other.id.description, "acme").reason == "No entitlement for feature \"other\"")
        let long = String(repeating: "x", count: 700)
        #expect(try await shop.consume("calls", long).reason == "Company not found")
    }
}

import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("What a change of plan costs")
struct ProrationTests {
    @Test("a change by the second: credit and charge, each rounded, with their basis")
    func proration() async throws {
        let shop = try await Workshop(at: "2024-04-01T00:00:00Z")
        let small = try await shop.plan("Small", monthly: 4900, [])
        let large = try await shop.plan("Large", monthly: 9900, [])
        let company = try await shop.company("acme", on: small)
        try await shop.setClock("2024-04-16T00:00:00Z")
        let before = company.subscriptionID
        #expect(try await shop.move(company, to: large).subscriptionID == before)
        try await shop.setClock("2024-05-01T01:00:00Z")
        #expect(
            try shop.ledger() == [
                "open INV-000001 2024-04-01…2024-05-01: base 4900",
                "open INV-000002 2024-04-01…2024-05-01: proration_credit 1→-2450 + proration_charge 1→4950 + base 9900",
            ])
        let lines = try shop.invoices()[1].lines
        #expect(lines[0].prorationBasis == ProrationBasis(seconds: 1_296_000, ofSeconds: 2_592_000))
    }

    @Test("the credit of a real Stripe invoice: 881,112 of 2,419,200 seconds")
    func realProration() async throws {
        let shop = try await Workshop(at: "2017-02-14T00:00:00Z")
        let small = try await shop.plan("Small", monthly: 1000, [])
        let large = try await shop.plan("Large", monthly: 1000, [])
        let company = try await shop.company("acme", on: small)
        try await shop.engine.setTestClock(Timestamp(seconds: 1_488_568_488), in: shop.environment)
        try await shop.move(company, to: large)
        try await shop.setClock("2017-03-14T01:00:00Z")
        #expect(try shop.invoices()[1].lines.map(\.amount) == [-364, 364, 1000])
    }

    struct AccruedRow: Sendable, CustomTestStringConvertible {
        let name: String
        let input: EntitlementInput?
        let amount: Int64?
        var testDescription: String { name }
    }

    @Test(
        "100 units accrued are rated under the plan at the period's end",
        arguments: [
            AccruedRow(name: "same", input: .payAsYouGo(cents: 100), amount: 10000),
            AccruedRow(name: "cheaper", input: .payAsYouGo(cents: 50), amount: 5000),
            AccruedRow(name: "overage", input: .overage(included: 50, cents: 50), amount: 2500),
            AccruedRow(
                name: "tiers",
                input: .tiers(
                    .volume,
                    [
                        PriceTier(upTo: 50, flatAmount: 1000), PriceTier(upTo: 200, flatAmount: 2000),
                        PriceTier(upTo: nil, flatAmount: 3000),
                    ]), amount: 2000),
            AccruedRow(name: "unlimited", input: EntitlementInput(valueType: .unlimited), amount: nil),
            AccruedRow(name: "none", input: nil, amount: nil),
        ])
    func accrued(row: AccruedRow) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let old = try await shop.plan("Old", monthly: 1000, [(calls, .payAsYouGo(cents: 100))])
        let new = try await shop.plan("New", monthly: 1000, row.input.map { [(calls, $0)] } ?? [])
        let company = try await shop.company("acme", on: old)
        try await shop.setClock("2024-01-05T00:00:00Z")
        try await shop.track("calls", "acme", 100)
        try await shop.setClock("2024-01-20T00:00:00Z")
        try await shop.move(company, to: new)
        try await shop.setClock("2024-02-01T01:00:00Z")
        #expect(try shop.invoices()[1].lines.first { $0.type == .usage }?.amount == row.amount)
        try shop.expectVerified()
    }

    @Test("a cheaper plan is a new subscription, and accrued use is not billed")
    func downgrade() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let large = try await shop.plan("Large", monthly: 9900, [(calls, .payAsYouGo(cents: 10))])
        let small = try await shop.plan("Small", monthly: 4900, [(calls, .payAsYouGo(cents: 10))])
        let company = try await shop.company("acme", on: large)
        try await shop.setClock("2024-01-10T00:00:00Z")
        try await shop.track("calls", "acme", 100)
        try await shop.setClock("2024-01-16T12:00:00Z")
        let moved = try await shop.move(company, to: small)
        #expect(
            moved.subscriptionID != company.subscriptionID && moved.endedSubscriptionIDs == [company.subscriptionID!])
        try await shop.setClock("2024-02-16T13:00:00Z")
        #expect(
            try shop.ledger() == [
                "open INV-000001 2024-01-01…2024-02-01: base 9900",
                // Half of 9900 is credited, which pays it; 50 are left.
                "paid INV-000002 2024-01-16T12:00:00Z…2024-02-16T12:00:00Z: base 4900",
                "open INV-000003 2024-01-16T12:00:00Z…2024-02-16T12:00:00Z: usage 0→0 + base 4900",
            ])
        try shop.expectVerified()
    }

    @Test("a downgrade still pays the corrections of periods that were billed")
    func downgradeCorrections() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let large = try await shop.plan("Large", monthly: 9900, [(calls, .payAsYouGo(cents: 10))])
        let small = try await shop.plan("Small", monthly: 4900, [])
        let company = try await shop.company("acme", on: large)
        try await shop.setClock("2024-02-02T00:00:00Z")
        #expect(try await shop.trackLate("calls", "acme", 7, "2024-01-31T00:00:00Z") == .correction)
        try await shop.move(company, to: small)
        try await shop.setClock("2024-02-03T00:00:00Z")
        #expect(try shop.ledger().contains("paid INV-000004 2024-02-01…2024-03-01: correction 7→70"))
    }

    @Test(
        "cancelled at once, what was used until this very instant is billed",
        arguments: ["10:00:00.000", "10:17:33.123"])
    func cancelNow(_ time: String) async throws {
        let shop = try await Workshop(at: "2024-01-01T\(time)Z")
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        try await shop.track("calls", "acme", 7)
        let company = try await shop.company("acme", on: plan)
        try await shop.setClock("2024-01-10T\(time)Z")
        try await shop.track("calls", "acme", 100)
        let left = try await shop.run(CancelSubscription(companyID: company.id))
        #expect(left.subscriptionID == nil && left.plan == nil)
        try await shop.setClock("2024-01-10T10:30:00Z")
        try await shop.track("calls", "acme", 1000)
        try await shop.setClock("2024-03-10T\(time)Z")
        #expect(try shop.invoices().map(\.total) == [4900, 107 * 25])
        try shop.expectVerified()
    }

    @Test("cancelled at the period's end, the plan stays until then and usage is billed once")
    func cancelAtEnd() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 4)
        var cancel = CancelSubscription(companyID: company.id)
        cancel.immediately = false
        #expect(try await shop.run(cancel).plan?.planID == plan.id)
        try await shop.setClock("2024-01-31T23:59:59.999Z")
        #expect(try shop.check("calls", "acme"))
        try await shop.setClock("2024-02-01T00:00:00Z")
        #expect(try !shop.check("calls", "acme"))
        try await shop.track("calls", "acme", 50)
        try await shop.setClock("2024-05-01T00:00:00Z")
        #expect(
            try shop.ledger() == [
                "open INV-000001 2024-01-01…2024-02-01: base 4900",
                "open INV-000002 2024-01-01…2024-02-01: usage 4→100",
            ])
        await #expect(throws: Refusal.self) { try await shop.run(CancelSubscription(companyID: company.id)) }
        try shop.expectVerified()
    }

    @Test("a change at exactly a period's end belongs to the new period")
    func changeAtBoundary() async throws {
        let shop = try await Workshop()
        let small = try await shop.plan("Small", monthly: 1000, [])
        let large = try await shop.plan("Large", monthly: 2000, [])
        let company = try await shop.company("acme", on: small)
        try await shop.setClock("2024-02-01T00:00:00Z")
        try await shop.move(company, to: large)
        try await shop.setClock("2024-03-01T01:00:00Z")
        #expect(try shop.invoices().map { $0.lines.map(\.amount) } == [[1000], [1000], [-1000, 2000, 2000]])
    }

    @Test("when the clock passes the period's end while a command waits, the period is closed first", arguments: 0..<5)
    func boundaryInBetween(reads: Int) async throws {
        let clock = HandClock(at("2024-01-01T00:00:00Z"))
        let shop = try await Workshop(clock: clock)
        let small = try await shop.plan("Small", monthly: 1000, [])
        let large = try await shop.plan("Large", monthly: 2000, [])
        let company = try await shop.company("acme", on: small)
        clock.set(at("2024-02-01T00:00:00Z") - .seconds(1))
        clock.jump(to: at("2024-02-01T00:00:01Z"), afterReads: reads)
        try await shop.move(company, to: large)
        clock.set(at("2024-03-01T01:00:00Z"))
        try await shop.engine.closeDue(in: shop.environment)
        let late = [[1000], [1000], [-1000, 2000, 2000]] as [[Int64]]
        let early = [[1000], [0, 0, 2000], [2000]] as [[Int64]]
        #expect(try shop.invoices().map { $0.lines.map(\.amount) } == (reads < 2 ? late : early))
        try shop.expectVerified()
    }

    @Test("a subscription begins after the events that its company sent in the same millisecond")
    func sameMillisecond() async throws {
        let start = at("2024-01-01T10:20:30.123Z")
        let clock = HandClock(start)
        let shop = try await Workshop(clock: clock)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 1000, [(calls, .payAsYouGo(cents: 25))])
        try await shop.track("calls", "acme", 7)
        let company = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 3)
        clock.set(start + .seconds(1))
        try await shop.track("calls", "acme", 2)
        let subscription = try shop.engine.read(shop.environment) { view in
            try view.get(company.id)?.subscriptionID.flatMap { try view.get($0) }
        }
        #expect(subscription?.startedAt == start + Subscription.instant)
        #expect(try shop.upcoming(company)?.lines.first { $0.type == .usage }?.quantity == 2)
        try shop.expectVerified()
    }
}

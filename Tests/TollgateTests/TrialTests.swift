import Basics
import Billing
import Catalog
import Model
import Store
import TestSupport
import Testing
import Tollgate

@Suite("Trials and lead-ins")
struct TrialTests {
    @Test(
        "the periods of a subscription tile the time from its start on",
        arguments: [
            // start, anchor, an instant, the window that counts then
            "2024-01-10 2024-01-24 2024-01-10 2024-01-10 2024-01-24",
            "2024-01-10 2024-01-24 2024-01-24 2024-01-24 2024-02-24",
            "2024-01-31 2024-03-30 2024-02-28 2024-01-31 2024-02-29",
            "2024-01-31 2024-03-30 2024-03-29 2024-02-29 2024-03-30",
            "2024-01-31 2024-03-30 2024-04-30 2024-04-30 2024-05-30",
            "2024-01-10 2024-01-10 2024-01-20 2024-01-10 2024-02-10",
            "2024-01-10 2024-01-24 2024-01-05 2024-01-01 2024-01-10",
        ])
    func windows(_ row: String) throws {
        let times = row.split(separator: " ").map { at("\($0)T00:00:00Z") }
        let calendar = BillingCalendar(anchor: times[1], zone: try #require(Zone("UTC")), cadence: .monthly)
        let periods = SubscriptionPeriods(calendar, from: times[0])
        let window = UsageWindow(
            .currentMonth, monthReset: .billingCycle, at: times[2], cycle: periods.cycle(at: times[2]))
        #expect(window == UsageWindow(start: times[3], end: times[4]))
        if let leadIn = periods.leadIn {
            #expect(leadIn == Period(start: times[0], end: times[1]))
            #expect(periods.period(-1) == leadIn && periods.period(0).start == times[1])
        }
    }

    @Test("an upgrade in a stub is prorated by the period that its price is for")
    func upgradeInStub() async throws {
        let shop = try await Workshop(at: "2024-06-11T00:00:00Z")
        let small = try await shop.plan("Small", monthly: 3000, [])
        let large = try await shop.plan("Large", monthly: 6000, [])
        let company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        try await shop.move(company, to: small) { $0.billingCycleAnchor = at("2024-07-01T00:00:00Z") }
        try await shop.setClock("2024-06-21T00:00:00Z")
        try await shop.move(company, to: large)
        try await shop.setClock("2024-07-02T00:00:00Z")
        #expect(
            try shop.ledger() == [
                "open INV-000001 2024-06-11…2024-07-01: base 2000",
                "open INV-000002 2024-06-11…2024-07-01: proration_credit 1→-1000 + proration_charge 1→2000 + base 6000",
            ])
        try shop.expectVerified()
    }

    @Test(
        "random lives around trials count every event once and bill nothing of a trial",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lives(seed: UInt64) async throws {
        var life = try await TrialLife(seed: seed)
        for _ in 0..<70 { try await life.step() }
        try life.shop.expectVerified()
    }
}

/// One company that takes, moves, leaves and pays for trials, with events now and late, and restarts.
private struct TrialLife {
    let shop: Workshop
    private var random: SplitMix
    private var now = at("2024-01-30T22:47:11.009Z")
    private let company: Company
    private let calls: Feature
    private let plans: [Plan]
    private var events: [(at: Timestamp, quantity: Int64)] = []
    private let seed: UInt64

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SplitMix(seed: seed)
        shop = try await Workshop(at: now.rfc3339)
        calls = try await shop.eventFeature("calls")
        var limit = EntitlementInput.limit(1_000_000, .currentMonth)
        limit.metricPeriodMonthReset = .billingCycle
        var plans = [try await shop.plan("Free", [(calls, limit)])]
        for (name, price) in [("Small", 1000), ("Large", 2000)] as [(String, Int64)] {
            plans.append(
                try await shop.plan(name, monthly: price, [(calls, limit)]) { billing in
                    billing.isTrialable = true
                    billing.trialDays = 14
                })
        }
        self.plans = plans
        var group = SetPlanGroup()
        group.fallbackPlanID = plans[0].id
        try await shop.run(group)
        company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        try await shop.move(company, to: plans[0])
    }

    mutating func step() async throws {
        let record = try shop.company(company.id)
        let running = try record.subscriptionID.flatMap { id in
            try shop.engine.read(shop.environment) { try $0.get(id) }
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: try await shop.reopen()
        case 1, 2: try await wait()
        case 3, 4, 5: try await track()
        case 6: try await trackLate()
        case 7:
            guard let running, running.status == .trialing else { return try await track() }
            try await shop.run(EditTrialEnd(subscriptionID: running.id, trialEnd: later(30)))
        case 8:
            let end = later(40)
            try await manage { $0.trialEnd = end }
        default:
            let anchor = Bool.random(using: &random) && running == nil ? later(40) : nil
            try await manage { $0.billingCycleAnchor = anchor }
        }
        try check()
    }

    private mutating func later(_ days: Int64) -> Timestamp {
        now + TimeSpan(milliseconds: Int64.random(in: 1...days * 86_400_000, using: &random))
    }

    private mutating func wait() async throws {
        now = later(12)
        try await shop.setClock(now.rfc3339)
    }

    private mutating func track() async throws {
        let quantity = Int64.random(in: 1...9, using: &random)
        try await shop.track("calls", "acme", quantity)
        events.append((now, quantity))
    }

    private mutating func trackLate() async throws {
        let quantity = Int64.random(in: 1...9, using: &random)
        let when = now + TimeSpan(milliseconds: -Int64.random(in: 1...33 * 86_400_000, using: &random))
        try await shop.trackLate("calls", "acme", quantity, when.rfc3339)
        events.append((when, quantity))
    }

    private mutating func manage(_ change: (inout ManagePlan) -> Void) async throws {
        var manage = ManagePlan(companyID: company.id)
        manage.basePlanID = plans.randomElement(using: &random)!.id
        change(&manage)
        _ = try await shop.run(manage)
    }

    /// The usage of now is the sum of the events of the window, and no invoice bills for a trial.
    private func check() throws {
        let record = try shop.company(company.id)
        let running = try record.subscriptionID.flatMap { id in
            try shop.engine.read(shop.environment) { try $0.get(id) }
        }
        var window = UsageWindow(
            .currentMonth, monthReset: .billingCycle, at: now, cycle: running?.cycle(at: now))
        if let running, let start = window.start, window.contains(running.startedAt) {
            window = UsageWindow(start: min(start, running.usageCarriedFrom), end: window.end)
        }
        let expected = events.reduce(0) { window.contains($1.at) ? $0 + $1.quantity : $0 }
        #expect(try shop.usage(record, calls) == expected, "seed \(seed)")
        for invoice in try shop.invoices() {
            let subscription = try shop.engine.read(shop.environment) { try $0.get(invoice.subscriptionID) }
            guard let trialEnd = subscription?.trialEndsAt else { continue }
            #expect(invoice.lines.allSatisfy { trialEnd <= $0.period.start }, "seed \(seed)")
        }
        #expect(record.trials.dropLast().allSatisfy { $0.status != .active }, "seed \(seed)")
        #expect((record.trials.last?.status == .active) == (running?.status == .trialing), "seed \(seed)")
    }
}

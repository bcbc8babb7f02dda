import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Late events, and what changes after a period was billed")
struct CorrectionTests {
    @Test("a late event joins the draft while its grace lasts, then becomes a correction of −70")
    func correction() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let volume = EntitlementInput.tiers(
            .volume, [PriceTier(upTo: 15, unitAmount: 10), PriceTier(upTo: nil, unitAmount: 5)])
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, volume)])
        _ = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 14)
        try await shop.setClock("2024-02-01T00:59:59Z")
        #expect(try await shop.trackLate("calls", "acme", 1, "2024-01-31T23:59:59.999Z") == .grace)
        #expect(try await shop.trackLate("calls", "acme", 1, "2024-02-01T00:00:00Z") == nil)
        try await shop.setClock("2024-02-01T01:00:00Z")
        #expect(try await shop.trackLate("calls", "acme", 1, "2024-01-31T23:59:59.999Z") == .correction)
        let billed = try shop.invoices()[1].lines[0]
        try await shop.setClock("2024-04-01T01:00:00Z")
        #expect(
            try shop.ledger() == [
                "paid INV-000001 2024-01-01…2024-02-01: base 0",
                "open INV-000002 2024-01-01…2024-02-01: usage 15→150 + base 0",
                "paid INV-000003 2024-02-01…2024-03-01: usage 1→10 + correction 1→-70 + base 0",
                "paid INV-000004 2024-03-01…2024-04-01: usage 0→0 + base 0",
            ])
        #expect(try shop.invoices()[2].lines[1].correctsLineID == billed.id)
        try shop.expectVerified()
    }

    @Test("an event as late as a trusted clock reaches is corrected at the next close", arguments: [1, 3, 12])
    func oldCorrection(months: Int) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        _ = try await shop.company("acme", on: plan)
        try await shop.setClock("2024-03-04T00:00:00Z")
        #expect(try await shop.trackLate("calls", "acme", 10, "2024-01-30T00:00:00Z") == .correction)
        let next = BillingCalendar(anchor: at("2024-03-01T00:00:00Z"), zone: Zone("UTC")!, cadence: .months(months))
        try await shop.engine.setTestClock(next.period(0).end + .hours(1), in: shop.environment)
        #expect(try shop.invoices()[3].summary.hasSuffix("usage 0→0 + correction 10→250 + base 4900"))
        let subscription = try shop.engine.read(shop.environment) { try $0.list(Subscription.self, limit: 1)[0] }
        #expect(subscription.billedPeriods.count <= 2, "what cannot change any more is forgotten")
        try shop.expectVerified()
    }

    @Test("what comes late joins a draft, however long it stays one, and is no correction on another invoice")
    func lateDraft() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        _ = try await shop.company("acme", on: plan)
        var settings = UpdateBillingSettings()
        settings.autoFinalize = false
        try await shop.run(settings)
        try await shop.track("calls", "acme", 10)
        try await shop.setClock("2024-02-01T02:00:00Z")
        #expect(try await shop.trackLate("calls", "acme", 5, "2024-01-31T12:00:00Z") == .grace)
        try await shop.setClock("2024-03-01T02:00:00Z")
        let invoices = try shop.invoices()
        #expect(invoices.map(\.status) == [.open, .draft, .draft])
        #expect(!invoices[2].lines.contains { $0.type == .correction })
        let january = try await shop.run(FinalizeInvoice(invoiceID: invoices[1].id))
        #expect(january.lines.first { $0.type == .usage }?.quantity == 15)
        #expect(try await shop.trackLate("calls", "acme", 3, "2024-01-31T12:00:00Z") == .correction)
        try await shop.setClock("2024-04-01T02:00:00Z")
        #expect(try shop.invoices().last?.lines.first { $0.type == .correction }?.quantity == 3)
        try shop.expectVerified()
    }

    @Test("backfilled use is used but never billed")
    func backfill() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.company("acme", on: plan)
        try await shop.setClock("2024-01-15T00:00:00Z")
        var event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: 40)
        event.sentAt = at("2024-01-10T00:00:00Z")
        event.isBackfill = true
        #expect(try await shop.engine.track([event], in: shop.environment).late.isEmpty)
        try await shop.track("calls", "acme", 2)
        #expect(try shop.usage(company, calls) == 42)
        try await shop.setClock("2024-02-01T01:00:00Z")
        #expect(try shop.invoices()[1].lines[0].amount == 50)
        try shop.expectVerified()
    }

    // MARK: - What changes later leaves what was billed alone

    @Test("a trait is billed as it stands at the period's end, and corrects nothing later")
    func traits() async throws {
        let shop = try await Workshop()
        let trait = try await shop.run(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        var create = CreateFeature(name: "seats", description: "", type: .trait)
        create.traitID = trait.id
        let seats = try await shop.run(create)
        let plan = try await shop.plan("Pro", monthly: 1000, [(seats, .payAsYouGo(cents: 100))])
        _ = try await shop.company("acme", on: plan)
        func set(_ count: Int) async throws {
            var command = UpsertCompany(keys: ["id": "acme"])
            command.traits = ["seats": .number("\(count)")]
            try await shop.run(command)
        }
        try await set(5)
        try await shop.setClock("2024-02-01T00:30:00Z")
        try await set(8)
        try await shop.setClock("2024-03-01T02:00:00Z")
        #expect(try shop.invoices().map(\.total) == [1000, 1500, 1800])
        try shop.expectVerified()
    }

    @Test("what meters a feature that a published plan charges for cannot change")
    func otherEvent() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, .payAsYouGo(cents: 25))])
        _ = try await shop.company("acme", on: plan)
        try await shop.track("calls", "acme", 100)
        try await shop.setClock("2024-02-10T00:00:00Z")
        var update = UpdateFeature(featureID: calls.id)
        update.eventSubtype = "other"
        await #expect(throws: Refusal.self) { try await shop.run(update) }
        try await shop.track("calls", "acme", 4)
        try await shop.track("other", "acme", 9)
        try await shop.setClock("2024-03-01T02:00:00Z")
        #expect(try shop.invoices().map(\.total) == [0, 2500, 100])
        try shop.expectVerified()
    }

    @Test("a plan that is deleted leaves what it billed alone, and corrections of it too")
    func deletedPlan() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let old = try await shop.plan("Old", monthly: 0, [(calls, .payAsYouGo(cents: 25))])
        let new = try await shop.plan("New", monthly: 9900, [])
        let company = try await shop.company("acme", on: old)
        try await shop.track("calls", "acme", 100)
        try await shop.setClock("2024-02-10T00:00:00Z")
        try await shop.move(company, to: new)
        try await shop.run(DeletePlan(planID: old.id))
        try await shop.trackLate("calls", "acme", 1, "2024-01-31T00:00:00Z")
        try await shop.setClock("2024-03-01T02:00:00Z")
        #expect(try shop.invoices()[1].summary.hasSuffix("usage 100→2500 + base 0"))
        #expect(try shop.invoices()[2].lines.contains { $0.type == .correction && $0.amount == 25 })
        try shop.expectVerified()
    }

    @Test("an amount that no number holds stops its own company only, until it is taken back")
    func overflow() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 1_000_000))])
        let company = try await shop.company("acme", on: plan)
        _ = try await shop.company("good", on: plan)
        for _ in 0..<20 { try await shop.track("calls", "acme", 1_000_000_000_000_000) }
        try await shop.setClock("2024-02-03T02:00:00Z")
        #expect(try shop.invoices().count == 3)
        let report = try await shop.engine.closeDue(in: shop.environment)
        #expect(report.refused.count == 1 && report.closed == 0)
        try await shop.move(company, to: plan)
        let large = try await shop.plan("Large", monthly: 9900, [(calls, .payAsYouGo(cents: 1_000_000))])
        try await shop.move(company, to: large)
        for _ in 0..<20 { try await shop.trackLate("calls", "acme", -1_000_000_000_000_000, "2024-01-31T00:00:00Z") }
        #expect(try await shop.engine.closeDue(in: shop.environment).refused == [])
        #expect(try shop.invoices().count == 4)
        try shop.expectVerified()
    }
}

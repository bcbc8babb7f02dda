import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Invoices through the engine")
struct InvoiceTests {
    private func shop(_ companies: Int = 1) async throws -> (Workshop, Feature, [Company]) {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        var made: [Company] = []
        for index in 0..<companies { made.append(try await shop.company("c\(index)", on: plan)) }
        return (shop, calls, made)
    }

    @Test("finalised early, an invoice is final, and what comes after is a correction")
    func finalizeEarly() async throws {
        let (shop, _, _) = try await shop()
        try await shop.track("calls", "c0", 4)
        try await shop.setClock("2024-02-01T00:10:00Z")
        let draft = try shop.invoices()[1]
        #expect(draft.status == .draft && draft.number == nil)
        let final = try await shop.run(FinalizeInvoice(invoiceID: draft.id))
        #expect(final.summary == "open INV-000002 2024-01-01…2024-02-01: usage 4→100 + base 4900")
        await #expect(throws: Refusal.self) { try await shop.run(FinalizeInvoice(invoiceID: draft.id)) }
        #expect(try await shop.trackLate("calls", "c0", 1, "2024-01-31T00:00:00Z") == .correction)
        try await shop.setClock("2024-03-01T02:00:00Z")
        #expect(try shop.invoices()[1].summary == final.summary)
        #expect(
            try shop.ledger()[2] == "open INV-000003 2024-02-01…2024-03-01: usage 0→0 + correction 1→25 + base 4900")
        try shop.expectVerified()
    }

    @Test("without auto_finalize drafts wait for somebody, and numbers have no gaps")
    func manual() async throws {
        let shop = try await Workshop()
        var settings = UpdateBillingSettings()
        settings.autoFinalize = false
        try await shop.run(settings)
        let plan = try await shop.plan("Pro", monthly: 100, [])
        for index in 0..<3 { _ = try await shop.company("c\(index)", on: plan) }
        try await shop.setClock("2024-03-15T00:00:00Z")
        let drafts = try shop.invoices()
        #expect(drafts.count == 9 && drafts.allSatisfy { $0.status == .draft && $0.number == nil })
        for draft in [drafts[4], drafts[0], drafts[8]] { try await shop.run(FinalizeInvoice(invoiceID: draft.id)) }
        #expect(
            try shop.invoices().map(\.number) == [
                "INV-000002", nil, nil, nil, "INV-000001", nil, nil, nil, "INV-000003",
            ])
        try shop.expectVerified()
    }

    @Test(
        "payments and voids: each step as the table says",
        arguments: [
            "pay all → paid 0; pay more → refused; void → refused",
            "pay 900 → open 4000; void → refused; pay 4001 → refused; pay 4000 → paid 0",
            "void → void 0; void → refused; pay 1 → refused; finalise → refused",
            "pay 0 → refused; pay -5 → refused; pay 4900 → paid 0",
        ])
    func settlement(_ story: String) async throws {
        let (shop, _, _) = try await shop()
        let id = try shop.invoices()[0].id
        for (index, step) in story.split(separator: "; ").enumerated() {
            let (action, expected) = (step.split(separator: " → ")[0], step.split(separator: " → ")[1])
            var outcome: String
            do {
                let invoice: Invoice
                switch action {
                case "void": invoice = try await shop.run(VoidInvoice(invoiceID: id))
                case "finalise": invoice = try await shop.run(FinalizeInvoice(invoiceID: id))
                default:
                    var pay = MarkInvoicePaid(invoiceID: id, idempotencyKey: "payment \(index)")
                    pay.amount = Int64(action.dropFirst(4)) ?? (action == "pay more" ? 1 : nil)
                    invoice = try await shop.run(pay)
                    #expect(try await shop.run(pay).settlements.count == invoice.settlements.count)
                }
                outcome = "\(invoice.status.rawValue) \(invoice.amountRemaining)"
            } catch is Refusal {
                outcome = "refused"
            }
            #expect(outcome == expected, "\(action)")
        }
    }

    @Test("the upcoming invoice is what the close issues")
    func upcoming() async throws {
        let (shop, _, companies) = try await shop()
        let large = try await shop.plan("Large", monthly: 9900, [])
        try await shop.setClock("2024-01-20T07:00:00Z")
        try await shop.track("calls", "c0", 30)
        try await shop.move(companies[0], to: large)
        for end in ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"] {
            let upcoming = try #require(try shop.upcoming(companies[0]))
            #expect(upcoming.status == .draft && upcoming.number == nil)
            let count = try shop.invoices().count
            try await shop.setClock(end)
            let issued = try shop.invoices()
            #expect(issued.count == count + 1)
            #expect(issued.last?.summary == upcoming.summary)
            #expect(issued.last?.id == upcoming.id)
        }
    }

    /// What a run of days did, to the byte: the records of all invoices.
    private func life(_ steps: [String], reopening: Bool = false, closers: Int = 1) async throws -> [String] {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let monthly = try await shop.plan("Monthly", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        for day in 1...28 {
            try await shop.setClock("2024-01-\(day < 10 ? "0" : "")\(day)T0\(day % 10):00:00Z")
            _ = try await shop.company("c\(day)", on: monthly)
            try await shop.track("calls", "c\(day)", Int64(day))
        }
        for step in steps {
            if reopening { try await shop.reopen() }
            guard closers > 1 else {
                try await shop.setClock(step)
                continue
            }
            let (engine, environment) = (shop.engine, shop.environment)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<closers {
                    group.addTask { try await engine.setTestClock(at(step), in: environment) }
                }
                try await group.waitForAll()
            }
        }
        try shop.expectVerified()
        return try shop.invoices().map { String(describing: $0) }
    }

    @Test("one jump, many steps, restarts and several closers at once give the same invoices to the byte")
    func oneJump() async throws {
        let jump = try await life(["2024-06-15T00:00:00Z"])
        #expect(jump.count == 28 * 5 + 14)
        let days =
            (1...5).flatMap { month in
                (1...28).map { "2024-0\(month + 1)-\($0 < 10 ? "0" : "")\($0)T11:30:00Z" }
            }.filter { $0 < "2024-06-15" } + ["2024-06-15T00:00:00Z"]
        let steps = try await life(days)
        #expect(steps == jump)
        let restarts = try await life(
            days.enumerated().filter { $0.offset % 20 == 0 }.map(\.element) + ["2024-06-15T00:00:00Z"], reopening: true)
        #expect(restarts == jump)
        #expect(try await life(["2024-06-15T00:00:00Z"], closers: 4) == jump)
    }
}

import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Customer balances")
struct BalanceTests {
    /// Puts something to a company's credit, as a downgrade does.
    struct Give: Command {
        static let name = "give"
        let companyID: Identifier<Company>
        let minorUnits: Int64
        var currency = Currency.usd

        func apply(_ transaction: Transaction) throws {
            try transaction.credit(companyID, minorUnits: minorUnits, currency: currency, reason: "given")
        }
    }

    private func balance(_ shop: Workshop, _ company: Company) throws -> (Int64, [Int64]) {
        try shop.engine.read(shop.environment) { view in
            let entries = try view.balanceEntries(of: company, in: .usd, offset: 0, limit: 100)
            return (try view.balance(of: company)?.amount(in: .usd) ?? 0, entries.map(\.amount.minorUnits))
        }
    }

    @Test("a balance pays for invoices as they become final, down to nothing, and only in its currency")
    func draws() async throws {
        let shop = try await Workshop()
        let plan = try await shop.plan("Pro", monthly: 4900, [])
        let company = try await shop.company("a", on: plan)
        try await shop.run(Give(companyID: company.id, minorUnits: 5000))
        try await shop.run(Give(companyID: company.id, minorUnits: 7, currency: Currency("jpy")!))
        #expect(try balance(shop, company) == (5000, [5000]))
        try await shop.setClock("2024-02-01T00:30:00Z")
        // A draft takes nothing yet.
        #expect(try shop.invoices()[1].amountRemaining == 4900)
        #expect(try balance(shop, company).0 == 5000)
        try await shop.setClock("2024-02-01T01:00:00Z")
        let first = try shop.invoices()[1]
        #expect(first.status == .paid && first.total == 4900 && first.amountRemaining == 0)
        #expect(first.settlements.map(\.amount) == [4900] && first.settlements[0].isFromBalance == true)
        try await shop.setClock("2024-03-02T00:00:00Z")
        let second = try shop.invoices()[2]
        #expect(second.status == .open && second.amountRemaining == 4800 && second.amountPaid == 100)
        #expect(try balance(shop, company) == (0, [-100, -4900, 5000]))
        // What it paid goes back when the invoice is waived.
        let void = try await shop.run(VoidInvoice(invoiceID: second.id))
        #expect(void.status == .void && void.amountPaid == 0)
        #expect(try balance(shop, company) == (100, [100, -100, -4900, 5000]))
        await #expect(throws: Refusal.self) { try await shop.run(VoidInvoice(invoiceID: first.id)) }
    }

    @Test("a negative total goes to the balance")
    func negativeTotal() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let tiers = [PriceTier(upTo: 15, unitAmount: 10), PriceTier(upTo: nil, unitAmount: 5)]
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, .tiers(.volume, tiers))])
        let company = try await shop.company("a", on: plan)
        try await shop.track("calls", "a", 15)
        try await shop.setClock("2024-02-01T02:00:00Z")
        try await shop.trackLate("calls", "a", 1, "2024-01-20T00:00:00Z")
        try await shop.setClock("2024-03-01T02:00:00Z")
        let invoice = try shop.invoices()[2]
        #expect(invoice.summary.hasSuffix("usage 0→0 + correction 1→-70 + base 0"))
        #expect(invoice.status == .paid && invoice.total == -70 && invoice.amountRemaining == 0)
        #expect(try balance(shop, company) == (70, [70]))
        try shop.expectVerified()
    }

    @Test("a balance that cannot hold more refuses it")
    func overflow() async throws {
        let shop = try await Workshop()
        let company = try await shop.run(UpsertCompany(keys: ["id": "a"]))
        try await shop.run(Give(companyID: company.id, minorUnits: .max))
        await #expect(throws: (any Error).self) { try await shop.run(Give(companyID: company.id, minorUnits: 1)) }
        #expect(try balance(shop, company) == (.max, [.max]))
    }
}

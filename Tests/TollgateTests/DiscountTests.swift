import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Taxes and credit notes through the engine")
struct TaxTests {
    private func shop(_ rates: [TaxRate], monthly: Int64 = 20_000) async throws -> (Workshop, Company) {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: monthly, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.run(UpsertCompany(keys: ["id": "a"]))
        var profile = UpdateBillingProfile(profileID: company.billingProfile.id)
        profile.taxRates = rates
        try await shop.run(profile)
        return (shop, try await shop.move(company, to: plan))
    }

    private let vat = TaxRate(name: "VAT", percent: 25, isInclusive: false)

    @Test("taxes follow from the lines, of drafts with late use too, and the upcoming invoice has them")
    func taxes() async throws {
        let (shop, company) = try await shop([vat])
        #expect(try shop.invoices()[0].summary.hasSuffix("base 20000 + tax 1→5000"))
        try await shop.track("calls", "a", 3)
        try await shop.setClock("2024-01-31T23:59:59Z")
        let upcoming = try #require(try shop.upcoming(company))
        try await shop.setClock("2024-02-01T00:10:00Z")
        let draft = try shop.invoices()[1]
        #expect(draft.summary == upcoming.summary)
        #expect(draft.summary.hasSuffix("usage 3→75 + base 20000 + tax 1→19 + tax 1→5000"))
        try await shop.trackLate("calls", "a", 1, "2024-01-31T00:00:00Z")
        // What is agreed later is for later invoices.
        var profile = UpdateBillingProfile(profileID: company.billingProfile.id)
        profile.taxRates = []
        try await shop.run(profile)
        try await shop.setClock("2024-02-01T01:00:00Z")
        let final = try shop.invoices()[1]
        #expect(final.summary.hasSuffix("usage 4→100 + base 20000 + tax 1→25 + tax 1→5000"))
        #expect(final.lines.map(\.id) == draft.lines.map(\.id))
        #expect((final.subtotal, final.discount, final.tax, final.total) == (20_100, 0, 5025, 25_125))
        try await shop.setClock("2024-03-01T01:00:00Z")
        #expect(try shop.invoices()[2].tax == 0)
        try shop.expectVerified()
    }

    @Test("contained tax is shown and adds nothing")
    func contained() async throws {
        let (shop, _) = try await shop([TaxRate(name: "MwSt", percent: 19, isInclusive: true)], monthly: 11_900)
        let invoice = try shop.invoices()[0]
        #expect(invoice.summary.hasSuffix("base 11900 + tax 1→0"))
        #expect((invoice.subtotal, invoice.tax, invoice.total) == (11_900, 1900, 11_900))
        try shop.expectVerified()
    }

    @Test("a rate that makes no sense is refused with its field, and nothing changes")
    func refused() async throws {
        let (shop, company) = try await shop([vat])
        for percent in [-1, Model.Decimal("100.5")!, Model.Decimal("1.1234567")!] {
            var profile = UpdateBillingProfile(profileID: company.billingProfile.id)
            profile.name = "other"
            profile.taxRates = [TaxRate(name: "x", percent: percent, isInclusive: false)]
            await #expect(throws: Refusal.self) { try await shop.run(profile) }
        }
        #expect(try shop.company(company.id).billingProfile.taxRates == [vat])
        #expect(try shop.company(company.id).billingProfile.name == nil)
    }

    // MARK: - Credit notes

    private func note(
        _ shop: Workshop, _ invoice: Invoice, _ line: Int = 0, amount: Int64? = nil, quantity: Model.Decimal? = nil
    ) async throws -> CreditNote {
        try await shop.run(
            CreateCreditNote(
                invoiceID: invoice.id,
                parts: [.init(lineID: invoice.lines[line].id, amount: amount, quantity: quantity)]))
    }

    private static let pieces: [(Int64, [String], [Int64])] = [
        (5, ["0.5", "0.5"], [3, 2]),
        (7, ["0.2", "0.2", "0.2", "0.2", "0.2"], [1, 1, 1, 1, 3]),
        (100, ["0.333", "0.333", "0.334"], [33, 33, 34]),
        (1, ["0.6", "0.3", "0.1"], [1]),
    ]

    @Test("quantities that are credited piece by piece come to the line", arguments: pieces)
    func quantities(monthly: Int64, pieces: [String], amounts: [Int64]) async throws {
        let (shop, _) = try await shop([vat], monthly: monthly)
        let invoice = try shop.invoices()[0]
        var credited: [Int64] = []
        for piece in pieces {
            let quantity = Model.Decimal(piece)
            if credited.reduce(0, +) == monthly {
                await #expect(throws: Refusal.self) { try await note(shop, invoice, quantity: quantity) }
            } else {
                credited.append(try await note(shop, invoice, quantity: quantity).subtotal)
            }
        }
        #expect(credited == amounts)
        #expect(try shop.invoices()[0].credits?.total == invoice.total)
        await #expect(throws: Refusal.self) { try await note(shop, invoice, quantity: 1) }
        try shop.expectVerified()
    }

    private func invoice(_ shop: Workshop, _ id: Identifier<Invoice>) throws -> Invoice {
        try #require(try shop.engine.read(shop.environment) { try $0.get(id) })
    }

    @Test("200.00 of which 29/30 are unused, 25 %: 193.33 + 48.33 = 241.66, and the rest is the rest")
    func sample() async throws {
        let (shop, company) = try await shop([vat])
        let first = try shop.invoices()[0]
        let note = try await note(shop, first, amount: 19_333)
        #expect((note.number, note.subtotal, note.tax, note.total) == ("CN-000001", 19_333, 4833, 24_166))
        #expect(note.refunded == 0)
        var after = try invoice(shop, first.id)
        #expect((after.status, after.total, after.amountRemaining) == (.open, 25_000, 834))
        await #expect(throws: Refusal.self) { try await self.note(shop, first, amount: 668) }
        let rest = try await self.note(shop, first, amount: 667)
        #expect((rest.subtotal, rest.tax, rest.total) == (667, 167, 834))
        after = try invoice(shop, first.id)
        #expect((after.status, after.amountRemaining, after.credits?.total) == (.paid, 0, 25_000))
        #expect(try shop.engine.read(shop.environment) { try $0.balance(of: company) } == nil)
        try shop.expectVerified()
    }

    @Test("what was paid goes to the balance, the rest lowers what remains")
    func refund() async throws {
        let (shop, company) = try await shop([vat])
        let first = try shop.invoices()[0]
        var pay = MarkInvoicePaid(invoiceID: first.id, idempotencyKey: "p")
        pay.amount = 20_000
        try await shop.run(pay)
        let note = try await note(shop, first, quantity: Model.Decimal("0.5"))
        #expect((note.total, note.refunded) == (12_500, 7500))
        let after = try invoice(shop, first.id)
        #expect((after.status, after.amountRemaining) == (.paid, 0))
        let balance = try shop.engine.read(shop.environment) { try $0.balance(of: company)?.amount(in: .usd) }
        #expect(balance == 7500)
        try shop.expectVerified()
    }

    @Test("the same key is the same note")
    func idempotent() async throws {
        let (shop, _) = try await shop([])
        let first = try shop.invoices()[0]
        var command = CreateCreditNote(
            invoiceID: first.id, parts: [.init(lineID: first.lines[0].id, amount: 100, quantity: nil)])
        command.idempotencyKey = "k"
        let note = try await shop.run(command)
        #expect(try await shop.run(command).id == note.id)
        #expect(try invoice(shop, first.id).amountRemaining == 19_900)
    }

    @Test(
        "what cannot be taken back is refused, and nothing changes",
        arguments: ["0", "-5", "20001", "tax line", "usage at 0", "twice in one", "more than the line has of quantity"])
    func refusedNotes(_ what: String) async throws {
        let (shop, _) = try await shop([vat])
        try await shop.setClock("2024-02-01T02:00:00Z")
        // usage 0 + base 20000 + tax 5000
        let invoice = try shop.invoices()[1]
        await #expect(throws: Refusal.self) {
            switch what {
            case "tax line": _ = try await note(shop, invoice, 2, amount: 1)
            case "usage at 0": _ = try await note(shop, invoice, 0, amount: 1)
            case "twice in one":
                let part = CreateCreditNote.Part(lineID: invoice.lines[1].id, amount: 15_000, quantity: nil)
                try await shop.run(CreateCreditNote(invoiceID: invoice.id, parts: [part, part]))
            case "more than the line has of quantity": _ = try await note(shop, invoice, 1, quantity: 2)
            default: _ = try await note(shop, invoice, 1, amount: Int64(what))
            }
        }
        #expect(try self.invoice(shop, invoice.id).credits == nil)
    }

    // MARK: - Seals and uncollectible invoices

    @Test("each finalised invoice is sealed after the one before, and a draft is not")
    func seals() async throws {
        let (shop, _) = try await shop([])
        try await shop.setClock("2024-03-01T00:30:00Z")
        let invoices = try shop.invoices()
        #expect(invoices.map { $0.seal != nil } == [true, true, false])
        #expect(invoices[0].seal?.previous == nil)
        #expect(invoices[1].seal?.previous == invoices[0].seal?.digest)
        var other = invoices[1]
        other.lines[1].amount += 1
        #expect(invoices[1].isSealIntact && !other.isSealIntact)
        try await shop.run(MarkInvoiceUncollectible(invoiceID: invoices[0].id))
        try await shop.run(VoidInvoice(invoiceID: invoices[1].id))
        let states = try shop.invoices()
        // Who does not pay loses the plan: what was used until then is a draft of its own.
        #expect(states.map(\.status) == [.uncollectible, .void, .draft, .draft])
        let areIntact = states.prefix(2).map { $0.isSealIntact }
        #expect(areIntact == [true, true])
        await #expect(throws: Refusal.self) {
            try await shop.run(MarkInvoiceUncollectible(invoiceID: invoices[1].id))
        }
        try shop.expectVerified()
    }

    // MARK: - After the end

    @Test("late use of an ended subscription is billed on an invoice of its own, once its grace is over")
    func afterTheEnd() async throws {
        let (shop, company) = try await shop([vat], monthly: 100)
        try await shop.setClock("2024-01-15T00:00:00Z")
        try await shop.track("calls", "a", 2)
        try await shop.run(CancelSubscription(companyID: company.id))
        try await shop.setClock("2024-01-15T02:00:00Z")
        #expect(try shop.ledger().last == "open INV-000002 2024-01-01…2024-01-15: usage 2→50 + tax 1→13")
        try await shop.setClock("2024-01-20T00:00:00Z")
        #expect(try await shop.trackLate("calls", "a", 1, "2024-01-10T00:00:00Z") == .correction)
        try await shop.setClock("2024-01-20T00:30:00Z")
        #expect(try await shop.trackLate("calls", "a", 4, "2024-01-11T00:00:00Z") == .correction)
        #expect(try shop.invoices().count == 2)
        try await shop.setClock("2024-01-20T01:00:00Z")
        #expect(
            try shop.ledger().dropFirst(2) == ["open INV-000003 2024-01-01…2024-01-15: correction 5→125 + tax 1→31"])
        // Nothing is billed twice, and the last look finds what nobody has noted.
        try await shop.setClock("2024-01-20T05:00:00Z")
        #expect(try shop.invoices().count == 3)
        try await shop.trackLate("calls", "a", 1, "2024-01-12T00:00:00Z")
        try await shop.reopen()
        try await shop.setClock("2024-02-18T23:00:00Z")
        #expect(try shop.invoices().count == 3)
        try await shop.setClock("2024-02-20T00:00:00Z")
        #expect(try shop.ledger().last?.hasSuffix("correction 1→25 + tax 1→6") == true)
        try await shop.setClock("2024-06-01T00:00:00Z")
        #expect(try shop.invoices().count == 4)
        try shop.expectVerified()
    }

    @Test("late use that adds nothing is billed with the first that adds something; +25 and −25 are something")
    func nothingAdded() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let mails = try await shop.eventFeature("mails")
        let plan = try await shop.plan(
            "Pro", monthly: 100, [(calls, .overage(included: 10, cents: 25)), (mails, .payAsYouGo(cents: 25))])
        let company = try await shop.company("a", on: plan)
        try await shop.track("calls", "a", 5)
        try await shop.track("mails", "a", 3)
        try await shop.setClock("2024-01-15T00:00:00Z")
        try await shop.run(CancelSubscription(companyID: company.id))
        try await shop.setClock("2024-01-20T00:00:00Z")
        try await shop.trackLate("calls", "a", 4, "2024-01-10T00:00:00Z")
        for _ in 0..<2 {
            try await shop.setClock("2024-01-21T00:00:00Z")
            #expect(try shop.invoices().count == 2)
            try shop.expectVerified()
            try await shop.reopen()
        }
        try await shop.trackLate("calls", "a", 2, "2024-01-10T00:00:00Z")
        try await shop.trackLate("mails", "a", -1, "2024-01-10T00:00:00Z")
        try await shop.setClock("2024-01-22T00:00:00Z")
        #expect(
            try shop.ledger().dropFirst(2) == [
                "paid INV-000003 2024-01-01…2024-01-15: correction 6→25 + correction -1→-25"
            ])
        try await shop.setClock("2024-06-01T00:00:00Z")
        #expect(try shop.invoices().count == 3)
        try shop.expectVerified()
    }

    @Test("a company that is deleted is billed what it has used")
    func deleted() async throws {
        let (shop, company) = try await shop([], monthly: 100)
        try await shop.track("calls", "a", 2)
        try await shop.run(DeleteBilledCompany(companyID: company.id))
        try await shop.setClock("2024-03-01T02:00:00Z")
        #expect(try shop.invoices().count == 2)
        #expect(try shop.ledger()[1].contains("usage 2→50"))
        try shop.expectVerified()
    }
}

@Suite("Coupons through the engine")
struct CouponTests {
    private func coupon(
        _ id: String, amount: Int64 = 0, percent: Model.Decimal = 0, _ duration: CouponDuration, months: Int64 = 0,
        most: Int64 = 0
    ) -> UpsertCoupon {
        UpsertCoupon(
            externalID: id, name: id, amountOff: amount, percentOff: percent, duration: duration, months: months,
            maxRedemptions: most, timesRedeemed: 0)
    }

    /// The totals of a company's invoices over half a year of a plan at 49.00 with 4 calls of 0.25 each month.
    private func totals(_ command: UpsertCoupon, restarts: Bool = false) async throws -> [Int64] {
        let shop = try await Workshop()
        try await shop.run(command)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 4900, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.run(UpsertCompany(keys: ["id": "a"]))
        try await shop.move(company, to: plan) { $0.couponExternalID = command.externalID }
        for month in 2...5 {
            try await shop.track("calls", "a", 4)
            if restarts { try await shop.reopen() }
            try await shop.setClock("2024-0\(month)-01T02:00:00Z")
        }
        try shop.expectVerified()
        return try shop.invoices().map(\.total)
    }

    @Test("once, for some months, or forever; the same over restarts")
    func durations() async throws {
        #expect(try await totals(coupon("o", amount: 1000, .once)) == [3900, 5000, 5000, 5000, 5000])
        #expect(try await totals(coupon("r", percent: 50, .repeating, months: 2)) == [2450, 2500, 5000, 5000, 5000])
        #expect(try await totals(coupon("f", percent: 10, .forever)) == [4410, 4500, 4500, 4500, 4500])
        #expect(try await totals(coupon("z", amount: 9000, .forever)) == [0, 0, 0, 0, 0])
        #expect(try await totals(coupon("f", percent: 10, .forever), restarts: true) == [4410, 4500, 4500, 4500, 4500])
    }

    @Test(
        "with late use a line comes to its maximum after its share of the discount",
        arguments: [(Int64(0), Model.Decimal(50), Int64(30)), (80, 0, 20), (0, 0, -30)])
    func maximum(amount: Int64, percent: Model.Decimal, late: Int64) async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        var priced = EntitlementInput.payAsYouGo(cents: 25)
        priced.maximumAmount = 80
        let plan = try await shop.plan("Pro", monthly: 100, [(calls, priced)])
        let company = try await shop.run(UpsertCompany(keys: ["id": "a"]))
        if amount > 0 || percent > 0 { try await shop.run(coupon("c", amount: amount, percent: percent, .forever)) }
        try await shop.move(company, to: plan) { $0.couponExternalID = amount > 0 || percent > 0 ? "c" : nil }
        try await shop.track("calls", "a", 4)
        try await shop.setClock("2024-02-01T02:00:00Z")
        try await shop.trackLate("calls", "a", late < 0 ? -2 : 3, "2024-01-10T00:00:00Z")
        try await shop.setClock("2024-03-01T02:00:00Z")
        let correction = try #require(try shop.invoices()[2].lines.first { $0.type == .correction })
        // 100 before, of which the coupon pays 50 or 40, and 175 or 50 afterwards.
        #expect(correction.amount == late)
        try shop.expectVerified()
    }

    @Test("a coupon is redeemed as often as it may be, and a refused one changes nothing")
    func redemptions() async throws {
        let shop = try await Workshop()
        let command = coupon("c", percent: 10, .forever, most: 1)
        try await shop.run(command)
        let plan = try await shop.plan("Pro", monthly: 4900, [])
        let first = try await shop.run(UpsertCompany(keys: ["id": "a"]))
        try await shop.move(first, to: plan) { $0.promoCode = "c" }
        // The same again is not redeemed again.
        try await shop.move(first, to: plan) { $0.promoCode = "c" }
        let second = try await shop.run(UpsertCompany(keys: ["id": "b"]))
        for name in ["c", "unknown"] {
            var manage = ManagePlan(companyID: second.id)
            manage.basePlanID = plan.id
            manage.couponExternalID = name
            #expect(try await shop.run(manage).problems.map(\.code) == ["discount_ineligible"])
        }
        #expect(try shop.company(second.id).plan == nil && shop.invoices().count == 1)
        // What was given out stays as it was given.
        try await shop.run(DeleteCoupon(couponID: "c"))
        try await shop.setClock("2024-02-01T02:00:00Z")
        #expect(try shop.invoices()[1].total == 4410)
        await #expect(throws: Refusal.self) { try await shop.run(DeleteCoupon(couponID: "c")) }
        try shop.expectVerified()
    }

    @Test("a coupon that makes no sense is refused")
    func refused() async throws {
        let shop = try await Workshop()
        for command in [
            coupon("c", .once), coupon("c", amount: 5, percent: 5, .once), coupon("c", amount: -5, .once),
            coupon("c", percent: 101, .once), coupon("c", percent: 5, .repeating), coupon("", percent: 5, .once),
            coupon("c", percent: 5, .once, most: -1), coupon("c", percent: Model.Decimal("0.0000001")!, .once),
        ] {
            await #expect(throws: Refusal.self) { try await shop.run(command) }
        }
    }
}

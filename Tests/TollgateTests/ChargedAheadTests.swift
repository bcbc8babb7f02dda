import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Nobody gets credit for what he was not charged")
struct ChargedAheadTests {
    /// Plans of 30.00 and 90.00 a month with seats of 10.00, in an April of 30 days. `small n` and `large n` choose a
    /// plan with n seats, `note 2.1 500` takes 5.00 back of the second line of the second invoice, and `version 50.00`
    /// moves everybody on Small to a new price without proration. What follows an arrow is the proration.
    @Test(
        "credit for what is unused",
        arguments: [
            "small 0; on 04-16; leave → -1500",
            "small 0; void 1; on 04-16; leave →",
            "small 0; on 04-16; void 1; leave →",
            "small 0; on 05-16T12; leave → -1500",
            "small 0; void 1; on 05-16T12; leave → -1500",
            "small 0; on 05-16T12; void 2; leave →",
            "large 0; on 04-16; small 0 → -4500",
            "large 0; void 1; on 04-16; small 0 →",
            // Credit notes, by line.
            "small 0; note 1.1 1000; on 04-16; leave → -1000",
            "small 0; note 1.1 3000; on 04-16; leave →",
            "small 4; note 1.2 1000; on 04-16; leave → -1500 -1500",
            "small 4; note 1.2 1000; on 04-16; small 3 →; leave → -1500 -1500",
            "coupon 50; small 0; on 04-16; leave → -1500",
            "coupon 50; small 0; note 1.1 750; on 04-16; leave → -750",
            "take off 1000; small 0; note 1.1 2000; on 04-16; leave →",
            // An upgrade: its charge waits for the next invoice, or is billed at once.
            "small 0; on 04-16; large 0 → -1500 4500; leave → -4500",
            "small 0; void 1; on 04-16; large 0 → 4500; leave → -4500",
            "small 0; note 1.1 1000; on 04-16; large 0 → -1000 4500",
            "small 0; on 04-16; large 0 → -1500 4500; void 1; leave → -3000",
            "at once; small 0; on 04-16; large 0 → -1500 4500; void 1; leave → -3000",
            "at once; small 0; on 04-16; large 0 → -1500 4500; void 2; leave → -1500",
            "at once; small 0; on 04-16; large 0 → -1500 4500; void 1; void 2; leave →",
            // Seats.
            "small 2; on 04-16; small 5 → 1500; small 3 → -1000; leave → -1500 -1500",
            "small 2; on 04-16; small 5 → 1500; void 1; small 4 →; leave → -1500",
            "at once; small 2; on 04-16; small 5 → 1500; void 2; small 3 →; leave → -1500 -1000",
            "at once; small 2; on 04-16; small 5 → 1500; void 2; small 1 → -500; leave → -1500 -500",
            "at once; small 2; void 1; on 04-16; small 5 → 1500; leave → -1500",
            // Migrated without proration.
            "small 0; version 5000; on 04-16; leave → -1500",
            "small 0; version 1000; on 04-16; leave → -500",
            "small 0; version 5000; on 04-16; large 0 → -1500 4500",
            // A stub of 10 days of a period of 31 is 9.68.
            "stub 0; on 04-06; leave → -484",
            "stub 0; void 1; on 04-06; leave →",
            "stub 0; note 1.1 484; on 04-06; leave → -242",
        ])
    func stories(_ story: String) async throws {
        try await Life().live(story)
    }

    @Test("what lets a subscription lapse credits nothing: an invoice that is given up")
    func givenUp() async throws {
        let life = try await Life()
        try await life.live("small 0; on 04-16")
        try await life.shop.run(MarkInvoiceUncollectible(invoiceID: life.shop.invoices()[0].id))
        #expect(try life.shop.company(life.company.id).subscriptionID == nil && life.balance() == 0)
    }

    /// One company's April.
    final class Life {
        let shop: Workshop
        let small: Plan
        let large: Plan
        let seats: Feature
        let company: Company
        private var coupon: String?

        init() async throws {
            shop = try await Workshop(at: "2024-04-01T00:00:00Z")
            seats = try await shop.eventFeature("seats")
            small = try await shop.plan("Small", monthly: 3000, [(seats, .seats(cents: 1000, preset: 0))])
            large = try await shop.plan("Large", monthly: 9000, [(seats, .seats(cents: 1000, preset: 0))])
            company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        }

        func live(_ story: String) async throws {
            for step in story.split(separator: "; ") {
                let words = step.split(separator: " →", maxSplits: 1)
                let proration = try await take(words[0].split(separator: " "))
                guard words.count > 1 || step.hasSuffix("→") else { continue }
                let expected = words.count > 1 ? words[1].split(separator: " ").map { Int64($0)! } : []
                #expect(proration == expected, "\(step)")
            }
            try shop.expectVerified()
        }

        func balance() throws -> Int64 {
            try shop.engine.read(shop.environment) { try $0.balance(of: company)?.amount(in: .usd) ?? 0 }
        }

        /// Answers the proration of a plan change.
        private func take(_ words: [Substring]) async throws -> [Int64] {
            switch words[0] {
            case "small": return try await choose(small, Int64(words[1])!)
            case "large": return try await choose(large, Int64(words[1])!)
            case "stub":
                return try await choose(small, Int64(words[1])!) { $0.billingCycleAnchor = at("2024-04-11T00:00:00Z") }
            case "leave":
                let before = try balance()
                let proration = try await choose(nil, 0) { $0.prorate = true }
                #expect(try balance() - before == -proration.reduce(0, +))
                return proration
            case "on": try await shop.setClock("2024-\(words[1])\(words[1].contains("T") ? "" : "T00"):00:00Z")
            case "void": try await shop.run(VoidInvoice(invoiceID: shop.invoices()[Int(words[1])! - 1].id))
            case "note":
                let place = words[1].split(separator: ".").map { Int($0)! - 1 }
                let invoice = try shop.invoices()[place[0]]
                let part = CreateCreditNote.Part(
                    lineID: invoice.lines[place[1]].id, amount: Int64(words[2])!, quantity: nil)
                try await shop.run(CreateCreditNote(invoiceID: invoice.id, parts: [part]))
            case "at":
                var group = SetPlanGroup()
                var settings = PlanGroupSettings()
                settings.prorationBehavior = .invoiceImmediately
                group.settings = settings
                try await shop.run(group)
            case "coupon", "take":
                let isPercent = words[0] == "coupon"
                let size = Int64(words.last!)!
                coupon = "c"
                try await shop.run(
                    UpsertCoupon(
                        externalID: "c", name: "c", amountOff: isPercent ? 0 : size,
                        percentOff: isPercent ? Model.Decimal(size) : 0, duration: .forever, months: 0,
                        maxRedemptions: 0, timesRedeemed: 0))
            case "version":
                var billing = SetBillingProduct(planID: small.id, chargeType: .recurring)
                billing.prices = [PriceInput(interval: .monthly, amount: Int64(words[1])!, currency: .usd)]
                let version = try await shop.run(billing)
                var publish = PublishPlanVersion(versionID: version.id, migrationStrategy: .immediate)
                publish.proration = MigrationProration.none
                try await shop.run(publish)
                try await shop.engine.closeDue(in: shop.environment)
            default: Issue.record("\(words) is no step")
            }
            return []
        }

        private func choose(
            _ plan: Plan?, _ count: Int64, _ change: (inout ManagePlan) -> Void = { _ in }
        ) async throws -> [Int64] {
            var manage = ManagePlan(companyID: company.id)
            if let plan {
                manage.basePlanID = plan.id
                let entitlement = try shop.entitlements(of: plan).first { $0.featureID == seats.id }!
                manage.payInAdvance = [
                    PayInAdvanceSelection(priceID: entitlement.meteredPrices[0].id, quantity: count)
                ]
                if try shop.company(company.id).subscriptionID == nil { manage.couponExternalID = coupon }
            }
            change(&manage)
            let outcome = try await shop.run(manage)
            #expect(outcome.problems.isEmpty)
            return outcome.effect?.proration.map(\.amount) ?? []
        }
    }
}

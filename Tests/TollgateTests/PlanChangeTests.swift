import Basics
import Billing
import Catalog
import Model
import Store
import Testing
import Tollgate

@Suite("Plan changes keep usage and overrides")
struct PlanChangeTests {
    @Test("PC-01, PC-06: used 7 of 10, after the change 7 of 100, at once", arguments: [nil, 1000, 50] as [Int64?])
    func usage(price: Int64?) async throws {
        let shop = try await Workshop(at: "2024-01-17T10:17:33.123Z")
        let calls = try await shop.eventFeature("calls")
        let old = try await shop.plan("Old", monthly: 100, [(calls, .limit(10, .currentMonth))])
        let new = try await shop.plan("New", monthly: price, [(calls, .limit(100, .currentMonth))])
        let company = try await shop.company("acme", on: old)
        try await shop.track("calls", "acme", 7)
        try await shop.setClock("2024-01-20T00:00:00Z")
        try await shop.move(company, to: new)
        #expect(try shop.usage(company, calls) == 7)
        let answer = try await shop.consume("calls", "acme")
        #expect(answer.allocation == 100 && answer.remaining == 92)
        try await shop.reopen()
        #expect(try shop.usage(company, calls) == 8)
        try shop.expectVerified()
    }

    @Test("PC-08, PC-09: overrides stay, and the more generous allocation counts")
    func overrides() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let small = try await shop.plan("Small", [(calls, .limit(100))])
        let large = try await shop.plan("Large", [(calls, .limit(1000))])
        let company = try await shop.company("acme", on: small)
        var value = EntitlementValue(type: .numeric)
        value.numeric = 500
        var create = CreateCompanyOverride(companyID: company.id, featureID: calls.id, value: value)
        create.note = "promised"
        create.expiresAt = at("2024-06-01T00:00:00Z")
        let override = try await shop.run(create)
        func limit() throws -> Int64? {
            try shop.engine.read(shop.environment) { try $0.featureUsage(of: company, feature: calls)?.allocation }
        }
        #expect(try limit() == 500)
        try await shop.track("calls", "acme", 499)
        #expect(try shop.check("calls", "acme"))
        try await shop.track("calls", "acme", 1)
        #expect(try !shop.check("calls", "acme"))
        try await shop.move(company, to: large)
        #expect(try limit() == 1000)
        #expect(try shop.check("calls", "acme"))
        try await shop.move(company, to: small)
        #expect(try limit() == 500)
        let kept = try shop.engine.read(shop.environment) { try $0.overrides(of: shop.company(company.id)) }
        #expect(String(describing: kept) == String(describing: [override]))
        try await shop.setClock("2024-06-01T00:00:00Z")
        #expect(try limit() == 100)
    }

    @Test(
        "PC-13: no change of plan zeroes a counter",
        arguments: [
            "calendar free → cycle paid", "cycle paid → cycle cheaper", "calendar paid → cycle dearer",
            "cycle paid → calendar dearer",
        ])
    func counters(_ change: String) async throws {
        let shop = try await Workshop(at: "2024-01-17T10:17:33.123Z")
        let calls = try await shop.eventFeature("calls")
        func plan(_ words: Substring) async throws -> Plan {
            var input = EntitlementInput.limit(1000, .currentMonth)
            input.metricPeriodMonthReset = words.hasPrefix("cycle") ? .billingCycle : .firstOfMonth
            let price: Int64? =
                words.hasSuffix("free") ? nil : words.hasSuffix("cheaper") ? 50 : words.hasSuffix("dearer") ? 200 : 100
            return try await shop.plan(String(words), monthly: price, [(calls, input)])
        }
        let old = try await plan(change.split(separator: " → ")[0])
        let new = try await plan(change.split(separator: " → ")[1])
        let company = try await shop.company("acme", on: old)
        try await shop.setClock("2024-01-18T11:00:00Z")
        try await shop.track("calls", "acme", 7)
        try await shop.setClock("2024-01-25T12:34:56.789Z")
        try await shop.move(company, to: new)
        #expect(try shop.usage(company, calls) == 7)
        try await shop.track("calls", "acme", 1)
        #expect(try shop.usage(company, calls) == 8)
        try await shop.reopen()
        #expect(try shop.usage(company, calls) == 8)
    }

    @Test("what stands in the way is a problem, and nothing has changed")
    func problems() async throws {
        let shop = try await Workshop()
        let plan = try await shop.plan("Pro", monthly: 100, [])
        let company = try await shop.company("acme", on: plan)
        let draft = try await shop.run(CreatePlan(name: "Draft", type: .plan))
        let before = String(describing: try shop.company(company.id))
        for change in [
            { $0.basePlanID = draft.id },
            { $0.basePlanPriceID = Identifier(ordinal: 99) },
            {
                $0.basePlanID = nil;
                $0.payInAdvance = [PayInAdvanceSelection(priceID: Identifier(ordinal: 1), quantity: 1)]
            },
            { $0.payInAdvance = [PayInAdvanceSelection(priceID: Identifier(ordinal: 1), quantity: 1)] },
        ] as [(inout ManagePlan) -> Void] {
            var manage = ManagePlan(companyID: company.id)
            manage.basePlanID = plan.id
            change(&manage)
            #expect(try await !shop.run(manage).success)
            #expect(String(describing: try shop.company(company.id)) == before)
        }
        #expect(try shop.invoices().count == 1)
        try shop.expectVerified()
    }
}

@Suite("Plans that are left and taken again")
struct ReturningTests {
    @Test("cancelled and subscribed again at one frozen instant, its use is billed once")
    func cancelAndReturn() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Pro", monthly: 0, [(calls, .payAsYouGo(cents: 25))])
        let company = try await shop.company("acme", on: plan)
        try await shop.setClock("2024-01-10T00:00:00Z")
        try await shop.track("calls", "acme", 10)
        try await shop.run(CancelSubscription(companyID: company.id))
        try await shop.move(company, to: plan)
        try await shop.setClock("2024-02-12T00:00:00Z")
        #expect(try shop.invoices().reduce(0) { $0 + $1.total } == 250)
    }

    @Test("a dearer plan takes back a cancellation at the period's end")
    func upgradeAfterCancel() async throws {
        let shop = try await Workshop()
        let small = try await shop.plan("Small", monthly: 100, [])
        let large = try await shop.plan("Large", monthly: 200, [])
        let company = try await shop.company("acme", on: small)
        var cancel = CancelSubscription(companyID: company.id)
        cancel.immediately = false
        try await shop.run(cancel)
        try await shop.move(company, to: large)
        try await shop.setClock("2024-03-12T00:00:00Z")
        #expect(try shop.company(company.id).plan?.planID == large.id)
    }

    @Test("a plan that is paid once is billed once, whatever version it is had in")
    func paidOnce() async throws {
        let shop = try await Workshop()
        let plan = try await shop.run(CreatePlan(name: "Forever", type: .plan))
        var billing = SetBillingProduct(planID: plan.id, chargeType: .oneTime)
        for amount: Int64 in [5000, 6000] {
            billing.prices = [PriceInput(interval: .oneTime, amount: amount, currency: .usd)]
            let version = try await shop.run(billing)
            try await shop.run(PublishPlanVersion(versionID: version.id, migrationStrategy: .leave))
        }
        let versions = try #require(try shop.engine.read(shop.environment) { try $0.get(plan.id) }).versionIDs
        let company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        for version in [versions[0], versions[1], versions[0]] {
            var manage = ManagePlan(companyID: company.id)
            manage.basePlanID = plan.id
            manage.basePlanVersionID = version
            #expect(try await shop.run(manage).problems.isEmpty)
            #expect(try shop.invoices().map(\.total) == [5000])
        }
        #expect(try shop.company(company.id).subscriptionID == nil)
        try shop.expectVerified()
    }

    @Test("a plan is paid in the currency that is asked for, or not at all")
    func currency() async throws {
        let shop = try await Workshop()
        let plan = try await shop.plan("Pro", monthly: 4900, [])
        var manage = ManagePlan(companyID: try await shop.run(UpsertCompany(keys: ["id": "acme"])).id)
        manage.basePlanID = plan.id
        manage.currency = Currency("eur")
        #expect(try await shop.run(manage).problems.map(\.code) == ["price_unavailable"])
        manage.currency = .usd
        #expect(try await shop.run(manage).success)
    }
}

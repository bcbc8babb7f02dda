import Basics
import Catalog
import Entitlements
import Model
import Testing

@Suite struct CompanyStateTests {
    /// A monthly subscription from 10 March 12:00; the window before it began on 1 March.
    /// period | reset | at → window. Times are in 2026, UTC.
    static let windows = rows(
        """
        all_time      |               | 03-20T00:00 | - to -
        current_day   |               | 03-20T05:00 | 03-20T00:00 to 03-21T00:00
        current_week  |               | 03-20T05:00 | 03-15T00:00 to 03-22T00:00
        current_month | first_of_month | 03-20T05:00 | 03-01T00:00 to 04-01T00:00
        current_month |               | 03-20T05:00 | 03-01T00:00 to 04-01T00:00
        current_month | billing_cycle | 03-10T12:00 | 03-01T00:00 to 04-10T12:00
        current_month | billing_cycle | 04-10T11:59 | 03-01T00:00 to 04-10T12:00
        current_month | billing_cycle | 04-10T12:00 | 04-10T12:00 to 05-10T12:00
        current_month | billing_cycle | 06-09T00:00 | 05-10T12:00 to 06-10T12:00
        current_month | billing_cycle | 03-10T11:59 | 03-01T00:00 to 03-10T12:00
                      |               | 03-20T00:00 | - to -
        """)

    @Test(arguments: windows) func usageWindow(row: [String]) throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let subscription = try world.subscribe(company, carriedFrom: Self.instant("03-01T00:00"))
        let state = CompanyState(
            try world.get(company.id)!, overrides: [], subscription: subscription, catalog: world.catalog)
        let window = state.usageWindow(
            period: MetricPeriod(rawValue: row[0]), reset: MetricPeriodMonthReset(rawValue: row[1]),
            at: Self.instant(row[2]))
        #expect(window == Self.window(row[3]))
    }

    @Test func whatWasAskedBeforeDoesNotMatter() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let subscription = try world.subscribe(company, carriedFrom: Self.instant("03-01T00:00"))
        func state() -> CompanyState {
            CompanyState(company, overrides: [], subscription: subscription, catalog: world.catalog)
        }
        func window(_ state: CompanyState, _ at: String) -> UsageWindow {
            state.usageWindow(period: .currentMonth, reset: .billingCycle, at: Self.instant(at))
        }
        let instants = Self.windows.filter { $0[1] == "billing_cycle" }.map { $0[2] }
        for first in instants {
            for second in instants {
                let asked = state()
                _ = window(asked, first)
                #expect(window(asked, second) == window(state(), second), "\(second) after \(first)")
            }
        }
    }

    @Test func withoutASubscriptionTheCalendarMonthCounts() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        var ended = try world.subscribe(company)
        ended.status = .canceled
        for subscription in [nil, ended] {
            let state = CompanyState(company, overrides: [], subscription: subscription, catalog: world.catalog)
            #expect(state.subscription == nil)
            let window = state.usageWindow(period: .currentMonth, reset: .billingCycle, at: Self.instant("03-20T05:00"))
            #expect(window == Self.window("03-01T00:00 to 04-01T00:00"))
        }
    }

    @Test func factsComeFromPlanOverrideAndSubscription() throws {
        let world = try World()
        let seats = try world.execute(
            DefineTrait(entityType: .company, hierarchy: ["plan", "seats"], traitType: .number))
        let api = try world.feature("API", .event, event: "api")
        let seat = try world.feature("Seats", .trait, trait: seats.id)
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: api.id, input: .limit(100)))
        var bought = EntitlementInput(valueType: .trait)
        bought.priceBehavior = .payInAdvance
        bought.unitPrices.monthly = 900
        let entitlement = try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: seat.id, input: bought))
        let version = entitlement.versionID
        try world.execute(PublishPlanVersion(versionID: version, migrationStrategy: .leave))

        var company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        company.plan = PlanAssignment(planID: plan.id, versionID: version, assignedAt: world.now)
        company.traits = ["plan": .object(["seats": .number("2")]), "other": .null]
        let override = try world.execute(
            CreateCompanyOverride(companyID: company.id, featureID: api.id, value: .limit(500)))
        var subscription = try world.subscribe(company)
        subscription.payInAdvance = [PayInAdvanceQuantity(entitlementID: entitlement.id, quantity: 7)]
        let state = CompanyState(company, overrides: [override], subscription: subscription, catalog: world.catalog)
        #expect(state.standing.basePlanID == plan.id && state.standing.planVersionIDs == [version])
        #expect(state.standing.traits == [seats.id: "2"])
        #expect(state.standing.grants.map(\.terms.featureID) == [api.id, api.id, seat.id])
        #expect(state.standing.grants.map(\.allocation) == [.limited(100), .limited(500), .limited(7)])
        #expect(state.catalog === world.catalog)
        // Shared with every other company on the plan.
        let other = CompanyState(company, overrides: [], subscription: nil, catalog: world.catalog)
        #expect(other.standing.grants[0].terms === state.standing.grants[0].terms)
    }

    @Test func addOnsStandBesideTheBasePlan() throws {
        let world = try World()
        let api = try world.feature("API", .event, event: "api")
        func version(_ type: PlanType, _ limit: Int64) throws -> PlanEntitlement {
            let plan = try world.execute(CreatePlan(name: "\(limit)", type: type))
            return try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: api.id, input: .limit(limit)))
        }
        let (base, more, less) = try (version(.plan, 100), version(.addOn, 500), version(.addOn, 5))
        var company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        func assignment(_ entitlement: PlanEntitlement) -> PlanAssignment {
            PlanAssignment(planID: entitlement.planID, versionID: entitlement.versionID, assignedAt: world.now)
        }
        company.plan = assignment(base)
        let alone = CompanyState(company, overrides: [], subscription: nil, catalog: world.catalog)
        #expect(alone.isAlikeForAll)
        company.addOns = [assignment(more), assignment(less)]
        let state = CompanyState(company, overrides: [], subscription: nil, catalog: world.catalog)
        _ = try world.feature("Other", .event, event: "other")
        for state in [state, try #require(state.renewed(under: world.catalog))] {
            #expect(!state.isAlikeForAll && state.standing.basePlanID == base.planID)
            #expect(state.standing.planIDs == [base, more, less].map(\.planID))
            #expect(state.standing.planVersionIDs == [base, more, less].map(\.versionID))
            #expect(state.standing.effectiveGrant(of: api.id, at: world.now)?.allocation == .limited(500))
        }
    }

    @Test func aLaterCatalogNeedsTheRecordOnlyForOtherTraits() throws {
        let world = try World()
        let api = try world.feature("API", .event, event: "api")
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let entitlement = try world.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: api.id, input: .limit(100)))
        var company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        company.plan = PlanAssignment(planID: plan.id, versionID: entitlement.versionID, assignedAt: world.now)
        let override = try world.execute(
            CreateCompanyOverride(companyID: company.id, featureID: api.id, value: .limit(500)))
        let state = CompanyState(company, overrides: [override], subscription: nil, catalog: world.catalog)
        try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .limit(200)))
        let renewed = try #require(state.renewed(under: world.catalog))
        #expect(renewed.catalog === world.catalog)
        #expect(renewed.standing.grants.map(\.allocation) == [.limited(200), .limited(500)])
        _ = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        #expect(state.renewed(under: world.catalog) == nil)
    }

    @Test func whatTellsACompanyApart() throws {
        let world = try World()
        let api = try world.feature("API", .event, event: "api")
        _ = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        let plain = try world.execute(UpsertCompany(keys: ["id": "a"]))
        func isAlike(
            _ company: Company, _ overrides: [CompanyOverride] = [], _ subscription: Subscription? = nil
        ) -> Bool {
            CompanyState(company, overrides: overrides, subscription: subscription, catalog: world.catalog)
                .isAlikeForAll
        }
        #expect(isAlike(plain))
        var sized = plain
        sized.traits = ["seats": .number("2")]
        #expect(!isAlike(sized))
        let override = try world.execute(
            CreateCompanyOverride(companyID: plain.id, featureID: api.id, value: .limit(500)))
        #expect(!isAlike(plain, [override]))
        let subscription = try world.subscribe(plain)
        #expect(!isAlike(plain, [], subscription))
        // On a plan, unless a limit depends on what the company bought.
        for (behavior, isShared) in [(nil, true), (PriceBehavior.payInAdvance, false)] {
            let plan = try world.execute(CreatePlan(name: "Plan", type: .plan))
            var input = EntitlementInput.limit(100)
            input.priceBehavior = behavior
            input.unitPrices.monthly = behavior.map { _ in 900 }
            let entitlement = try world.execute(
                CreatePlanEntitlement(planID: plan.id, featureID: api.id, input: input))
            var company = plain
            company.plan = PlanAssignment(planID: plan.id, versionID: entitlement.versionID, assignedAt: world.now)
            #expect(isAlike(company) == isShared)
        }
    }

    private static func instant(_ text: String) -> Timestamp { Timestamp(rfc3339: "2026-\(text):00Z")! }

    private static func window(_ text: String) -> UsageWindow {
        let ends = text.split(separator: " to ").map { $0 == "-" ? nil : instant(String($0)) }
        return UsageWindow(start: ends[0], end: ends[1])
    }
}

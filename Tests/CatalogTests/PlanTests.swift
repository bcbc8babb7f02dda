import Basics
import Catalog
import Model
import Store
import Testing

@Suite struct PlanTests {
    @Test func duplicatingCopiesWhatTheTargetLacksWithItsPrices() throws {
        let world = try World()
        let sso = try world.feature("SSO", .boolean)
        let calls = try world.feature("Calls", .event, event: "call")
        let source = try world.paidPlan("Source")
        try world.execute(CreatePlanEntitlement(planID: source.id, featureID: sso.id, input: .on))
        let priced = try world.execute(
            CreatePlanEntitlement(planID: source.id, featureID: calls.id, input: .payAsYouGo(25)))
        try world.execute(PublishPlanVersion(versionID: priced.versionID, migrationStrategy: .leave))
        let target = try world.paidPlan("Target")
        try world.execute(CreatePlanEntitlement(planID: target.id, featureID: sso.id, input: .on))

        let outcome = try world.execute(DuplicatePlanEntitlements(sourceID: source.id, targetID: target.id))
        #expect(outcome.skipped.map(\.featureID) == [sso.id])
        let copy = try #require(outcome.copies.first)
        let draft = try #require(try world.get(target.id)?.draftVersionID)
        #expect((copy.planID, copy.versionID, copy.featureID) == (target.id, draft, calls.id))
        #expect(copy.meteredPrices.map(\.model) == priced.meteredPrices.map(\.model))
        #expect(Set(copy.meteredPrices.map(\.id)).isDisjoint(with: priced.meteredPrices.map(\.id)))
        #expect(try world.get(draft)?.entitlementIDs.last == copy.id)
        try world.execute(PublishPlanVersion(versionID: draft, migrationStrategy: .leave))
        refused(.invalid, "cannot be copied to itself") {
            try world.execute(DuplicatePlanEntitlements(sourceID: source.id, targetID: source.id))
        }
    }

    @Test func editsOfAPublishedPlanGoToADraft() throws {
        let world = try World()
        let api = try world.feature("API", .event, event: "api")
        let sso = try world.feature("SSO", .boolean)
        let plan = try world.paidPlan("Pro")
        let entitlement = try world.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: api.id, input: .payAsYouGo(5)))
        let first = try #require(try world.get(entitlement.versionID))
        #expect(first.number == 2 && first.status == .draft && first.prices.map(\.amount) == [4900])
        try world.execute(PublishPlanVersion(versionID: first.id, migrationStrategy: .leave))
        #expect(try world.all(PlanVersion.self).map(\.status) == [.archived, .published])

        let copy = try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .payAsYouGo(7)))
        #expect(copy.id != entitlement.id && copy.ruleID != entitlement.ruleID && copy.versionID != first.id)
        #expect(try world.get(entitlement.id)?.meteredPrices[0].model == .perUnit(unit: 5))
        #expect(copy.meteredPrices[0].model == .perUnit(unit: 7))
        // The published entitlement stands for its copy as long as there is a draft.
        #expect(
            try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .payAsYouGo(8))).id == copy.id
        )
        var named = CreatePlanEntitlement(planID: plan.id, featureID: sso.id, input: .on)
        named.versionID = first.id
        #expect(try world.execute(named).versionID == copy.versionID)
        refused(.conflict, "has the entitlement") { try world.execute(named) }
        try world.execute(DeletePlanEntitlement(entitlementID: entitlement.id))
        #expect(try world.get(copy.id) == nil && world.get(entitlement.id) != nil)
        refused(.conflict, "has no entitlement to feature") {
            try world.execute(DeletePlanEntitlement(entitlementID: entitlement.id))
        }

        try world.execute(PublishPlanVersion(versionID: copy.versionID, migrationStrategy: .leave))
        refused(.conflict, "belongs to the archived version 2") {
            try world.execute(DeletePlanEntitlement(entitlementID: entitlement.id))
        }
        refused(.conflict, "is archived and cannot change") { try world.execute(named) }
        named.versionID = Identifier(ordinal: 99)
        refused(.notFound, "has no version") { try world.execute(named) }
        named.planID = Identifier(ordinal: 99)
        refused(.notFound, "does not exist") { try world.execute(named) }
    }

    /// charge type | prices → stored, or the refusal.
    static let products = rows(
        """
        recurring | month=4900 year=49000      | month 4900 usd, year 49000 usd
        recurring | 3month=100 2week=5 10day=1 | 3 months 100 usd, 2 weeks 5 usd, 10 days 1 usd
        recurring | month=0                    | month 0 usd
        recurring | month=1/eur month=2/usd    | month 1 eur, month 2 usd
        recurring | month=1 month=2            | refused: there are two prices for month in usd
        recurring | month=-1                   | refused: monthly_price cannot be negative, as -1 is
        recurring | 0month=1                   | refused: interval_count must be 1 to 36 for months, not 0
        recurring | 4year=1                    | refused: interval_count must be 1 to 3 for years, not 4
        recurring | one-time=5                 | refused: a plan with charge_type recurring cannot have a one-time price of 5
        recurring |                            | refused: a plan with charge_type recurring needs a price
        one_time  | one-time=5                 | one-time 5 usd
        one_time  | month=5                    | refused: a plan with charge_type one_time cannot have a month price of 5
        one_time  |                            | refused: a plan with charge_type one_time needs a price
        free      | month=0                    | month 0 usd
        free      | month=1                    | refused: a plan with charge_type free cannot have a month price of 1
        none      |                            |
        """)

    @Test(arguments: products) func product(row: [String]) throws {
        let world = try World()
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        var command = SetBillingProduct(planID: plan.id, chargeType: ChargeType(rawValue: row[0])!)
        command.prices = row[1].split(separator: " ").map { text in
            let parts = text.split(whereSeparator: { $0 == "=" || $0 == "/" })
            let count = Int64(parts[0].prefix { $0.isNumber }) ?? 1
            let unit = PriceInterval.Unit(rawValue: String(parts[0].drop { $0.isNumber }))!
            return PriceInput(
                interval: PriceInterval(unit, count: count), amount: Int64(parts[1])!,
                currency: Currency(parts.count > 2 ? String(parts[2]) : "usd")!)
        }
        let got = outcome {
            let prices = try world.execute(command).prices
            #expect(try world.execute(command).prices.map(\.id) == prices.map(\.id))
            return prices.map { price in
                let count = price.interval.count
                let interval = count == 1 ? price.interval.unit.rawValue : "\(count) \(price.interval.unit.rawValue)s"
                return "\(interval) \(price.amount) \(price.currency.code)"
            }.joined(separator: ", ")
        }
        #expect(got == row[2])
    }

    @Test func trialsAreBounded() throws {
        let world = try World()
        var command = SetBillingProduct(
            planID: try world.execute(CreatePlan(name: "Pro", type: .plan)).id, chargeType: .none)
        command.trialDays = 731
        refused(.invalid, "trial_days must be 0 to 730, not 731") { try world.execute(command) }
        command.trialDays = 14
        #expect(try world.execute(command).trialDays == 14)
    }

    @Test func everyIntervalNeedsAUsagePrice() throws {
        let world = try World()
        let feature = try world.feature("API", .event, event: "api")
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        var product = SetBillingProduct(planID: plan.id, chargeType: .recurring)
        product.prices = [PriceInterval.monthly, .yearly, PriceInterval(.week)].map {
            PriceInput(interval: $0, amount: 100, currency: .usd)
        }
        let version = try world.execute(product)
        var input = EntitlementInput.payAsYouGo(5)
        input.unitPrices.quarterly = 6
        let entitlement = try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input))
        let publish = PublishPlanVersion(versionID: version.id, migrationStrategy: .immediate)
        refused(.conflict, "usage_price_missing_for_interval: plan \"Pro\" has a price per year in usd") {
            try world.execute(publish)
        }
        input.unitPrices.yearly = 7
        try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: input))
        refused(.conflict, "usage_price_missing_for_interval: plan \"Pro\" has a price per week in usd") {
            try world.execute(publish)
        }
        // Given once, a price counts for the week too.
        try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .payAsYouGo(5)))
        try world.execute(publish)
        let weekly = try world.get(entitlement.id)?.meteredPrices.first { $0.interval == PriceInterval(.week) }
        #expect(weekly?.model == .perUnit(unit: 5))
        // In the currency of the plan's price, and in no other.
        product.prices.append(PriceInput(interval: .monthly, amount: 90, currency: Currency("eur")!))
        let second = try world.execute(product)
        refused(.conflict, "has a price per month in eur") {
            try world.execute(PublishPlanVersion(versionID: second.id, migrationStrategy: .leave))
        }
    }

    @Test func publishing() throws {
        let world = try World()
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let draft = try #require(plan.draftVersionID)
        var publish = PublishPlanVersion(versionID: draft, migrationStrategy: .immediate)
        #expect(try world.execute(publish).status == .published)
        refused(.conflict, "version 1 of plan \"Pro\" is published: only a draft can be published") {
            try world.execute(publish)
        }
        refused(.conflict, "only a draft can be deleted") { try world.execute(DeletePlanVersion(versionID: draft)) }

        let company = try world.onPlan(plan)
        publish.versionID = try world.execute(SetBillingProduct(planID: plan.id, chargeType: .free)).id
        publish.requireNoMigration = true
        refused(.conflict, "require_no_migration: 1 companies are on earlier versions of plan \"Pro\"") {
            try world.execute(publish)
        }
        publish.requireNoMigration = nil
        // Those that are on other plans do not count.
        let bystander = try world.execute(UpsertCompany(keys: ["id": "bystander"]))
        publish.excludedCompanyIDs = [company.id, company.id, bystander.id]
        try world.execute(publish)
        let migration = try #require(try world.get(Identifier<PlanVersionMigration>(ordinal: 1)))
        #expect(migration.total == 0 && migration.excludedCompanyIDs == [company.id, bystander.id])
        #expect(migration.fromVersionIDs == [draft] && migration.toVersionID == publish.versionID)
        #expect(
            try world.get(plan.id)?.publishedVersionID == publish.versionID && world.get(plan.id)?.draftVersionID == nil
        )
        #expect(try world.get(company.id)?.plan?.versionID == draft)

        let third = try world.execute(SetBillingProduct(planID: plan.id, chargeType: .none))
        try world.execute(DeletePlanVersion(versionID: third.id))
        #expect(try world.get(plan.id)?.versionIDs.count == 2 && world.get(plan.id)?.draftVersionID == nil)
        publish.versionID = try world.execute(SetBillingProduct(planID: plan.id, chargeType: .none)).id
        publish.excludedCompanyIDs = []
        publish.migrationStrategy = .leave
        try world.execute(publish)
    }

    @Test func aUsedPlanStays() throws {
        let world = try World()
        let (plan, version) = try world.freePlan("Free")
        try world.setInitialPlan(plan)
        let delete = DeletePlan(planID: plan.id)
        refused(.conflict, "is part of the plan group") { try world.execute(delete) }
        var group = SetPlanGroup()
        group.planGroupID = try world.all(PlanGroup.self)[0].id
        try world.execute(group)
        let company = try world.onPlan(plan)
        refused(.conflict, "1 companies are on plan \"Free\"") { try world.execute(delete) }
        try world.execute(DeleteCompany(companyID: company.id))
        try world.execute(delete)
        #expect(try world.get(plan.id) == nil && world.get(version.id) == nil)
        refused(.notFound, "does not exist") { try world.execute(delete) }
        refused(.notFound, "does not exist") { try world.execute(UpdatePlan(planID: plan.id, name: "X")) }
        refused(.invalid, "a plan's name cannot be empty") { try world.execute(CreatePlan(name: "", type: .plan)) }
    }

    @Test func thePlanGroupGivesOnlyWhatIsFree() throws {
        let world = try World()
        let (free, _) = try world.freePlan("Free")
        let paid = try world.paidPlan("Pro")
        let addOn = try world.execute(CreatePlan(name: "Extra", type: .addOn))
        let draft = try world.execute(CreatePlan(name: "Draft", type: .plan))
        var group = SetPlanGroup()
        func refuse(_ kind: Refusal.Kind, _ words: String, _ change: (inout SetPlanGroup) -> Void) {
            var wrong = group
            change(&wrong)
            refused(kind, words) { try world.execute(wrong) }
        }
        refuse(.conflict, "\"Pro\" has a recurring charge, so it cannot be the plan group's initial plan") {
            $0.initialPlanID = paid.id
        }
        refuse(.conflict, "\"Pro\" has a recurring charge, so it cannot be the plan group's fallback plan") {
            $0.fallbackPlanID = paid.id
        }
        refuse(.conflict, "\"Draft\" has no published version") { $0.initialPlanID = draft.id }
        refuse(.invalid, "\"Extra\" is an add-on") { $0.initialPlanID = addOn.id }
        refuse(.invalid, "\"Extra\" is of type add_on, not plan") { $0.planIDs = [addOn.id] }
        refuse(.invalid, "\"Pro\" is of type plan, not add_on") { $0.addOnIDs = [paid.id] }
        refuse(.invalid, "is named twice") { $0.planIDs = [paid.id, paid.id] }
        refuse(.notFound, "does not exist") { $0.planIDs = [Identifier(ordinal: 99)] }
        refuse(.notFound, "plan group") { $0.planGroupID = Identifier(ordinal: 99) }
        group.planIDs = [free.id, paid.id]
        group.addOnIDs = [addOn.id]
        group.initialPlanID = free.id
        group.display = ["show": .bool(true)]
        let stored = try world.execute(group)
        refused(.conflict, "has the plan group \(stored.id) already") { try world.execute(group) }

        // What is given stays free.
        let feature = try world.feature("API", .event, event: "api")
        let entitlement = try world.execute(
            CreatePlanEntitlement(planID: free.id, featureID: feature.id, input: .payAsYouGo(1)))
        refused(.conflict, "\"Free\" charges for the use of feature \"API\", so it cannot be the plan group's initial")
        {
            try world.execute(PublishPlanVersion(versionID: entitlement.versionID, migrationStrategy: .leave))
        }
    }
}

import Basics
import Catalog
import Model
import Store
import Testing

@Suite struct CompanyTests {
    @Test func aNewCompanyGetsTheInitialPlan() throws {
        let world = try World()
        let (plan, version) = try world.freePlan("Free")
        try world.setInitialPlan(plan)
        world.now = world.now + .hours(1)
        let company = try world.execute(UpsertCompany(keys: ["id": "acme", "slug": "s"]))
        #expect(company.plan == PlanAssignment(planID: plan.id, versionID: version.id, assignedAt: world.now))
        #expect(company.name == "acme")
        #expect(company.billingProfile.collectionMethod == .sendInvoice)
        let other = try world.execute(UpsertCompany(keys: ["id": "other"]))
        #expect(other.billingProfile.id != company.billingProfile.id)
    }

    @Test func aBasePlanTakesTheInitialPlansPlace() throws {
        let world = try World()
        let (initial, _) = try world.freePlan("Free")
        let (partner, version) = try world.freePlan("Partner")
        try world.setInitialPlan(initial)
        var command = UpsertCompany(keys: ["id": "a"])
        command.basePlanID = partner.id
        #expect(try world.execute(command).plan?.versionID == version.id)
        // It is for new companies only.
        command.basePlanID = initial.id
        #expect(try world.execute(command).plan?.planID == partner.id)

        command.keys = ["id": "b"]
        command.basePlanPriceID = Identifier(ordinal: 77)
        refused(.invalid, "is none of plan \"Free\"") { try world.execute(command) }
        command.basePlanPriceID = nil
        command.basePlanID = try world.paidPlan("Pro").id
        refused(.conflict, "plan \"Pro\" has a recurring charge") { try world.execute(command) }
        command.basePlanID = try world.execute(CreatePlan(name: "Draft", type: .plan)).id
        refused(.conflict, "has no published version") { try world.execute(command) }
        command.basePlanID = try world.execute(CreatePlan(name: "Extra", type: .addOn)).id
        refused(.invalid, "\"Extra\" is an add-on") { try world.execute(command) }
        command.basePlanID = Identifier(ordinal: 99)
        refused(.notFound, "does not exist") { try world.execute(command) }
    }

    @Test func theTimezoneIsFixedByTheFirstSubscription() throws {
        let world = try World()
        var command = UpsertCompany(keys: ["id": "a"])
        command.timezone = "Mars/Olympus"
        refused(.invalid, "\"Mars/Olympus\" is not an IANA time zone") { try world.execute(command) }
        command.timezone = "Europe/Berlin"
        #expect(try world.execute(command).billingProfile.timezone == "Europe/Berlin")
        try world.subscribe(world.company(["id": "a"])!)
        try world.execute(command)
        command.timezone = "America/New_York"
        refused(.invalid, "is fixed since its first subscription") { try world.execute(command) }
    }

    @Test func deletionGivesEverythingBack() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a", "slug": "s"]))
        let feature = try world.feature("Exports", .boolean)
        let override = try world.execute(
            CreateCompanyOverride(companyID: company.id, featureID: feature.id, value: .on))
        try world.execute(DeleteCompany(companyID: company.id))
        #expect(try world.get(company.id) == nil)
        #expect(try world.get(override.id) == nil)
        #expect(try world.company(["id": "a"]) == nil && world.company(["slug": "s"]) == nil)
        refused(.notFound, "does not exist") { try world.execute(DeleteCompany(companyID: company.id)) }
        #expect(try world.execute(UpsertCompany(keys: ["id": "a"])).id != company.id)
    }

    @Test func anActiveSubscriptionHoldsTheCompany() throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let subscription = try world.subscribe(company)
        var command = DeleteCompany(companyID: company.id)
        refused(.conflict, "has the active subscription \(subscription.id): cancel it first") {
            try world.execute(command)
        }
        world.now = world.now + .days(1)
        command.cancelSubscription = true
        try world.execute(command)
        let ended = try #require(try world.get(subscription.id))
        #expect(ended.status == .canceled && ended.endedAt == world.now)
    }

    @Test func usersJoinAndLeaveCompanies() throws {
        let world = try World()
        let first = try world.execute(UpsertCompany(keys: ["id": "a"]))
        var command = UpsertUser(keys: ["id": "u"])
        command.companies = [["id": "a"], ["id": "new"]]
        command.companyIDs = [first.id]
        var user = try world.execute(command)
        let second = try #require(try world.company(["id": "new"]))
        #expect(user.memberships.map(\.companyID) == [first.id, second.id])
        user = try world.execute(command)
        #expect(try world.get(first.id)?.userCount == 1 && world.get(second.id)?.userCount == 1)

        try world.execute(DeleteCompany(companyID: second.id))
        command.companies = [["id": "a"]]
        #expect(try world.execute(command).memberships.map(\.companyID) == [first.id])
        command.companyIDs = [second.id]
        refused(.notFound, "company \(second.id) does not exist") { try world.execute(command) }
        try world.execute(DeleteUser(userID: user.id))
        #expect(try world.get(first.id)?.userCount == 0)
        refused(.notFound, "user \(user.id) does not exist") { try world.execute(DeleteUser(userID: user.id)) }
    }

    @Test func eventsRegisterWhatTheyName() throws {
        let world = try World()
        let (plan, _) = try world.freePlan("Free")
        try world.setInitialPlan(plan)
        let known = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let alsoKnown = try world.execute(UpsertCompany(keys: ["id": "b"]))
        let gone = Identifier<Company>(ordinal: 99).description
        let command = RegisterEntities(
            companies: [["id": "a"], ["id": "n", "slug": "n"], ["slug": "n"], ["id": "a", "other": "x"], [:]]
                + [["id": "a", "slug": "n"], ["any": gone], ["id": "b"]],
            users: [["id": "u"]], eventSubtypes: ["api", "", "api"],
            links: [
                .init(company: 1, user: 0), .init(company: 2, user: 0), .init(company: 5, user: 0),
                .init(company: 9, user: 0),
            ])
        try world.execute(command)
        let before = try world.dump(.records)
        try world.execute(command)
        #expect(try world.dump(.records) == before)

        let new = try #require(try world.company(["id": "n"]))
        #expect(new.plan?.planID == plan.id && new.userCount == 1)
        #expect(try world.get(known.id)?.keys.text == "id=a")
        #expect(try world.get(alsoKnown.id)?.userCount == 0)
        #expect(try world.store.snapshot().companies(world.environmentID) == 3)
        #expect(try world.all(Meter.self).map(\.eventSubtype) == ["api"])
    }

    @Test func metersAreBounded() throws {
        let world = try World()
        let names = (0..<10_001).map { "event-\($0)" }
        try world.execute(RegisterEntities(companies: [], eventSubtypes: names))
        #expect(try world.all(Meter.self).count == 10_000)
        refused(.conflict, "counts 10000 event names") { _ = try world.feature("F", .event, event: "one more") }
    }
}

extension Snapshot {
    fileprivate func companies(_ environment: EnvironmentID) throws -> Int {
        var count = 0
        try forEach(Company.self, in: environment) { _ in
            count += 1
            return true
        }
        return count
    }
}

/// Stores from before companies, subscriptions and invoices were packed hold them as maps.
@Suite struct OldRecordTests {
    @Test("a company that was stored as a map is read")
    func map() throws {
        var company = Company(
            id: Identifier(ordinal: 7), environmentID: Identifier(ordinal: 1), name: "Acme",
            keys: [EntityKey(name: "id", value: "acme", createdAt: Timestamp(seconds: 9))],
            billingProfile: BillingProfile(id: Identifier(ordinal: 3), createdAt: Timestamp(seconds: 9)),
            createdAt: Timestamp(seconds: 9))
        company.traits = ["tier": .object(["level": .number("5")])]
        let old = try RecordEncoder().encode(company)
        #expect(old != company.packed)
        #expect(try Company.decoded(old).packed == company.packed)
        #expect(try Company.decoded(company.encoded()).packed == company.packed)
    }

    @Test("a subscription and a line that were stored as maps, before use was billed early, are read")
    func maps() throws {
        let subscription = Subscription(
            id: Identifier(ordinal: 7), environmentID: Identifier(ordinal: 1), companyID: Identifier(ordinal: 2),
            planID: Identifier(ordinal: 3), versionID: Identifier(ordinal: 4),
            price: Price(id: Identifier(ordinal: 5), interval: .monthly, amount: 4900, currency: .usd), timezone: "UTC",
            usageCarriedFrom: Timestamp(seconds: 9), startedAt: Timestamp(seconds: 9))
        let old = try RecordEncoder().encode(subscription)
        #expect(!String(decoding: old, as: UTF8.self).lowercased().contains("early"))
        #expect(try Subscription.decoded(old).packed == subscription.packed)
        let period = Period(start: Timestamp(seconds: 9), end: Timestamp(seconds: 10))
        let basis = UsageBasis(meterID: nil, period: period, model: .perUnit(unit: 25))
        let line = try RecordEncoder().encode(basis)
        #expect(!String(decoding: line, as: UTF8.self).lowercased().contains("early"))
        #expect(try RecordDecoder().decode(UsageBasis.self, from: line) == basis)
    }
}

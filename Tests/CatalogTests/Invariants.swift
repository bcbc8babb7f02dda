import Basics
import Catalog
import Entitlements
import Model
import Store
import Testing

/// What always holds of the records of one environment.
struct Invariants {
    private let world: World
    private let companies: [Company]
    private let users: [User]
    private let plans: [Plan]
    private let versions: [PlanVersion]
    private let entitlements: [PlanEntitlement]
    private let overrides: [CompanyOverride]

    init(_ world: World) throws {
        self.world = world
        companies = try world.all()
        users = try world.all()
        plans = try world.all()
        versions = try world.all()
        entitlements = try world.all()
        overrides = try world.all()
    }

    func check(_ place: String) throws {
        try checkKeys(place)
        try checkPlans(place)
        try checkFeatures(place)
        try checkCompanies(place)
        try checkSnapshot(place)
    }

    /// Each key of each record stands in the table of keys, and nothing else does.
    private func checkKeys(_ place: String) throws {
        var expected: [[UInt8]: [UInt8]] = [:]
        func expect(_ type: EntityType, _ ordinal: UInt64, _ keys: [EntityKey]) {
            #expect(!keys.isEmpty, "\(place)")
            for key in keys {
                let place = StoreKey.entityKey(type, name: key.name, value: key.value, in: world.environmentID)
                expected[place.bytes] = withUnsafeBytes(of: ordinal.bigEndian) { Array($0) }
            }
        }
        for company in companies { expect(.company, company.id.ordinal, company.keys) }
        for user in users { expect(.user, user.id.ordinal, user.keys) }
        #expect(try world.dump(.keys) == expected, "\(place)")
        let count = companies.reduce(0) { $0 + $1.keys.count } + users.reduce(0) { $0 + $1.keys.count }
        #expect(expected.count == count, "a key has two owners: \(place)")
    }

    /// At most one draft and one published version; a version has its entitlements, one per feature, and nobody else's.
    private func checkPlans(_ place: String) throws {
        #expect(Set(plans.flatMap(\.versionIDs)) == Set(versions.map(\.id)), "\(place)")
        for plan in plans {
            let own = try plan.versionIDs.map { try #require(try world.get($0), "\(place)") }
            #expect(own.allSatisfy { $0.planID == plan.id }, "\(place)")
            #expect(own.filter { $0.status == .draft }.map(\.id) == [plan.draftVersionID].compactMap { $0 }, "\(place)")
            #expect(
                own.filter { $0.status == .published }.map(\.id) == [plan.publishedVersionID].compactMap { $0 },
                "\(place)")
            #expect(Set(own.map(\.number)).count == own.count, "\(place)")
        }
        for version in versions {
            let count = Int64(companies.count { $0.assignments.map(\.versionID).contains(version.id) })
            let use = try world.get(Identifier<PlanVersionUse>(ordinal: version.id.ordinal))
            #expect((use?.companies ?? 0) == count, "\(place)")
        }
        #expect(Set(versions.flatMap(\.entitlementIDs)) == Set(entitlements.map(\.id)), "\(place)")
        for version in versions {
            let own = try version.entitlementIDs.map { try #require(try world.get($0), "\(place)") }
            #expect(own.allSatisfy { $0.versionID == version.id && $0.planID == version.planID }, "\(place)")
            #expect(Set(own.map(\.featureID)).count == own.count, "\(place)")
        }
        let prices = versions.flatMap(\.prices).map(\.id) + entitlements.flatMap(\.meteredPrices).map(\.id)
        #expect(Set(prices).count == prices.count, "\(place)")
        let group = try world.all(PlanGroup.self).first
        if let id = group?.initialPlanID {
            let version = try #require(try world.get(id)?.publishedVersionID.flatMap { try world.get($0) }, "\(place)")
            #expect(version.chargeType == .free || version.chargeType == .none, "\(place)")
        }
    }

    private func checkFeatures(_ place: String) throws {
        let features = try world.all(Feature.self)
        let flags = try world.all(Flag.self)
        #expect(Set(features.map(\.flagID)) == Set(flags.filter { $0.featureID != nil }.map(\.id)), "\(place)")
        #expect(Set(flags.map(\.key)).count == flags.count, "\(place)")
        let meters = try world.all(Meter.self).map(\.eventSubtype)
        #expect(Set(meters).count == meters.count, "\(place)")
        #expect(features.compactMap(\.eventSubtype).allSatisfy { meters.contains($0) }, "\(place)")
        let known = Set(features.map(\.id))
        #expect(entitlements.allSatisfy { known.contains($0.featureID) }, "\(place)")
        #expect(overrides.allSatisfy { known.contains($0.featureID) }, "\(place)")
    }

    private func checkCompanies(_ place: String) throws {
        #expect(Set(companies.flatMap(\.overrideIDs)) == Set(overrides.map(\.id)), "\(place)")
        for company in companies {
            let members = users.count { $0.memberships.contains { $0.companyID == company.id } }
            #expect(company.userCount == members, "\(place)")
            if let plan = company.plan { #expect(try world.get(plan.versionID)?.planID == plan.planID, "\(place)") }
            let live = overrides.filter { $0.companyID == company.id && $0.expiresAt.map { world.now < $0 } ?? true }
            #expect(Set(live.map(\.featureID)).count == live.count, "\(place)")
        }
    }

    /// The snapshot that followed every change decides as one that is loaded now.
    private func checkSnapshot(_ place: String) throws {
        let followed = world.catalog
        let loaded = try world.loadedCatalog()
        #expect(followed.compiledFlags.keys.sorted() == loaded.compiledFlags.keys.sorted(), "\(place)")
        for company in companies {
            let own = overrides.filter { $0.companyID == company.id }
            let states = [followed, loaded].map {
                CompanyState(company, overrides: own, subscription: nil, catalog: $0)
            }
            #expect(states[0].standing.traits == states[1].standing.traits, "\(place)")
            for key in loaded.compiledFlags.keys {
                let decisions = states.map { state in
                    state.catalog.compiledFlags[key]?.decide(
                        company: .known(CompanyFacts(id: company.id, standing: state.standing)), user: .unnamed,
                        at: world.now,
                        usage: NothingUsed())
                }
                #expect(decisions[0]?.value == decisions[1]?.value, "\(key), \(place)")
                #expect(decisions[0]?.reason == decisions[1]?.reason, "\(key), \(place)")
                #expect(decisions[0]?.matchedLimit == decisions[1]?.matchedLimit, "\(key), \(place)")
            }
        }
    }
}

private final class NothingUsed: UsageSource {
    func reading(
        of meter: Identifier<Meter>, over span: UsageSpan, by company: Identifier<Company>, at now: Timestamp
    ) -> UsageReading {
        UsageReading(usage: 0)
    }

    func unitsHeld(
        of trait: Identifier<TraitDefinition>, by company: Identifier<Company>, at now: Timestamp
    ) -> Int64 { 0 }
}

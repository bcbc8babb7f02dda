internal import Basics
internal import Entitlements
internal import Model

/// One flag, and all that its decision depends on: written once, and shown to our engine and the vendor's.
struct Scenario {
    var now = Timestamp(seconds: 1_800_000_000)
    var feature: Feature
    var flag: Flag
    var definitions: [Identifier<TraitDefinition>: TraitDefinition] = [:]
    /// Nil when nobody is named.
    var company: Company?
    /// A user's traits; nil when nobody is named.
    var user: TraitTexts?
    var preflight = Preflight.none

    static let companyID = Identifier<Model.Company>(ordinal: 1)
    static let userID = Identifier<User>(ordinal: 1)
    static let meters = Dictionary(
        uniqueKeysWithValues: ["api-call", "login", "export"].enumerated().map { place, event in
            (event, Meter(id: Identifier(ordinal: UInt64(place + 1)), eventSubtype: event))
        })

    struct Company {
        var basePlanID: Identifier<Plan>?
        var addOnIDs: [Identifier<Plan>] = []
        var versionIDs: [Identifier<PlanVersion>] = []
        var productIDs: [String] = []
        /// Of the versions that the company is on.
        var entitlements: [PlanEntitlement] = []
        var override: CompanyOverride?
        var purchased: [Identifier<PlanEntitlement>: Int64] = [:]
        var traits: TraitTexts = [:]
        /// The period of its subscription, which is also the anchor of its months.
        var period: Period?
        var counters: [Counter: Int64] = [:]
    }

    struct Counter: Hashable {
        let event: String
        let span: UsageSpan
    }

    init(_ type: FeatureType) {
        feature = Feature(
            id: .init(ordinal: 1), type: type, name: "API calls", description: "", flagID: .init(ordinal: 1),
            createdAt: now)
        if type == .event { feature.eventSubtype = "api-call" }
        flag = Flag(id: .init(ordinal: 1), key: "api-calls", name: "", description: "", createdAt: now)
        flag.featureID = feature.id
    }

    func decide() -> FlagDecision {
        let compiled = CompiledFlag(flag, feature: feature, traits: definitions, meters: Self.meters)
        let company = company.map { Subject.known(facts(of: $0)) }
        let user = user.map { Subject.known(UserFacts(id: Self.userID, traits: $0)) }
        return compiled.decide(
            company: company ?? .unnamed, user: user ?? .unnamed, at: now, preflight: preflight,
            usage: CountedUsage(company: self.company, meters: Self.meters))
    }

    private func facts(of company: Company) -> CompanyFacts {
        let terms =
            company.entitlements.map { GrantTerms($0, feature: feature) }
            + (company.override.map { [GrantTerms($0, feature: feature)] } ?? [])
        return CompanyFacts(
            id: Self.companyID,
            standing: Standing(
                basePlanID: company.basePlanID, addOnIDs: company.addOnIDs, planVersionIDs: company.versionIDs,
                billingProductIDs: company.productIDs, terms: terms, purchased: company.purchased,
                traits: company.traits))
    }

    /// The rules that the company's entitlements and override are shown as.
    func derivedRules(of company: Company) -> [Rule] {
        company.entitlements.flatMap { $0.rules(for: feature, purchased: company.purchased[$0.id]) }
            + (company.override?.rules(for: feature) ?? [])
    }
}

/// The counters of a scenario's company.
private struct CountedUsage: UsageSource {
    let company: Scenario.Company?
    let meters: [String: Meter]

    func reading(
        of meter: Identifier<Meter>, over span: UsageSpan, by _: Identifier<Model.Company>, at now: Timestamp
    ) -> UsageReading {
        guard let company, let event = meters.values.first(where: { $0.id == meter })?.eventSubtype else {
            return UsageReading(usage: 0)
        }
        let cycle = company.period.map { BillingCycle(anchor: $0.start, zone: .utc, period: $0) }
        let window = UsageWindow(span.period, monthReset: span.monthReset ?? .firstOfMonth, at: now, cycle: cycle)
        return UsageReading(
            usage: company.counters[Scenario.Counter(event: event, span: span)] ?? 0, resetsAt: window.end)
    }

    func unitsHeld(of _: Identifier<TraitDefinition>, by _: Identifier<Model.Company>, at _: Timestamp) -> Int64 { 0 }
}

internal import Basics
internal import Entitlements
internal import Model

/// One feature with its flag, company 1 on version 1 of plan 1, and counters that stand still.
struct Fixture {
    static let now = Timestamp(seconds: 1_800_000_000)
    static let seats = definition(1, .number)
    static let seatLimit = definition(2, .number)
    static let meters = ["api-call": meter(1, "api-call"), "login": meter(2, "login")]
    let feature: Feature
    var flag: Flag
    var definitions: [Identifier<TraitDefinition>: TraitDefinition] = [
        Fixture.seats.id: Fixture.seats, Fixture.seatLimit.id: Fixture.seatLimit,
    ]
    var traits: TraitTexts = [:]
    var grants: [GrantTerms] = []
    var purchased: [Identifier<PlanEntitlement>: Int64] = [:]
    let counters = Counters()

    init(_ type: FeatureType = .event) {
        var feature = Feature(
            id: .init(ordinal: 1), type: type, name: "API calls", description: "", flagID: .init(ordinal: 1),
            createdAt: Fixture.now)
        if type == .event { feature.eventSubtype = "api-call" }
        if type == .trait { feature.traitID = Fixture.seats.id }
        self.feature = feature
        flag = Flag(id: .init(ordinal: 1), key: "api-calls", name: "", description: "", createdAt: Fixture.now)
        flag.featureID = feature.id
    }

    static func definition(_ ordinal: UInt64, _ type: TraitType, of entity: EntityType = .company) -> TraitDefinition {
        TraitDefinition(
            id: .init(ordinal: ordinal), entityType: entity, hierarchy: ["trait\(ordinal)"], traitType: type,
            createdAt: now)
    }

    private static func meter(_ ordinal: UInt64, _ event: String) -> Meter {
        Meter(id: .init(ordinal: ordinal), eventSubtype: event)
    }

    static func entitlement(_ value: EntitlementValue, ordinal: UInt64 = 1) -> PlanEntitlement {
        PlanEntitlement(
            id: .init(ordinal: ordinal), planID: .init(ordinal: 1), versionID: .init(ordinal: 1),
            featureID: .init(ordinal: 1), value: value, ruleID: .init(ordinal: ordinal * 10),
            usageExceededRuleID: .init(ordinal: ordinal * 10 + 1), createdAt: now)
    }

    static func override(_ value: EntitlementValue, expiresAt: Timestamp? = nil) -> CompanyOverride {
        var override = CompanyOverride(
            id: .init(ordinal: 1), companyID: .init(ordinal: 1), featureID: .init(ordinal: 1), value: value,
            ruleID: .init(ordinal: 1000), usageExceededRuleID: .init(ordinal: 1001), createdAt: now)
        override.expiresAt = expiresAt
        return override
    }

    mutating func grant(_ entitlement: PlanEntitlement) { grants.append(GrantTerms(entitlement, feature: feature)) }
    mutating func grant(_ override: CompanyOverride) { grants.append(GrantTerms(override, feature: feature)) }

    var company: CompanyFacts {
        CompanyFacts(
            id: .init(ordinal: 1),
            standing: Standing(
                basePlanID: .init(ordinal: 1), addOnIDs: [.init(ordinal: 7)], planVersionIDs: [.init(ordinal: 1)],
                billingProductIDs: ["prod_1"], terms: grants, purchased: purchased, traits: traits))
    }

    func decide(
        company: Subject<CompanyFacts>? = nil, user: Subject<UserFacts> = .unnamed, at now: Timestamp = Fixture.now,
        preflight: Preflight = .none
    ) -> FlagDecision {
        CompiledFlag(flag, feature: feature, traits: definitions, meters: Self.meters)
            .decide(
                company: company ?? .known(self.company), user: user, at: now, preflight: preflight, usage: counters)
    }

    mutating func addRule(
        _ type: RuleType = .standard, _ value: Bool = true, priority: Int64 = 0, name: String = "Mine",
        _ conditions: [Condition] = [], groups: [[Condition]] = []
    ) {
        let id = Identifier<Rule>(ordinal: UInt64(100 + flag.rules.count))
        flag.rules.append(
            Rule(
                id: id, type: type, name: name, priority: priority, value: value, conditions: conditions,
                conditionGroups: groups.map { ConditionGroup(id: .init(ordinal: 1), conditions: $0) },
                createdAt: Fixture.now))
    }
}

/// Counters by event and span that count how often they are read.
final class Counters: UsageSource {
    var events: [String: [UsageSpan: Int64]] = [:]
    var held: Int64 = 0
    var reads = 0

    /// The usage of every span of the fixture's event.
    var used: Int64 = 0

    func reading(
        of meter: Identifier<Meter>, over span: UsageSpan, by company: Identifier<Company>, at now: Timestamp
    ) -> UsageReading {
        reads += 1
        let event = Fixture.meters.values.first { $0.id == meter }?.eventSubtype
        let usage = event.flatMap { events[$0]?[span] } ?? (event == "api-call" ? used : 0)
        return UsageReading(usage: usage, held: held, resetsAt: span == .allTime ? nil : now + .days(1))
    }

    func unitsHeld(
        of trait: Identifier<TraitDefinition>, by company: Identifier<Company>, at now: Timestamp
    ) -> Int64 { held }
}

extension EntitlementValue {
    /// Reads `on`, `off`, `unlimited`, `trait`, or a number with an optional period: `500`, `500/day`, `500/cycle`,
    /// `500/all`.
    init(text: String) {
        let parts = text.split(separator: "/").map(String.init)
        switch parts[0] {
        case "on", "off":
            self.init(type: .boolean)
            bool = text == "on"
        case "unlimited": self.init(type: .unlimited)
        case "trait":
            self.init(type: .trait)
            traitID = Fixture.seatLimit.id
        default:
            self.init(type: .numeric)
            numeric = Int64(parts[0])!
        }
        guard parts.count > 1 else { return }
        switch parts[1] {
        case "all": metricPeriod = .allTime
        case "day": metricPeriod = .currentDay
        case "week": metricPeriod = .currentWeek
        case "cycle":
            metricPeriod = .currentMonth
            metricPeriodMonthReset = .billingCycle
        default: metricPeriod = .currentMonth
        }
    }
}

/// The rows of a text table: columns separated by `|`, the heading and blank lines left out.
func rows(_ table: String) -> [[String]] {
    table.split(separator: "\n").dropFirst().map { line in
        line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
            let cell = cell.drop { $0 == " " }
            return String(
                cell.prefix(
                    (cell.lastIndex { $0 != " " }.map { cell.distance(from: cell.startIndex, to: $0) } ?? -1) + 1))
        }
    }
}

internal import Basics
internal import Entitlements
internal import Model
internal import TestSupport
internal import Testing

/// Rule: Schematic, "Features, flags, rules".
@Suite struct DerivedRuleTests {
    @Test func shapes() {
        let table = """
            feature | value     | price          | rules
            event   | 10/day    |                | true: plan_version eq, metric lt 10 | false: plan_version eq, metric gte 10
            event   | trait     |                | true: plan_version eq, metric lt trait | false: plan_version eq, metric gte trait
            event   | unlimited |                | true: plan_version eq
            event   | 10        | overage        | true: plan_version eq, metric lt 10 | false: plan_version eq, metric gte 10
            event   | 0         | overage        | true: plan_version eq
            trait   | 10        |                | true: plan_version eq, trait lt 10 | false: plan_version eq, trait gte 10
            trait   | trait     | pay_in_advance | true: plan_version eq, trait lt 4 | false: plan_version eq, trait gte 4
            boolean | on        |                | true: plan_version eq
            boolean | off       |                | false: plan_version eq
            """
        for row in rows(table) {
            let fixture = Fixture(FeatureType(rawValue: row[0])!)
            var entitlement = Fixture.entitlement(EntitlementValue(text: row[1]))
            entitlement.priceBehavior = PriceBehavior(rawValue: row[2])
            let rules = entitlement.rules(for: fixture.feature, purchased: 4)
            let texts = rules.map { "\($0.value): " + $0.conditions.map(text).joined(separator: ", ") }
            #expect(texts == Array(row[3...]), "\(row)")
            #expect(rules.first?.name == "Plan entitlement for \"API calls\"")
        }
    }

    private func text(_ condition: Condition) -> String {
        let limit =
            condition.comparisonTraitID != nil ? "trait" : condition.metricValue.map { "\($0)" } ?? condition.traitValue
        return "\(condition.type.rawValue) \(condition.operator.rawValue)" + (limit.map { " \($0)" } ?? "")
    }

    @Test func idsFollowFromTheRules() {
        let rules = Fixture.override(EntitlementValue(text: "10/cycle")).rules(for: Fixture().feature)
        #expect(rules.map(\.id) == [.init(ordinal: 1000), .init(ordinal: 1001)])
        #expect(rules.map(\.type) == [.companyOverride, .companyOverrideUsageExceeded])
        let ids = rules.flatMap { $0.conditions.map(\.id.ordinal) }
        #expect(ids == [8000, 8001, 8008, 8009].map { (number: UInt64) in number | 1 << 63 })
        #expect(rules[0].conditions[0].resourceIDs == [Identifier<Company>(ordinal: 1).description])
        #expect(rules[0].conditions[1].metricPeriodMonthReset == .billingCycle)
    }

    /// Random flags, grants and usage: deciding is the same as asking all rules, derived ones too, one after another.
    @Test func decidingIsAskingTheDerivedRules() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var seen: [RuleType?: Int] = [:]
        for round in 0..<3000 {
            var fixture = Fixture(FeatureType.allCases.randomElement(using: &random)!)
            let rules = scenario(&fixture, &random)
            let preflight = try Preflight(usage: [0, 0, 1, 3].randomElement(using: &random)!)
            let decision = fixture.decide(preflight: preflight)
            let expected = try firstMatching(rules, fixture, preflight)
            let context: Comment = "seed \(seed), round \(round)"
            #expect(decision.rule?.id == expected?.id, context)
            #expect(decision.rule?.name == expected?.name, context)
            #expect(decision.value == (expected?.value ?? fixture.flag.defaultValue), context)
            seen[decision.rule?.type, default: 0] += 1
        }
        #expect(seen.count == RuleType.allCases.count + 1, "seed \(seed) did not reach every type: \(seen)")
    }

    /// Fills the fixture and answers all rules that it has, the derived ones among them.
    private func scenario(_ fixture: inout Fixture, _ random: inout SplitMix) -> [Rule] {
        let isBoolean = fixture.feature.type == .boolean
        let values =
            isBoolean ? ["on", "off", "unlimited"] : ["2", "3", "5/day", "4/cycle", "trait", "unlimited", "off"]
        var rules: [Rule] = []
        for ordinal in 1...3 where Int.random(in: 0..<3, using: &random) == 0 {
            var entitlement = Fixture.entitlement(
                EntitlementValue(text: values.randomElement(using: &random)!), ordinal: UInt64(ordinal))
            let behaviors = PriceBehavior.allCases.filter { _ in !isBoolean }
            if Bool.random(using: &random) { entitlement.priceBehavior = behaviors.randomElement(using: &random) }
            fixture.purchased[entitlement.id] = [nil, 2, 6].randomElement(using: &random)!
            fixture.grant(entitlement)
            rules += entitlement.rules(for: fixture.feature, purchased: fixture.purchased[entitlement.id])
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let override = Fixture.override(EntitlementValue(text: values.randomElement(using: &random)!))
            fixture.grant(override)
            rules += override.rules(for: fixture.feature)
        }
        for type in [RuleType.standard, .standard, .default, .globalOverride]
        where Int.random(in: 0..<5, using: &random) == 0 {
            var condition = Condition(id: .init(ordinal: 1), type: .metric, operator: .gt)
            condition.eventSubtype = "api-call"
            condition.metricValue = 3
            let priority = Int64.random(in: 0..<3, using: &random)
            fixture.addRule(type, Bool.random(using: &random), priority: priority, type == .standard ? [condition] : [])
        }
        fixture.flag.defaultValue = Bool.random(using: &random)
        for span in UsageSpan.allCases {
            fixture.counters.events["api-call", default: [:]][span] = Int64.random(in: -1...6, using: &random)
        }
        fixture.counters.held = [0, 0, 1].randomElement(using: &random)!
        fixture.traits[Fixture.seats.id] = ["0", "2", "4.5", "6", nil].randomElement(using: &random)!
        fixture.traits[Fixture.seatLimit.id] = ["0", "4", nil].randomElement(using: &random)!
        return rules + fixture.flag.rules
    }

    /// The first rule that matches, when each is asked by itself as a standard rule of a flag that belongs to no
    /// feature.
    private func firstMatching(_ rules: [Rule], _ fixture: Fixture, _ preflight: Preflight) throws -> Rule? {
        let places = Dictionary(uniqueKeysWithValues: RuleType.allCases.enumerated().map { ($1, $0) })
        let ordered = rules.enumerated().sorted { left, right in
            func rank(_ entry: (offset: Int, element: Rule)) -> [Int] {
                let rule = entry.element
                let within = rule.type == .standard ? Int(rule.priority) : rule.value ? 0 : 1
                let isOrdered = rule.type != .globalOverride && rule.type != .default
                return [places[rule.type]!, isOrdered ? within : 0, entry.offset]
            }
            return rank(left).lexicographicallyPrecedes(rank(right))
        }
        return ordered.map(\.element).first { rule in
            var flag = Flag(id: .init(ordinal: 2), key: "one", name: "", description: "", createdAt: Fixture.now)
            flag.rules = [
                Rule(
                    id: rule.id, type: .standard, name: "", priority: 0, value: true, conditions: rule.conditions,
                    conditionGroups: [], createdAt: Fixture.now)
            ]
            return CompiledFlag(flag, feature: nil, traits: fixture.definitions, meters: Fixture.meters)
                .decide(
                    company: .known(fixture.company), user: .unnamed, at: Fixture.now, preflight: preflight,
                    usage: fixture.counters
                ).value
        }
    }
}

internal import Basics
internal import Entitlements
internal import Model
internal import Testing

/// Which rule is asked first, and the reasons when none matches. Rules: Schematic, "Flag checks".
@Suite struct RuleOrderTests {
    /// Every pair of rule types, both matching, with opposite values: the earlier type decides.
    @Test func everyPairOfTypesIsInOrder() {
        // Of one source, a grant is either within its limit or not, so these two never match together.
        let exclusive: [Set<RuleType>] = [
            [.companyOverride, .companyOverrideUsageExceeded], [.planEntitlement, .planEntitlementUsageExceeded],
        ]
        for (first, second) in RuleType.allCases.enumerated().flatMap({ place, type in
            RuleType.allCases.dropFirst(place + 1).map { (type, $0) }
        }) where !exclusive.contains([first, second]) {
            var fixture = Fixture()
            fixture.counters.used = 10
            for type in [second, first] {
                switch type {
                case .globalOverride, .standard, .default: fixture.addRule(type, type == first)
                case .companyOverride: fixture.grant(Fixture.override(EntitlementValue(text: "11")))
                case .planEntitlement: fixture.grant(Fixture.entitlement(EntitlementValue(text: "12")))
                case .companyOverrideUsageExceeded: fixture.grant(Fixture.override(EntitlementValue(text: "9")))
                case .planEntitlementUsageExceeded: fixture.grant(Fixture.entitlement(EntitlementValue(text: "8")))
                }
            }
            #expect(fixture.decide().rule?.type == first, "\(first) before \(second)")
        }
    }

    @Test func priorityOrdersStandardRules() {
        var fixture = Fixture()
        fixture.addRule(.standard, true, priority: 5, name: "five")
        fixture.addRule(.standard, false, priority: -1, name: "first of two")
        fixture.addRule(.standard, true, priority: -1, name: "second of two")
        let decision = fixture.decide()
        #expect(decision.value == false)
        #expect(decision.reason == "Matched standard rule \"first of two\" (\(Identifier<Rule>(ordinal: 101)))")
        #expect(decision.matchedLimit == nil)
    }

    @Test func reasonsWithoutRule() {
        let table = """
            company | user    | reason
            unnamed | unnamed | No company or user context; default value for flag
            unknown | unnamed | Company not found
            unknown | known   | Company not found
            known   | unknown | User not found
            unnamed | unknown | User not found
            known   | unnamed | No rules matched; default value for flag
            unnamed | known   | No rules matched; default value for flag
            """
        for row in rows(table) {
            for value in [false, true] {
                var fixture = Fixture()
                fixture.flag.defaultValue = value
                let facts = UserFacts(id: .init(ordinal: 1), traits: [:])
                let decision = fixture.decide(
                    company: subject(row[0], fixture.company), user: subject(row[1], facts))
                #expect(decision.value == value)
                #expect(decision.reason == row[2], "\(row)")
            }
        }
    }

    private func subject<Facts>(_ text: String, _ facts: Facts) -> Subject<Facts> {
        text == "known" ? .known(facts) : text == "unknown" ? .unknown : .unnamed
    }

    @Test func aKillSwitchBeatsAnEntitlementThatIsStillShown() throws {
        var fixture = Fixture()
        fixture.grant(Fixture.entitlement(EntitlementValue(text: "10")))
        fixture.addRule(.globalOverride, false)
        for preflight in [Preflight.none, try Preflight(fits: 1)] {
            let decision = fixture.decide(preflight: preflight)
            #expect(decision.value == false)
            #expect(decision.rule?.type == .globalOverride)
            #expect(decision.entitlement?.text == "0/10")
        }
    }
}

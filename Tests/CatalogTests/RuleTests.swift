import Basics
import Catalog
import Model
import Store
import Testing

@Suite struct RuleTests {
    /// type | operator | what is given → what is stored, or the refusal.
    static let conditions = rows(
        """
        company      | eq        | ids=COMPANY                    | COMPANY
        company      | gt        | ids=COMPANY                    | refused: takes the operators eq, ne, not gt
        company      | eq        |                                | refused: needs resource_ids
        company      | eq        | ids=PLAN                       | refused: names PLAN, which does not exist
        user         | ne        | ids=nobody                     | refused: names nobody, which does not exist
        plan         | ne        | ids=PLAN                       | PLAN
        plan         | eq        | ids=VERSION                    | refused: names VERSION, which does not exist
        plan_version | eq        | ids=VERSION                    | VERSION
        base_plan    | eq        | ids=PLAN                       | PLAN
        base_plan    | is_empty  |                                |
        base_plan    | lt        | ids=PLAN                       | refused: takes the operators eq, ne, is_empty, not_empty, not lt
        billing_product | eq     | ids=prod_1                     | prod_1
        metric       | gte       | event=api value=10             | api 10
        metric       | gte       | event=api compare=SEATS        | api 0 SEATS
        metric       | is_empty  | event=api                      | api 0
        metric       | gte       | value=10                       | refused: needs an event_subtype
        metric       | gte       | event=api                      | refused: needs a metric_value or a comparison trait
        metric       | gte       | event=api value=1 compare=ROLE | refused: compares with "role", a trait of users
        metric       | gte       | event=api value=1 reset=billing_cycle | refused: has a metric_period_month_reset, which only current_month knows
        trait        | eq        | trait=SEATS text=5             | SEATS 5
        trait        | lt        | trait=SEATS compare=SEATS      | SEATS SEATS
        trait        | not_empty | trait=ROLE                     | ROLE
        trait        | eq        | text=5                         | refused: needs a trait_id
        trait        | eq        | trait=SEATS                    | refused: needs a trait_value or a comparison trait
        trait        | eq        | trait=SEATS compare=ROLE       | refused: compares with "role", a trait of users
        trait        | gt        | trait=VIP text=true            | refused: compares the boolean trait "vip", which takes eq, ne, is_empty and not_empty only
        credit       | gte       |                                | refused: tests credits, which this release does not have
        """)

    @Test(arguments: conditions) func condition(row: [String]) throws {
        let world = try World()
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let (plan, version) = try world.freePlan("Free")
        let seats = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number)).id
        let vip = try world.execute(DefineTrait(entityType: .company, hierarchy: ["vip"], traitType: .boolean)).id
        let role = try world.execute(DefineTrait(entityType: .user, hierarchy: ["role"], traitType: .string)).id
        let flag = try world.execute(CreateFlag(input: FlagInput(key: "f", name: "F")))
        let traits = ["SEATS": seats, "VIP": vip, "ROLE": role]
        let names = ["COMPANY": company.id.description, "PLAN": plan.id.description, "VERSION": version.id.description]

        var input = ConditionInput(
            type: ConditionType(rawValue: row[0])!, operator: ComparableOperator(rawValue: row[1])!)
        let given = fields(row[2])
        input.resourceIDs = given["ids"].map { [names[$0] ?? $0] } ?? []
        input.eventSubtype = given["event"]
        input.metricValue = given["value"].map { Int64($0)! }
        input.metricPeriodMonthReset = given["reset"].map { MetricPeriodMonthReset(rawValue: $0)! }
        input.traitID = given["trait"].map { traits[$0]! }
        input.traitValue = given["text"]
        input.comparisonTraitID = given["compare"].map { traits[$0]! }
        var rule = RuleInput(name: "R", priority: 1, value: true)
        // A group is checked as the rule's own conditions are.
        if given.count % 2 == 0 { rule.conditions = [input] } else { rule.conditionGroups = [[input]] }
        var got = outcome {
            let stored = try world.execute(SetFlagRules(flagID: flag.id, rules: [rule])).rules[0]
            let condition = (stored.conditions + stored.conditionGroups.flatMap(\.conditions))[0]
            let label = { (id: Identifier<TraitDefinition>?) in traits.first { $0.value == id }?.key }
            return
                (condition.resourceIDs
                + [
                    condition.eventSubtype, condition.metricValue.map { String($0) }, label(condition.traitID),
                    condition.traitValue, label(condition.comparisonTraitID),
                ].compactMap { $0 }).joined(separator: " ")
        }
        for (name, id) in names { got = got.replacing(id, with: name) }
        #expect(got.replacing("a \(row[0]) condition of rule \"R\" ", with: "") == row[3])
        if row[0] == "metric", !row[3].hasPrefix("refused") {
            #expect(try world.all(Meter.self).map(\.eventSubtype) == ["api"])
        }
    }

    @Test func rulesAreReplaced() throws {
        let world = try World()
        let flag = try world.execute(CreateFlag(input: FlagInput(key: "f", name: "F")))
        var first = RuleInput(name: "one", priority: 2, value: true)
        let second = RuleInput(name: "two", priority: 1, value: false)
        let stored = try world.execute(SetFlagRules(flagID: flag.id, rules: [first, second]))
        #expect(stored.rules.map(\.name) == ["one", "two"])
        world.now = world.now + .hours(1)
        first.id = stored.rules[0].id
        first.name = "uno"
        first.type = .globalOverride
        let kept = try world.execute(SetFlagRules(flagID: flag.id, rules: [first]))
        #expect(kept.rules.map(\.id) == [stored.rules[0].id])
        #expect(kept.rules[0].type == .globalOverride)
        let again = try world.execute(
            SetFlagRules(
                flagID: flag.id,
                rules: [
                    {
                        var first = first
                        first.type = nil
                        return first
                    }()
                ]))
        #expect(again.rules[0].type == .globalOverride, "a rule that is kept keeps its type")
        #expect(kept.rules[0].createdAt < kept.rules[0].updatedAt && kept.rules[0].name == "uno")

        refused(.invalid, "is given twice") { try world.execute(SetFlagRules(flagID: flag.id, rules: [first, first])) }
        first.id = stored.rules[1].id
        refused(.notFound, "flag \"f\" has no rule") {
            try world.execute(SetFlagRules(flagID: flag.id, rules: [first]))
        }
        for type in [
            RuleType.companyOverride, .planEntitlement, .companyOverrideUsageExceeded, .planEntitlementUsageExceeded,
        ] {
            var derived = second
            derived.type = type
            refused(.invalid, "is of type \(type.rawValue)") {
                try world.execute(SetFlagRules(flagID: flag.id, rules: [derived]))
            }
        }
        var empty = second
        empty.conditionGroups = [[]]
        refused(.invalid, "condition group without conditions") {
            try world.execute(SetFlagRules(flagID: flag.id, rules: [empty]))
        }
        refused(.invalid, "at most 250 rules, not 251") {
            try world.execute(SetFlagRules(flagID: flag.id, rules: Array(repeating: second, count: 251)))
        }
        var long = second
        long.conditions = Array(repeating: ConditionInput(type: .basePlan, operator: .isEmpty), count: 101)
        refused(.invalid, "has 101 conditions, at most 100") {
            try world.execute(SetFlagRules(flagID: flag.id, rules: [long]))
        }
        #expect(try world.get(flag.id)?.rules.map(\.name) == ["uno"])
    }
}

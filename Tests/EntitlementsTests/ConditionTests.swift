internal import Basics
internal import Entitlements
internal import Model
internal import Testing

/// Every condition type with every operator. Rules: Schematic, "Flag checks"; Tollgate, "Flags".
@Suite struct ConditionTests {
    @Test func resourceConditions() {
        // The company is comp 1 on version 1 of plan 1, with add-on 7 and product prod_1; the user is 1.
        let table = """
            type            | operator  | ids         | holds | without anybody
            company         | eq        | comp:2,1    | true  | false
            company         | eq        | comp:2      | false | false
            company         | eq        | comp:9,1,5,3,7 | true | false
            company         | eq        | comp:9,2,5,3,7 | false | false
            company         | ne        | comp:9,2,5,3,7 | true | false
            company         | ne        | comp:2      | true  | false
            company         | ne        | comp:1      | false | false
            company         | eq        | plan:1      | false | false
            user            | eq        | user:1      | true  | false
            user            | ne        | user:1      | false | false
            user            | ne        | user:2      | true  | false
            plan            | eq        | plan:7      | true  | false
            plan            | eq        | plan:8      | false | false
            plan            | eq        | plan:5,8,7,6 | true | false
            plan            | ne        | plan:7      | false | false
            plan            | ne        | plan:8      | true  | false
            plan_version    | eq        | plvr:1      | true  | false
            plan_version    | ne        | plvr:1      | false | false
            billing_product | eq        | prod_1      | true  | false
            billing_product | ne        | prod_1      | false | false
            base_plan       | eq        | plan:1      | true  | false
            base_plan       | eq        | plan:7      | false | false
            base_plan       | ne        | plan:7      | true  | false
            base_plan       | ne        | plan:1      | false | false
            base_plan       | not_empty |             | true  | false
            base_plan       | is_empty  |             | false | false
            credit          | gte       |             | false | false
            """
        for row in rows(table) {
            var condition = Condition(
                id: .init(ordinal: 1), type: ConditionType(rawValue: row[0])!,
                operator: ComparableOperator(rawValue: row[1])!)
            condition.resourceIDs = ids(row[2])
            var fixture = Fixture()
            fixture.addRule(.standard, true, [condition])
            let user = UserFacts(id: .init(ordinal: 1), traits: [:])
            #expect(fixture.decide(user: .known(user)).value == (row[3] == "true"), "\(row)")
            #expect(fixture.decide(company: .unnamed).value == (row[4] == "true"), "\(row)")
        }
    }

    @Test func aCompanyWithoutBasePlan() {
        let company = CompanyFacts(id: .init(ordinal: 1), standing: .none)
        for (comparison, holds) in [(ComparableOperator.eq, false), (.ne, true), (.isEmpty, true), (.notEmpty, false)] {
            var condition = Condition(id: .init(ordinal: 1), type: .basePlan, operator: comparison)
            condition.resourceIDs = ids("plan:1")
            var fixture = Fixture()
            fixture.addRule(.standard, true, [condition])
            #expect(fixture.decide(company: .known(company)).value == holds, "\(comparison)")
        }
    }

    /// `plan:1,2` as wire ids; other words stand for themselves.
    private func ids(_ text: String) -> [String] {
        let parts = text.split(separator: ":")
        guard parts.count == 2 else { return parts.map(String.init) }
        return parts[1].split(separator: ",").map { number in
            let ordinal = UInt64(number)!
            return switch parts[0] {
            case "comp": Identifier<Company>(ordinal: ordinal).description
            case "user": Identifier<User>(ordinal: ordinal).description
            case "plvr": Identifier<PlanVersion>(ordinal: ordinal).description
            default: Identifier<Plan>(ordinal: ordinal).description
            }
        }
    }

    @Test func conditionsAreAndGroupsAreOr() {
        // Conditions named by whether they hold; groups separated by `;`.
        let table = """
            conditions | groups  | matches
                       |         | true
            yes        |         | true
            yes yes    |         | true
            yes no     |         | false
                       | yes no  | true
                       | no no   | false
                       | yes;no  | false
                       | yes;no yes | true
            no         | yes     | false
            """
        func conditions(_ text: some StringProtocol) -> [Condition] {
            text.split(separator: " ").map {
                Condition(id: .init(ordinal: 1), type: .basePlan, operator: $0 == "yes" ? .notEmpty : .isEmpty)
            }
        }
        for row in rows(table) {
            var fixture = Fixture()
            fixture.addRule(.standard, true, conditions(row[0]), groups: row[1].split(separator: ";").map(conditions))
            #expect(fixture.decide().value == (row[2] == "true"), "\(row)")
        }
    }

    @Test func metricConditions() {
        let table = """
            usage | operator  | value | trait | holds
            5     | eq        | 5     |       | true
            5     | ne        | 5     |       | false
            5     | gt        | 4     |       | true
            5     | gt        | 5     |       | false
            5     | gte       | 5     |       | true
            5     | lt        | 6     |       | true
            5     | lt        | 5     |       | false
            5     | lte       | 5     |       | true
            0     | is_empty  | 0     |       | true
            -5    | not_empty | 0     |       | true
            5     | lt        | 1     | 6     | true
            5     | lt        | 9     | 5     | false
            5     | gt        | 9     | none  | true
            5     | gte       |       |       | false
            """
        for row in rows(table) {
            var condition = Condition(
                id: .init(ordinal: 1), type: .metric, operator: ComparableOperator(rawValue: row[1])!)
            condition.eventSubtype = "login"
            condition.metricPeriod = .currentMonth
            condition.metricPeriodMonthReset = .billingCycle
            condition.metricValue = Int64(row[2])
            condition.comparisonTraitID = row[3].isEmpty ? nil : Fixture.seatLimit.id
            var fixture = Fixture()
            fixture.counters.events["login"] = [.billingMonth: Int64(row[0])!]
            fixture.traits[Fixture.seatLimit.id] = Int64(row[3]).map { "\($0)" }
            fixture.addRule(.standard, true, [condition])
            #expect(fixture.decide().value == (row[4] == "true"), "\(row)")
            #expect(fixture.decide(company: .unnamed).value == false)
        }
    }

    /// Columns of answers: eq ne gt gte lt lte is_empty not_empty.
    @Test func traitConditions() {
        let table = """
            type     | trait                     | compared with        | answers
            number   | 5                         | 5                    | 1001 0101
            number   | 6                         | 5                    | 0111 0001
            number   | -1                        | 5                    | 0100 1101
            number   | 0                         | 0                    | 1001 0101
            number   | 3.7                       | 0                    | 1001 0101
            number   | 10                        | 9                    | 0111 0001
            number   | none                      | 0                    | 1001 0110
            number   | 99999999999999999999      | 0                    | 0111 0001
            number   | 99999999999999999999      | 9223372036854775807  | 1001 0101
            number   | -99999999999999999999     | -9223372036854775808 | 1001 0101
            number   | +-1                       | 0                    | 1001 0101
            number   | 1e1                       | 0                    | 1001 0101
            currency | 10                        | 9                    | 0111 0001
            string   | 10                        | 9                    | 0100 1101
            string   | abc                       | abc                  | 1001 0101
            string   | B                         | a                    | 0100 1101
            string   | none                      | a                    | 0100 1110
            url      | b                         | a                    | 0111 0001
            boolean  | true                      | 1                    | 1000 0001
            boolean  | 1                         | true                 | 1000 0001
            boolean  | false                     | true                 | 0100 0001
            boolean  | yes                       | false                | 1000 0001
            boolean  | none                      | false                | 1000 0010
            date     | 2026-08-01                | 2026-08-01T00:00:00Z | 1001 0101
            date     | 2026-08-01T02:00:00+02:00 | 2026-08-01           | 1001 0101
            date     | 2026-08-02                | 2026-08-01           | 0111 0001
            date     | soon                      | 2026-08-01           | 0100 1101
            date     | none                      | 2026-08-01           | 0100 1110
            date     | none                      | later                | 1001 0110
            """
        let operators: [ComparableOperator] = [.eq, .ne, .gt, .gte, .lt, .lte, .isEmpty, .notEmpty]
        for row in rows(table) {
            for entity in EntityType.allCases {
                for comparesTraits in [false, true] {
                    let answers = operators.map { comparison in
                        holds(comparison, row, entity: entity, comparesTraits: comparesTraits) ? "1" : "0"
                    }
                    #expect(
                        answers.joined() == row[3].filter { $0 != " " },
                        "\(row) \(entity), with a trait: \(comparesTraits)")
                }
            }
        }
    }

    private func holds(
        _ comparison: ComparableOperator, _ row: [String], entity: EntityType, comparesTraits: Bool
    ) -> Bool {
        let left = Fixture.definition(5, TraitType(rawValue: row[0])!, of: entity)
        let right = Fixture.definition(6, .string, of: entity)
        var condition = Condition(id: .init(ordinal: 1), type: .trait, operator: comparison)
        condition.traitID = left.id
        condition.traitValue = comparesTraits ? "other" : row[2]
        condition.comparisonTraitID = comparesTraits ? right.id : nil
        var fixture = Fixture()
        fixture.definitions[left.id] = left
        fixture.addRule(.standard, true, [condition])
        var traits: TraitTexts = [right.id: row[2]]
        traits[left.id] = row[1] == "none" ? nil : row[1]
        if entity == .company { fixture.traits = traits }
        let user = UserFacts(id: .init(ordinal: 1), traits: entity == .user ? traits : [:])
        return fixture.decide(user: entity == .user ? .known(user) : .unnamed).value
    }

    @Test func preflightAndHoldsAddToIntegerTraits() throws {
        for (type, value) in [(TraitType.number, true), (.string, false)] {
            let definition = Fixture.definition(5, type)
            var condition = Condition(id: .init(ordinal: 1), type: .trait, operator: .eq)
            condition.traitID = definition.id
            condition.traitValue = "9"
            var fixture = Fixture()
            fixture.definitions[definition.id] = definition
            fixture.traits[definition.id] = "4"
            fixture.counters.held = 2
            fixture.addRule(.standard, true, [condition])
            #expect(fixture.decide(preflight: try Preflight(usage: 3)).value == value)
            #expect(fixture.decide(preflight: try Preflight(eventUsage: .init(event: "x", quantity: 3))).value == false)
        }
    }
}

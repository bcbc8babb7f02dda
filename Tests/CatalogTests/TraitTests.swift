import Basics
import Catalog
import Model
import Testing

@Suite struct TraitTests {
    @Test func aDefinitionThatSomethingRestsOnIsNotDeleted() throws {
        let world = try World()
        let seats = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        _ = try world.feature("Seats", .trait, trait: seats.id)
        let flag = try world.execute(CreateFlag(input: FlagInput(key: "beta", name: "Beta")))
        var rule = RuleInput(name: "many seats", priority: 1, value: true)
        var condition = ConditionInput(type: .trait, operator: .gte)
        condition.traitID = seats.id
        condition.traitValue = "3"
        rule.conditionGroups = [[condition]]
        try world.execute(SetFlagRules(flagID: flag.id, rules: [rule]))
        var command = DeleteTraitDefinition(definitionID: seats.id)
        command.overrideCount = 2
        refused(.conflict, "is used by 1 features and 1 conditions of rules and 2 company overrides") {
            try world.execute(command)
        }

        let other = try world.execute(DefineTrait(entityType: .company, hierarchy: ["tier"], traitType: .string))
        try world.execute(DeleteTraitDefinition(definitionID: other.id))
        #expect(try world.get(other.id) == nil)
        // The next value makes a new one.
        var company = UpsertCompany(keys: ["id": "a"])
        company.traits = ["tier": .string("gold")]
        try world.execute(company)
        #expect(try world.all(TraitDefinition.self).map(\.displayName) == ["seats", "tier"])
    }

    @Test func theTypeOfATraitSaysHowItIsSet() throws {
        let world = try World()
        let number = try world.execute(DefineTrait(entityType: .company, hierarchy: ["n"], traitType: .number))
        var change = UpdateTraitDefinition(definitionID: number.id, traitType: .string)
        change.displayName = "Number"
        #expect(try world.execute(change).displayName == "Number")
        var set = SetTrait(entity: .company, keys: ["id": "a"], trait: "n")
        set.set = "5"
        try world.execute(set)
        #expect(try world.company(["id": "a"])?.traits == ["n": .string("5")])
    }

    @Test func traitsMergeNameByName() throws {
        let world = try World()
        var command = UpsertCompany(keys: ["id": "a"])
        command.traits = ["plan": .object(["seats": .number("3"), "tier": .string("x")]), "vip": .bool(true)]
        try world.execute(command)
        command.traits = ["plan": .object(["seats": .number("4"), "tier": .null]), "tags": .array([.string("t")])]
        let company = try world.execute(command)
        #expect(
            company.traits == [
                "plan": .object(["seats": .number("4")]), "vip": .bool(true), "tags": .array([.string("t")]),
            ])
        let defined = try world.all(TraitDefinition.self).map { "\($0.displayName): \($0.traitType.rawValue)" }
        #expect(defined == ["plan.seats: number", "plan.tier: string", "vip: boolean"])
    }

    /// A company whose trait `n` is 5, `text` is "x", `flag` is true; `when` is defined as a date, `price` as a
    /// currency.
    static let changes = rows(
        """
        n        | incr=2                    | 7
        n        | incr=-7                   | -2
        new.deep | incr=3                    | 3
        text     | incr=1                    | refused: the trait "text" is a string and cannot be incremented
        flag     | incr=1                    | refused: the trait "flag" is a boolean and cannot be incremented
        n        | incr=9223372036854775807  | refused: the trait "n" is 5 and cannot grow by 9223372036854775807
        n        | set=1.5                   | 1.5
        n        | set=many                  | refused: the trait "n" is a number, which "many" is not
        price    | set=12.50                 | 12.50
        price    | set=                      | refused: the trait "price" is a number, which "" is not
        flag     | set=false                 | false
        flag     | set=1                     | refused: the trait "flag" is a boolean: set it to true or false, not "1"
        text     | set=5                     | "5"
        when     | set=2026-01-01            | "2026-01-01"
        other    | set=12                    | 12
        other    | set=true                  | true
        other    | set=hello                 | "hello"
        n        |                           | refused: give either set or incr for the trait "n"
        n        | set=1 incr=1              | refused: give either set or incr for the trait "n"
        a..b     | set=1                     | refused: "a..b" is not a path of 1 to 8 names with dots between
        a.b.c.d.e.f.g.h.i | set=1            | refused: "a.b.c.d.e.f.g.h.i" is not a path of 1 to 8 names with dots between
        """)

    @Test(arguments: changes) func setTrait(row: [String]) throws {
        let world = try World()
        try world.execute(DefineTrait(entityType: .company, hierarchy: ["when"], traitType: .date))
        try world.execute(DefineTrait(entityType: .company, hierarchy: ["price"], traitType: .currency))
        var upsert = UpsertCompany(keys: ["id": "a"])
        upsert.traits = ["n": .number("5"), "text": .string("x"), "flag": .bool(true)]
        try world.execute(upsert)
        var command = SetTrait(entity: .company, keys: ["id": "a"], trait: row[0])
        let input = fields(row[1])
        command.set = input["set"]
        command.increment = input["incr"].map { Int64($0)! }
        let got = outcome {
            try world.execute(command)
            let path = row[0].split(separator: ".").map(String.init)
            switch try world.company(["id": "a"])?.traits.value(at: path) {
            case .string(let text): return "\"\(text)\""
            case let value?: return value.text
            case nil: return "nothing"
            }
        }
        #expect(got == row[2])
    }

    @Test func anUnknownEntityIsMade() throws {
        let world = try World()
        var company = SetTrait(entity: .company, keys: ["id": "new"], trait: "seats")
        company.increment = 1
        try world.execute(company)
        #expect(try world.company(["id": "new"])?.traits == ["seats": .number("1")])
        company.keys = ["id": "other"]
        company.updateOnly = true
        refused(.notFound, "no company has one of the keys id=other") { try world.execute(company) }
        var user = SetTrait(entity: .user, keys: ["id": "u"], trait: "role")
        user.set = "admin"
        try world.execute(user)
        #expect(try world.all(TraitDefinition.self).map(\.entityType) == [.company, .user])
    }

    /// An integer that is no longer one cannot be counted up.
    @Test func aFractionCannotBeIncremented() throws {
        let world = try World()
        var command = SetTrait(entity: .company, keys: ["id": "a"], trait: "n")
        command.set = "1.5"
        try world.execute(command)
        command.set = nil
        command.increment = 1
        refused(.invalid, "is \"1.5\", which is no integer") { try world.execute(command) }
    }

    @Test func limits() throws {
        let world = try World()
        var command = UpsertCompany(keys: ["id": "a"])
        func nested(_ depth: Int) -> TraitValue { depth == 0 ? .bool(true) : .object(["x": nested(depth - 1)]) }
        command.traits = ["x": nested(8)]
        try world.execute(command)
        command.traits = ["x": nested(9)]
        refused(.invalid, "nest 9 deep, at most 8") { try world.execute(command) }
        command.traits = ["text": .string(String(repeating: "t", count: 16_300))]
        try world.execute(command)
        command.traits = ["more": .string(String(repeating: "t", count: 200))]
        refused(.invalid, "bytes, at most 16384") { try world.execute(command) }
    }

    @Test func definitionsAreCounted() throws {
        let world = try World()
        for batch in 0..<10 {
            var command = UpsertCompany(keys: ["id": "company-\(batch)"])
            command.traits = Dictionary(uniqueKeysWithValues: (0..<100).map { ("t\(batch)-\($0)", .bool(true)) })
            try world.execute(command)
        }
        let one = try world.execute(DefineTrait(entityType: .company, hierarchy: ["t0-0"], traitType: .string))
        #expect(one.traitType == .boolean)
        refused(.conflict, "has 1000 trait definitions") {
            try world.execute(DefineTrait(entityType: .user, hierarchy: ["x"], traitType: .string))
        }
        refused(.invalid, "1 to 8 names, not 0") {
            try world.execute(DefineTrait(entityType: .user, hierarchy: [], traitType: .string))
        }
    }
}

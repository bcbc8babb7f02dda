import Basics
import Catalog
import Entitlements
import Model
import Store
import Testing

@Suite struct SnapshotTests {
    /// Only what a change concerns is made anew.
    @Test func unconcernedPartsAreShared() throws {
        let world = try World()
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let feature = try world.feature("API", .event, event: "api")
        let entitlement = try world.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: .limit(5)))
        func parts() -> (flag: CompiledFlag, terms: GrantTerms) {
            (world.catalog.compiledFlags["api"]!, world.catalog.terms[entitlement.versionID]![0])
        }
        let first = parts()
        let catalog = world.catalog
        try world.execute(UpsertCompany(keys: ["id": "a"]))
        #expect(world.catalog === catalog)
        try world.execute(RegisterEntities(companies: [], eventSubtypes: ["other"]))
        #expect(world.catalog !== catalog && world.catalog.nouns.meters.keys.sorted() == ["api", "other"])
        #expect(parts().flag === first.flag && parts().terms === first.terms)
        try world.execute(SetFlagRules(flagID: feature.flagID, rules: []))
        #expect(parts().flag !== first.flag && parts().terms === first.terms)
        let second = parts()
        try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .limit(6)))
        #expect(parts().flag === second.flag && parts().terms.value.numeric == 6)
        var third = try #require(try world.get(entitlement.id))
        third.value.numeric = 7
        try world.seed { try $0.put(third) }
        #expect(parts().terms.value.numeric == 7)
        // Snapshots do not change under those who hold them.
        #expect(catalog.terms[entitlement.versionID]![0].value.numeric == 5)
    }

    @Test func changesOfOtherEnvironmentsAreOther() throws {
        let world = try World()
        let other = try world.execute(CreateEnvironment(name: "other", type: .staging))
        #expect(world.catalog.nouns.environment.name == "dev" && other.id != world.environmentID)
        try world.execute(UpdateEnvironment(environmentID: world.environmentID, name: "renamed"))
        #expect(world.catalog.nouns.environment.name == "renamed")
    }

    @Test func derivedRulesAreThoseOfAllVersionsAndOfOverrides() throws {
        let world = try World()
        let feature = try world.feature("API", .event, event: "api")
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let first = try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: .limit(5)))
        try world.execute(PublishPlanVersion(versionID: first.versionID, migrationStrategy: .leave))
        let second = try world.execute(UpdatePlanEntitlement(entitlementID: first.id, input: .payAsYouGo(1)))
        let company = try world.execute(UpsertCompany(keys: ["id": "a"]))
        let override = try world.execute(
            CreateCompanyOverride(companyID: company.id, featureID: feature.id, value: .limit(9)))
        let flag = try #require(world.catalog.nouns.flags[feature.flagID])
        let rules = world.catalog.derivedRules(of: flag, overrides: [override])
        #expect(
            rules.map(\.id) == [
                first.ruleID, first.usageExceededRuleID, second.ruleID, override.ruleID, override.usageExceededRuleID,
            ])
        let lone = try world.execute(CreateFlag(input: FlagInput(key: "x", name: "X")))
        #expect(world.catalog.derivedRules(of: lone).isEmpty)
    }

    @Test func factsOfAUserAreItsTraits() throws {
        let world = try World()
        var command = UpsertUser(keys: ["id": "u"])
        command.traits = ["role": .string("admin"), "on": .bool(true)]
        let user = try world.execute(command)
        let facts = world.catalog.facts(of: user)
        let names = Dictionary(
            uniqueKeysWithValues: try world.all(TraitDefinition.self).map { ($0.id, $0.displayName) })
        #expect(Set(facts.traits.map { "\(names[$0.key]!)=\($0.value)" }) == ["role=admin", "on=true"])
    }
}

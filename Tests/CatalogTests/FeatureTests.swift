import Basics
import Catalog
import Model
import Store
import Testing

@Suite struct FeatureTests {
    /// name | type | event | trait | flag key → the flag's key and the meters, or the refusal.
    static let creations = rows(
        """
        API calls     | event   | api |         |        | api-calls, meters api
        SSO           | boolean |     |         |        | sso, meters
        Seats         | trait   |     | company |        | seats, meters
        Größe (XL)    | boolean |     |         |        | gr-e-xl, meters
        Anything      | boolean |     |         | my.key | my.key, meters
        API calls     | event   |     |         |        | refused: the event feature "API calls" needs an event_subtype
        Seats         | trait   |     |         |        | refused: the trait feature "Seats" needs a trait_id
        Seats         | trait   |     | user    |        | refused: "role" is a trait of users, a trait of companies is needed
        Seats         | trait   |     | unknown |        | refused: trait ID does not exist
        SSO           | boolean | api |         |        | refused: only an event feature has an event_subtype, "SSO" is a boolean feature
        SSO           | event   | api | company |        | refused: only a trait feature or a licence has a trait_id, "SSO" is an event feature
        Taken         | boolean |     |         |        | refused: the flag key "taken" is taken by flag ID
        日本           | boolean |     |         |        | refused: no flag key can be made of the name "日本": give the flag a key
                      | boolean |     |         |        | refused: a feature's name cannot be empty
        """)

    @Test(arguments: creations) func create(row: [String]) throws {
        let world = try World()
        let taken = try world.execute(CreateFlag(input: FlagInput(key: "taken", name: "Taken")))
        let seats = try world.execute(DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number))
        let role = try world.execute(DefineTrait(entityType: .user, hierarchy: ["role"], traitType: .string))
        let unknown = Identifier<TraitDefinition>(ordinal: 99)
        var command = CreateFeature(name: row[0], description: "", type: FeatureType(rawValue: row[1])!)
        if !row[2].isEmpty { command.eventSubtype = row[2] }
        command.traitID = ["company": seats.id, "user": role.id, "unknown": unknown][row[3]]
        if !row[4].isEmpty { command.flag = FlagInput(key: row[4], name: "F") }
        let got = outcome {
            let feature = try world.execute(command)
            let flag = try #require(try world.get(feature.flagID))
            #expect(flag.featureID == feature.id)
            return (["\(flag.key), meters"] + (try world.all(Meter.self).map(\.eventSubtype))).joined(separator: " ")
        }
        #expect(got.replacing(taken.id.description, with: "ID").replacing(unknown.description, with: "ID") == row[5])
    }

    @Test func onlyWhatIsGivenChanges() throws {
        let world = try World()
        let feature = try world.feature("API calls", .event, event: "api")
        var command = UpdateFeature(featureID: feature.id)
        command.description = "counted"
        command.eventSubtype = "api2"
        command.flag = FlagInput(key: "calls", name: "Calls", defaultValue: true)
        let changed = try world.execute(command)
        #expect(changed.name == "API calls" && changed.description == "counted" && changed.type == .event)
        #expect(try world.all(Meter.self).map(\.eventSubtype) == ["api", "api2"])
        #expect(try world.get(feature.flagID)?.key == "calls")
        command.featureID = Identifier(ordinal: 99)
        refused(.notFound, "does not exist") { try world.execute(command) }
    }

    @Test func aUsedFeatureStays() throws {
        let world = try World()
        let feature = try world.feature("SSO", .boolean)
        let plan = try world.execute(CreatePlan(name: "Pro", type: .plan))
        let entitlement = try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: .on))
        var delete = DeleteFeature(featureID: feature.id)
        refused(.conflict, "is used by the draft version 1 of plan \"Pro\"") { try world.execute(delete) }
        try world.execute(PublishPlanVersion(versionID: entitlement.versionID, migrationStrategy: .leave))
        refused(.conflict, "is used by the published version 1 of plan \"Pro\"") { try world.execute(delete) }
        let company = try world.onPlan(try #require(try world.get(plan.id)))
        try world.execute(DeletePlanEntitlement(entitlementID: entitlement.id))
        let draftID = try #require(try world.get(plan.id)?.draftVersionID)
        try world.execute(PublishPlanVersion(versionID: draftID, migrationStrategy: .leave))
        delete.overrideCount = 2
        refused(.conflict, "archived plan versions that 1 companies are on and 2 company overrides") {
            try world.execute(delete)
        }
        delete.overrideCount = 0
        try world.execute(DeleteCompany(companyID: company.id))
        try world.execute(delete)
        #expect(
            try world.get(feature.id) == nil && world.get(feature.flagID) == nil && world.get(entitlement.id) == nil)
        #expect(try world.get(entitlement.versionID)?.entitlementIDs == [])
    }

    @Test func flagsWithoutAFeature() throws {
        let world = try World()
        let feature = try world.feature("SSO", .boolean)
        let flag = try world.execute(CreateFlag(input: FlagInput(key: "beta", name: "Beta")))
        refused(.conflict, "feature \"SSO\" has the flag") {
            try world.execute(CreateFlag(input: FlagInput(key: "x", name: "X"), featureID: feature.id))
        }
        refused(.conflict, "the flag key \"sso\" is taken") {
            try world.execute(UpdateFlag(flagID: flag.id, input: FlagInput(key: "sso", name: "X")))
        }
        refused(.conflict, "feature \"SSO\" has the flag") {
            try world.execute(UpdateFlag(flagID: flag.id, input: FlagInput(key: "x", name: "X"), featureID: feature.id))
        }
        refused(.invalid, "a flag's key has 129 bytes, at most 128") {
            try world.execute(CreateFlag(input: FlagInput(key: String(repeating: "k", count: 129), name: "X")))
        }
        let changed = try world.execute(
            UpdateFlag(flagID: flag.id, input: FlagInput(key: "beta", name: "Beta 2", defaultValue: true)))
        #expect(changed.name == "Beta 2" && changed.defaultValue)
        refused(.conflict, "flag \"sso\" belongs to feature") { try world.execute(DeleteFlag(flagID: feature.flagID)) }
        try world.execute(DeleteFlag(flagID: flag.id))
        refused(.notFound, "does not exist") { try world.execute(DeleteFlag(flagID: flag.id)) }
    }
}

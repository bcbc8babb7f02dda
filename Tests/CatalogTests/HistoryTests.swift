import Basics
import Catalog
import Entitlements
import Model
import Store
import TestSupport
import Testing

/// Random histories: whatever is commanded, the records fit together, and replaying the journal gives them again.
@Suite struct HistoryTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>) func anyHistoryKeepsItsInvariants(seed: UInt64) throws {
        let world = try World()
        var writer = HistoryWriter(seed: seed, world: world)
        var carriedOut = 0
        for step in 1...300 {
            if try writer.step() { carriedOut += 1 }
            if step % 50 == 0 { try Invariants(world).check("seed \(seed), step \(step)") }
        }
        // A history of refusals would prove nothing.
        #expect(carriedOut > 100, "seed \(seed)")

        let second = try World()
        let registry = CommandRegistry(historyCommands)
        // The first entry makes the environment, which the second world has made already.
        for entry in try world.journal().dropFirst() {
            second.now = entry.at
            try second.execute(registry.decode(entry.payload))
        }
        for table in [StoreTable.records, .keys] {
            #expect(try second.dump(table) == world.dump(table), "seed \(seed)")
        }
    }
}

/// What a history may consist of.
private let historyCommands: [any Command.Type] = [
    CreateEnvironment.self, UpsertCompany.self, DeleteCompany.self, UpsertUser.self, DeleteUser.self, SetTrait.self,
    RegisterEntities.self, CreateFeature.self, DeleteFeature.self, SetFlagRules.self, CreatePlan.self, DeletePlan.self,
    SetBillingProduct.self, CreatePlanEntitlement.self, UpdatePlanEntitlement.self, DeletePlanEntitlement.self,
    PublishPlanVersion.self, DeletePlanVersion.self, SetPlanGroup.self, CreateCompanyOverride.self,
    DeleteCompanyOverride.self, JoinCompany.self, LeaveCompany.self, UpdateTraitDefinition.self,
    DeleteTraitDefinition.self, DuplicatePlanEntitlements.self,
]

/// Commands drawn at random, over few names so that they meet.
private struct HistoryWriter {
    private var random: SplitMix
    private let world: World

    init(seed: UInt64, world: World) {
        random = SplitMix(seed: seed)
        self.world = world
    }

    /// Carries out one command. False when it was refused.
    mutating func step() throws -> Bool {
        world.now = world.now + .minutes(Int64.random(in: 0...600, using: &random))
        do {
            try command()
            return true
        } catch is Refusal {
            return false
        }
    }

    private mutating func command() throws {
        switch Int.random(in: 0..<23, using: &random) {
        case 0, 1: try upsertCompany()
        case 2: try upsertUser()
        case 3:
            let command = RegisterEntities(
                companies: [keys(), keys()], users: [keys()], eventSubtypes: [name("event")],
                links: [.init(company: 0, user: 0), .init(company: 1, user: 0)])
            try world.execute(command)
        case 4: if let company = try any(Company.self) { try world.execute(DeleteCompany(companyID: company.id)) }
        case 5: if let user = try any(User.self) { try world.execute(DeleteUser(userID: user.id)) }
        case 6: try setTrait()
        case 7, 8: try createFeature()
        case 9: try deleteFeature()
        case 10: try world.execute(CreatePlan(name: name("plan"), type: .plan))
        case 11: try deletePlan()
        case 12, 13: try editEntitlement()
        case 14: try setProduct()
        case 15, 16: try publish()
        case 17: try setGroup()
        case 18: try override()
        case 19: try changeMemberships()
        case 20: try changeTraitDefinition()
        case 21:
            if let source = try any(Plan.self), let target = try any(Plan.self) {
                try world.execute(DuplicatePlanEntitlements(sourceID: source.id, targetID: target.id))
            }
        default: try setRules()
        }
    }

    private mutating func name(_ prefix: String) -> String { "\(prefix)\(Int.random(in: 0..<6, using: &random))" }

    private mutating func keys() -> [String: String] {
        var keys = [name("k"): name("v")]
        if Bool.random(using: &random) { keys[name("k")] = name("v") }
        return keys
    }

    private mutating func any<R: Record>(_ type: R.Type) throws -> R? {
        try world.all(type).randomElement(using: &random)
    }

    private mutating func upsertCompany() throws {
        var command = UpsertCompany(keys: keys())
        command.traits = [name("t"): .object([name("t"): .number("\(Int.random(in: 0..<9, using: &random))")])]
        command.preventKeyRemap = Bool.random(using: &random)
        if Bool.random(using: &random) { command.removeKeys = [name("k")] }
        if Int.random(in: 0..<4, using: &random) == 0 { command.companyID = try any(Company.self)?.id }
        try world.execute(command)
    }

    private mutating func upsertUser() throws {
        var command = UpsertUser(keys: keys())
        command.companies = [keys()]
        command.companyIDs = try any(Company.self).map { [$0.id] } ?? []
        try world.execute(command)
    }

    private mutating func setTrait() throws {
        var command = SetTrait(entity: Bool.random(using: &random) ? .company : .user, keys: keys(), trait: name("n"))
        command.increment = Int64.random(in: -9...9, using: &random)
        try world.execute(command)
    }

    private mutating func changeMemberships() throws {
        guard let user = try any(User.self) else { return }
        if let membership = user.memberships.randomElement(using: &random), Bool.random(using: &random) {
            try world.execute(LeaveCompany(userID: user.id, membershipID: membership.id))
        } else if let company = try any(Company.self) {
            try world.execute(JoinCompany(userID: user.id, companyID: company.id))
        }
    }

    private mutating func changeTraitDefinition() throws {
        guard let definition = try any(TraitDefinition.self) else { return }
        if Int.random(in: 0..<3, using: &random) == 0 {
            try world.execute(DeleteTraitDefinition(definitionID: definition.id))
        } else {
            let type = TraitType.allCases.randomElement(using: &random)!
            try world.execute(UpdateTraitDefinition(definitionID: definition.id, traitType: type))
        }
    }

    private mutating func createFeature() throws {
        var command = CreateFeature(name: name("feature "), description: "", type: .boolean)
        if Bool.random(using: &random) {
            command.type = .event
            command.eventSubtype = name("event")
        }
        try world.execute(command)
    }

    private mutating func deleteFeature() throws {
        guard let feature = try any(Feature.self) else { return }
        var command = DeleteFeature(featureID: feature.id)
        command.overrideCount = try world.all(CompanyOverride.self).count { $0.featureID == feature.id }
        try world.execute(command)
    }

    private mutating func deletePlan() throws {
        guard let plan = try any(Plan.self) else { return }
        try world.execute(DeletePlan(planID: plan.id))
    }

    private mutating func editEntitlement() throws {
        guard let plan = try any(Plan.self), let feature = try any(Feature.self) else { return }
        let limit = Int64.random(in: 0...9, using: &random)
        let input: EntitlementInput =
            feature.type == .boolean ? .on : limit < 3 ? .payAsYouGo(Decimal(limit)) : .limit(limit)
        let existing = try world.all(PlanEntitlement.self).filter { $0.planID == plan.id }.randomElement(using: &random)
        switch (Int.random(in: 0..<4, using: &random), existing) {
        case (0, let entitlement?): try world.execute(DeletePlanEntitlement(entitlementID: entitlement.id))
        case (1, let entitlement?):
            try world.execute(UpdatePlanEntitlement(entitlementID: entitlement.id, input: input))
        default: try world.execute(CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input))
        }
    }

    private mutating func setProduct() throws {
        guard let plan = try any(Plan.self) else { return }
        var command = SetBillingProduct(planID: plan.id, chargeType: Bool.random(using: &random) ? .recurring : .free)
        if command.chargeType == .recurring {
            command.prices = [PriceInput(interval: PriceInterval(.week), amount: 5, currency: .usd)]
        }
        try world.execute(command)
    }

    private mutating func publish() throws {
        guard let draft = try any(Plan.self)?.draftVersionID else { return }
        if Int.random(in: 0..<5, using: &random) == 0 {
            try world.execute(DeletePlanVersion(versionID: draft))
        } else {
            try world.execute(PublishPlanVersion(versionID: draft, migrationStrategy: .leave))
        }
    }

    private mutating func setGroup() throws {
        var command = SetPlanGroup()
        command.planGroupID = try world.all(PlanGroup.self).first?.id
        command.initialPlanID = try any(Plan.self)?.id
        try world.execute(command)
    }

    private mutating func override() throws {
        guard let company = try any(Company.self), let feature = try any(Feature.self) else { return }
        let value: EntitlementValue = feature.type == .boolean ? .on : .limit(Int64.random(in: 0...9, using: &random))
        if let existing = company.overrideIDs.first, Bool.random(using: &random) {
            try world.execute(DeleteCompanyOverride(overrideID: existing))
        } else {
            var command = CreateCompanyOverride(companyID: company.id, featureID: feature.id, value: value)
            if Bool.random(using: &random) { command.expiresAt = world.now + .hours(2) }
            try world.execute(command)
        }
    }

    private mutating func setRules() throws {
        guard let flag = try any(Flag.self) else { return }
        var rule = RuleInput(name: name("rule"), priority: 1, value: Bool.random(using: &random))
        rule.id = flag.rules.randomElement(using: &random)?.id
        if let plan = try any(Plan.self) {
            var condition = ConditionInput(type: .plan, operator: .eq)
            condition.resourceIDs = [plan.id.description]
            rule.conditions = [condition]
        }
        if let trait = try any(TraitDefinition.self) {
            var condition = ConditionInput(type: .trait, operator: .gte)
            condition.traitID = trait.id
            condition.traitValue = "3"
            rule.conditionGroups = [[condition]]
        }
        try world.execute(SetFlagRules(flagID: flag.id, rules: [rule]))
    }
}

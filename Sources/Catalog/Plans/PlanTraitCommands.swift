public import Basics
public import Model
public import Store

/// Says which traits a plan writes onto companies that come to it: these and no others.
///
/// Companies that are on the plan stay as they are; see `ApplyPlanTraits`.
public struct SetPlanTraits: Command {
    public static var name: String { "set_plan_traits" }

    public var planID: Identifier<Plan>
    public var traits: [PlanTraitInput]

    public init(planID: Identifier<Plan>, traits: [PlanTraitInput]) {
        self.planID = planID
        self.traits = traits
    }

    /// Answers the plan's traits, oldest first.
    public func apply(_ transaction: Transaction) throws -> [PlanTrait] {
        _ = try transaction.require(planID, "plan")
        guard traits.count <= Limits.planTraits else {
            throw Refusal.invalid("a plan has at most \(Limits.planTraits) traits, not \(traits.count)")
        }
        if let twice = traits.map(\.traitID).firstDuplicate {
            throw Refusal.invalid("trait \(twice) is given twice")
        }
        var old = Dictionary(
            uniqueKeysWithValues: try transaction.planTraits(of: planID).map { ($0.traitID, $0) })
        var kept: [PlanTrait] = []
        for input in traits {
            let definition = try transaction.require(input.traitID, "trait")
            guard definition.entityType == .company else {
                throw Refusal.invalid("trait \(definition.id) is one of users, and plans are given to companies")
            }
            try input.value.checkOptional(as: "the value of a plan trait", limit: Limits.nameBytes)
            let value = try TraitValue(input.value, as: definition.traitType, of: definition.displayName)
            var trait =
                old.removeValue(forKey: definition.id)
                ?? PlanTrait(
                    id: transaction.newID(), planID: planID, trait: definition, value: value,
                    createdAt: transaction.now)
            trait.value = value
            trait.updatedAt = transaction.now
            try transaction.put(trait)
            kept.append(trait)
        }
        for trait in old.values.sorted(by: { $0.id < $1.id }) { transaction.delete(trait.id) }
        return kept.sorted { $0.id < $1.id }
    }
}

public struct PlanTraitInput: Codable, Sendable {
    public var traitID: Identifier<TraitDefinition>
    /// Read as the trait's type says.
    public var value: String

    public init(traitID: Identifier<TraitDefinition>, value: String) {
        self.traitID = traitID
        self.value = value
    }
}

/// Writes a plan's traits onto some companies, as far as they are on it.
///
/// A command cannot look through all companies, so whoever sends it names them.
public struct ApplyPlanTraits: Command {
    public static var name: String { "apply_plan_traits" }

    public var planID: Identifier<Plan>
    public var companyIDs: [Identifier<Company>]

    public init(planID: Identifier<Plan>, companyIDs: [Identifier<Company>]) {
        self.planID = planID
        self.companyIDs = companyIDs
    }

    public func apply(_ transaction: Transaction) throws {
        let traits = try transaction.planTraits(of: planID)
        for id in companyIDs {
            guard var company = try transaction.get(id), company.plan?.planID == planID else { continue }
            company.take(traits)
            company.updatedAt = transaction.now
            try transaction.put(company)
        }
    }
}

extension Transaction {
    /// Oldest first.
    func planTraits(of plan: Identifier<Plan>) throws -> [PlanTrait] {
        try all(PlanTrait.self).filter { $0.planID == plan }
    }
}

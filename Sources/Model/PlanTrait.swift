public import Basics

/// A trait's value that a plan writes onto each company that comes to it. The company keeps it when it leaves.
///
/// Source of the rule: Schematic, plan traits.
public struct PlanTrait: Codable, Sendable, Identified {
    public static let idPrefix = "pltr"

    public let id: Identifier<PlanTrait>
    public let planID: Identifier<Plan>
    public let traitID: Identifier<TraitDefinition>
    /// The path of names of the trait.
    public let hierarchy: [String]
    public var value: TraitValue
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<PlanTrait>, planID: Identifier<Plan>, trait: TraitDefinition, value: TraitValue,
        createdAt: Timestamp
    ) {
        self.id = id
        self.planID = planID
        traitID = trait.id
        hierarchy = trait.hierarchy
        self.value = value
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

extension Company {
    /// Writes a plan's traits over those that the company has.
    public mutating func take(_ planTraits: [PlanTrait]) {
        for trait in planTraits { traits.set(trait.value, at: trait.hierarchy) }
    }
}

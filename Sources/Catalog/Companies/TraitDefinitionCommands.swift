public import Basics
public import Model
public import Store

/// Names the type of a trait. The definition that is there already is answered as it is.
public struct DefineTrait: Command {
    public static var name: String { "define_trait" }

    public var entityType: EntityType
    /// The path of names from the outermost object.
    public var hierarchy: [String]
    public var traitType: TraitType
    public var displayName: String?

    public init(entityType: EntityType, hierarchy: [String], traitType: TraitType) {
        self.entityType = entityType
        self.hierarchy = hierarchy
        self.traitType = traitType
    }

    public func apply(_ transaction: Transaction) throws -> TraitDefinition {
        guard !hierarchy.isEmpty, hierarchy.count <= Limits.traitDepth else {
            throw Refusal.invalid("a trait's path has 1 to \(Limits.traitDepth) names, not \(hierarchy.count)")
        }
        for name in hierarchy { try name.check(as: "a name of a trait's path") }
        try displayName?.check(as: "the display name of a trait")
        let definitions = try transaction.all(TraitDefinition.self)
        let existing = definitions.first { $0.entityType == entityType && $0.hierarchy == hierarchy }
        return try existing
            ?? transaction.define(
                hierarchy, of: entityType, as: traitType, displayName: displayName, existing: definitions.count)
    }
}

/// Changes the type and the name of a trait. Values stay as they are: the type says how rules and `SetTrait` read them.
public struct UpdateTraitDefinition: Command {
    public static var name: String { "update_trait_definition" }

    public var definitionID: Identifier<TraitDefinition>
    public var traitType: TraitType
    public var displayName: String?

    public init(definitionID: Identifier<TraitDefinition>, traitType: TraitType) {
        self.definitionID = definitionID
        self.traitType = traitType
    }

    public func apply(_ transaction: Transaction) throws -> TraitDefinition {
        var definition = try transaction.require(definitionID, "trait definition")
        try displayName?.check(as: "the display name of a trait")
        definition.traitType = traitType
        if let displayName { definition.displayName = displayName }
        definition.updatedAt = transaction.now
        try transaction.put(definition)
        return definition
    }
}

/// Forgets what a trait is; the values of companies and users stay, and the next one makes a new definition.
///
/// A command cannot look through all overrides, so whoever sends it counts those that stand in the way.
public struct DeleteTraitDefinition: Command {
    public static var name: String { "delete_trait_definition" }

    public var definitionID: Identifier<TraitDefinition>
    /// How many overrides of companies take their limit from the trait, expired ones included.
    public var overrideCount = 0

    public init(definitionID: Identifier<TraitDefinition>) {
        self.definitionID = definitionID
    }

    public func apply(_ transaction: Transaction) throws {
        let definition = try transaction.require(definitionID, "trait definition")
        let use = TraitUse(
            of: definitionID, features: try transaction.all(Feature.self), flags: try transaction.all(Flag.self),
            entitlements: try transaction.all(PlanEntitlement.self), planTraits: try transaction.all(PlanTrait.self),
            overrideCount: overrideCount)
        guard use.isNone else {
            throw Refusal.conflict("the trait \"\(definition.displayName)\" is used by \(use.sentence)")
        }
        transaction.delete(definitionID)
    }
}

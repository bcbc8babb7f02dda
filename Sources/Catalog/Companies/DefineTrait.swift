internal import Basics
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

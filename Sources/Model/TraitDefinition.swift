public import Basics

public enum EntityType: String, Codable, Sendable, CaseIterable {
    case company, user
}

public enum TraitType: String, Codable, Sendable, CaseIterable {
    case boolean, currency, date, number, string, url
}

/// The type of one trait name (or nested path of names) of companies or users.
public struct TraitDefinition: Codable, Sendable, Identified {
    public static let idPrefix = "trait"

    public let id: Identifier<TraitDefinition>
    public let entityType: EntityType
    /// The path of names from the outermost object: `["plan", "seats"]` names `traits.plan.seats`.
    public let hierarchy: [String]
    public var traitType: TraitType
    public var displayName: String
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<TraitDefinition>, entityType: EntityType, hierarchy: [String], traitType: TraitType,
        createdAt: Timestamp
    ) {
        self.id = id
        self.entityType = entityType
        self.hierarchy = hierarchy
        self.traitType = traitType
        self.displayName = hierarchy.joined(separator: ".")
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

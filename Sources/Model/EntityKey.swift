public import Basics

/// One `name → value` by which a company or user is addressed; unique per entity type in an environment.
public struct EntityKey: Codable, Sendable, Hashable {
    public var name: String
    public var value: String
    public var createdAt: Timestamp

    public init(name: String, value: String, createdAt: Timestamp) {
        self.name = name
        self.value = value
        self.createdAt = createdAt
    }
}

public import Basics

/// A boolean question that applications ask by key: "may this company do this now?"
public struct Flag: Codable, Sendable, Identified {
    public static let idPrefix = "flag"

    public let id: Identifier<Flag>
    public var key: String
    public var name: String
    public var description: String
    public var defaultValue: Bool
    public var featureID: Identifier<Feature>?
    /// The rules that people wrote (`standard`, `global_override`, `default`), in the order given. Rules of
    /// entitlements and overrides are derived from those records and never stored here.
    public var rules: [Rule] = []
    public var maintainerAccountMemberID: String?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<Flag>, key: String, name: String, description: String, createdAt: Timestamp) {
        self.id = id
        self.key = key
        self.name = name
        self.description = description
        self.defaultValue = false
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

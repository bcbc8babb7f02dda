public import Basics

/// A credential of one environment. The key itself is shown once; the store keeps only its SHA-256.
public struct APIKey: Codable, Sendable, Identified {
    public static let idPrefix = "key"

    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Server side: everything.
        case secret
        /// Browsers: flag checks, identify and track only.
        case publishable
    }

    public let id: Identifier<APIKey>
    public var environmentID: Identifier<Environment>
    public var name: String
    public var kind: Kind
    /// Reads and flag checks only; fixed at creation.
    public var readonly: Bool
    public var hash: [UInt8]
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    /// Nil before the first use; may be ten minutes behind.
    public var lastUsedAt: Timestamp?

    public init(
        id: Identifier<APIKey>, environmentID: Identifier<Environment>, name: String, kind: Kind, readonly: Bool,
        hash: [UInt8], createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.name = name
        self.kind = kind
        self.readonly = readonly
        self.hash = hash
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

public import Basics

/// A person or agent; belongs to any number of companies.
public struct User: Codable, Sendable, Identified {
    public static let idPrefix = "user"

    public let id: Identifier<User>
    public let environmentID: Identifier<Environment>
    public var name: String
    public var keys: [EntityKey]
    public var traits: [String: TraitValue] = [:]
    public var memberships: [CompanyMembership] = []
    public var lastSeenAt: Timestamp?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<User>, environmentID: Identifier<Environment>, name: String, keys: [EntityKey],
        createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.name = name
        self.keys = keys
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

/// That a user belongs to a company. Kept inside the user.
public struct CompanyMembership: Codable, Sendable, Identified {
    public static let idPrefix = "cmbr"

    public let id: Identifier<CompanyMembership>
    public let companyID: Identifier<Company>
    public let createdAt: Timestamp

    public init(id: Identifier<CompanyMembership>, companyID: Identifier<Company>, createdAt: Timestamp) {
        self.id = id
        self.companyID = companyID
        self.createdAt = createdAt
    }
}

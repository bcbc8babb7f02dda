public import Basics

/// What a billing provider sells. Linked to a plan, its subscriptions decide who is on that plan.
public struct BillingProduct: Codable, Sendable, Identified {
    public static let idPrefix = "bprod"

    /// What the provider says of it.
    public struct Details: Codable, Sendable, Equatable {
        public var name: String
        /// As the provider gives it; nothing is computed with it.
        public var price: Decimal
        public var isActive: Bool
        public var provider: BillingProviderType

        public init(name: String, price: Decimal, isActive: Bool, provider: BillingProviderType) {
            self.name = name
            self.price = price
            self.isActive = isActive
            self.provider = provider
        }
    }

    public let id: Identifier<BillingProduct>
    public let externalID: String
    public var details: Details
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<BillingProduct>, externalID: String, details: Details, createdAt: Timestamp) {
        self.id = id
        self.externalID = externalID
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

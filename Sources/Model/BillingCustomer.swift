public import Basics

/// A customer of a billing provider that collects the money elsewhere, as the provider last told of it.
///
/// Which company it is, the company says: by its key `stripe_customer_id`, or that of another provider.
public struct BillingCustomer: Codable, Sendable, Identified {
    public static let idPrefix = "bcus"

    /// What the provider says of it.
    public struct Details: Codable, Sendable, Equatable {
        public var name: String
        public var email: String
        public var provider: BillingProviderType
        public var defaultPaymentMethodID: String?
        public var meta: [String: String]

        public init(
            name: String, email: String, provider: BillingProviderType, defaultPaymentMethodID: String?,
            meta: [String: String]
        ) {
            self.name = name
            self.email = email
            self.provider = provider
            self.defaultPaymentMethodID = defaultPaymentMethodID
            self.meta = meta
        }
    }

    public let id: Identifier<BillingCustomer>
    public let externalID: String
    public var details: Details
    /// Oldest first, those that are over too.
    public var subscriptionIDs: [Identifier<MirroredSubscription>] = []
    public var paymentMethodIDs: [Identifier<PaymentMethod>] = []
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<BillingCustomer>, externalID: String, details: Details, createdAt: Timestamp) {
        self.id = id
        self.externalID = externalID
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

extension BillingProviderType {
    /// The name of the company key whose value is the provider's id of the customer.
    public var customerKey: String { "\(rawValue)_customer_id" }
}

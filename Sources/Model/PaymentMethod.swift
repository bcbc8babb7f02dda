public import Basics

/// What a provider's customer can pay with. Never a number of a card: what a person recognises it by.
public struct PaymentMethod: Codable, Sendable, Identified {
    public static let idPrefix = "paym"

    /// What the provider says of it.
    public struct Details: Codable, Sendable, Equatable {
        /// `card`, `sepa_debit` and so on.
        public var type: String
        public var accountLast4: String?
        public var accountName: String?
        public var bankName: String?
        public var billingEmail: String?
        public var billingName: String?
        public var cardBrand: String?
        public var cardExpiryMonth: Int64?
        public var cardExpiryYear: Int64?
        public var cardLast4: String?

        public init(type: String) {
            self.type = type
        }
    }

    public let id: Identifier<PaymentMethod>
    public let externalID: String
    public let customerExternalID: String
    public let provider: BillingProviderType
    public var details: Details
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<PaymentMethod>, externalID: String, customer: BillingCustomer, details: Details,
        createdAt: Timestamp
    ) {
        self.id = id
        self.externalID = externalID
        self.customerExternalID = customer.externalID
        self.provider = customer.details.provider
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

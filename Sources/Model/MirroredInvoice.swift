public import Basics

/// An invoice that a billing provider issued, as the provider last told of it.
public struct MirroredInvoice: Codable, Sendable, Identified {
    public static let idPrefix = "binv"

    /// What the provider says of it. Amounts are minor units.
    public struct Details: Codable, Sendable, Equatable {
        public var status: InvoiceStatus
        public var currency: Currency
        public var collectionMethod: String
        public var amountDue: Int64
        public var amountPaid: Int64
        public var amountRemaining: Int64
        public var subtotal: Int64
        public var total: Int64?
        public var startingBalance: Int64 = 0
        public var endingBalance: Int64 = 0
        public var subscriptionExternalID: String?
        public var paymentMethodExternalID: String?
        public var dueAt: Timestamp?
        public var url: String?

        public init(
            status: InvoiceStatus, currency: Currency, collectionMethod: String, amountDue: Int64, amountPaid: Int64,
            amountRemaining: Int64, subtotal: Int64
        ) {
            self.status = status
            self.currency = currency
            self.collectionMethod = collectionMethod
            self.amountDue = amountDue
            self.amountPaid = amountPaid
            self.amountRemaining = amountRemaining
            self.subtotal = subtotal
        }
    }

    public let id: Identifier<MirroredInvoice>
    public let externalID: String
    public let customerExternalID: String
    public let provider: BillingProviderType
    public var details: Details
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<MirroredInvoice>, externalID: String, customer: BillingCustomer, details: Details,
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

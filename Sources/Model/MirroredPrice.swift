public import Basics

/// What a price charges for: a quantity that is bought, or use.
public enum PriceUsageType: String, Codable, Sendable, CaseIterable {
    case licensed, metered
}

public enum PriceScheme: String, Codable, Sendable, CaseIterable {
    case perUnit = "per_unit"
    case tiered
}

/// A price of a provider's product. Tollgate shows it; invoices of the provider are the provider's.
public struct MirroredPrice: Codable, Sendable, Identified {
    /// That of all prices: one id never names two of them.
    public static let idPrefix = Price.idPrefix

    /// What the provider says of it. Amounts are minor units.
    public struct Details: Codable, Sendable, Equatable {
        public var productID: Identifier<BillingProduct>
        public var amount: Int64
        public var amountDecimal: Decimal?
        public var currency: Currency
        public var interval: PriceInterval
        public var isActive: Bool
        public var scheme: PriceScheme
        public var usageType: PriceUsageType
        public var tiersMode: TierMode?
        public var tiers: [PriceTier] = []
        public var packageSize: Int64 = 1
        public var meterID: Identifier<BillingMeter>?
        public var nickname: String?
        /// The provider's account that the price stands in.
        public var accountID: String
        public var provider: BillingProviderType

        public init(
            productID: Identifier<BillingProduct>, amount: Int64, currency: Currency, interval: PriceInterval,
            isActive: Bool, scheme: PriceScheme, usageType: PriceUsageType, accountID: String,
            provider: BillingProviderType
        ) {
            self.productID = productID
            self.amount = amount
            self.currency = currency
            self.interval = interval
            self.isActive = isActive
            self.scheme = scheme
            self.usageType = usageType
            self.accountID = accountID
            self.provider = provider
        }
    }

    public let id: Identifier<MirroredPrice>
    public let externalID: String
    public var details: Details
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<MirroredPrice>, externalID: String, details: Details, createdAt: Timestamp) {
        self.id = id
        self.externalID = externalID
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

/// What a billing provider counts use by.
public struct BillingMeter: Codable, Sendable, Identified {
    public static let idPrefix = "bmtr"

    /// What the provider says of it.
    public struct Details: Codable, Sendable, Equatable {
        public var displayName: String
        public var eventName: String
        /// The field of an event that is added up.
        public var payloadKey: String
        public var provider: BillingProviderType

        public init(displayName: String, eventName: String, payloadKey: String, provider: BillingProviderType) {
            self.displayName = displayName
            self.eventName = eventName
            self.payloadKey = payloadKey
            self.provider = provider
        }
    }

    public let id: Identifier<BillingMeter>
    public let externalID: String
    public var details: Details

    public init(id: Identifier<BillingMeter>, externalID: String, details: Details) {
        self.id = id
        self.externalID = externalID
        self.details = details
    }
}

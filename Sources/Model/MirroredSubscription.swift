public import Basics

/// How a subscription stands with its provider.
public enum ProviderStatus: String, Codable, Sendable, CaseIterable {
    case active, canceled, expired, incomplete, paused, trialing, unpaid
    case incompleteExpired = "incomplete_expired"
    case pastDue = "past_due"

    /// Whether the company has the plan that is sold by it. Source of the rule: Schematic, "Billing objects".
    public var grantsAccess: Bool {
        switch self {
        case .active, .pastDue, .trialing: true
        case .canceled, .expired, .incomplete, .incompleteExpired, .paused, .unpaid: false
        }
    }

    /// Whether nothing comes after it: whoever subscribes again gets another subscription.
    public var isFinal: Bool {
        switch self {
        case .canceled, .expired, .incompleteExpired: true
        case .active, .incomplete, .pastDue, .paused, .trialing, .unpaid: false
        }
    }
}

public enum TrialEndSetting: String, Codable, Sendable, CaseIterable {
    case cancel, subscribe
}

/// An agreement that a billing provider keeps, as the provider last told of it. Tollgate bills nothing for it and
/// closes none of its periods; its status decides whether the company has the plans that its products are linked to.
public struct MirroredSubscription: Codable, Sendable, Identified {
    public static let idPrefix = "bsubm"

    /// What the provider says of it.
    public struct Details: Codable, Sendable, Equatable {
        public var status: ProviderStatus
        public var currency: Currency
        public var interval: String
        /// Minor units for each interval.
        public var totalPrice: Int64
        public var provider: BillingProviderType
        public var products: [SoldProduct] = []
        public var discounts: [MirroredDiscount] = []
        public var startedAt: Timestamp?
        public var periodStart: Timestamp?
        public var periodEnd: Timestamp?
        public var trialEnd: Timestamp?
        public var trialEndSetting: TrialEndSetting?
        public var cancelAt: Timestamp?
        public var cancelAtPeriodEnd = false
        public var expiredAt: Timestamp?
        public var applicationID: String?
        public var paymentMethodID: String?
        public var paymentMethodExternalID: String?
        public var metadata: [String: TraitValue] = [:]

        public init(
            status: ProviderStatus, currency: Currency, interval: String, totalPrice: Int64,
            provider: BillingProviderType
        ) {
            self.status = status
            self.currency = currency
            self.interval = interval
            self.totalPrice = totalPrice
            self.provider = provider
        }
    }

    public let id: Identifier<MirroredSubscription>
    public let externalID: String
    public let customerExternalID: String
    /// Whom it serves; nil while that is not known.
    public var companyID: Identifier<Company>?
    /// The provider named the company. Otherwise it is the customer's.
    public var namesCompany: Bool
    public var details: Details
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<MirroredSubscription>, externalID: String, customerExternalID: String, details: Details,
        createdAt: Timestamp
    ) {
        self.id = id
        self.externalID = externalID
        self.customerExternalID = customerExternalID
        self.namesCompany = false
        self.details = details
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }

    /// When the period or trial that runs now ends; nil where none does.
    public var endsAt: Timestamp? {
        guard details.status.grantsAccess else { return nil }
        return details.status == .trialing ? details.trialEnd ?? details.periodEnd : details.periodEnd
    }
}

/// A product as a subscription has it, at its price.
public struct SoldProduct: Codable, Sendable, Equatable {
    public var productExternalID: String
    public var priceExternalID: String
    public var itemExternalID: String?
    public var price: Int64
    public var priceDecimal: Decimal?
    public var currency: Currency
    public var interval: String
    public var quantity: Int64
    public var usageType: PriceUsageType
    public var packageSize: Int64?
    public var meterID: String?
    public var billingThreshold: Int64?

    public init(
        productExternalID: String, priceExternalID: String, price: Int64, currency: Currency, interval: String,
        quantity: Int64, usageType: PriceUsageType
    ) {
        self.productExternalID = productExternalID
        self.priceExternalID = priceExternalID
        self.price = price
        self.currency = currency
        self.interval = interval
        self.quantity = quantity
        self.usageType = usageType
    }
}

/// A discount that a provider gives on a subscription.
public struct MirroredDiscount: Codable, Sendable, Equatable {
    public var externalID: String
    public var couponExternalID: String
    public var promoCodeExternalID: String?
    public var customerFacingCode: String?
    public var isActive: Bool
    public var startedAt: Timestamp
    public var endedAt: Timestamp?

    public init(externalID: String, couponExternalID: String, isActive: Bool, startedAt: Timestamp) {
        self.externalID = externalID
        self.couponExternalID = couponExternalID
        self.isActive = isActive
        self.startedAt = startedAt
    }
}

public import Basics

public enum EntitlementValueType: String, Codable, Sendable, CaseIterable {
    case boolean, numeric, unlimited, trait
}

/// How use of a feature is charged. Absent: included in the plan.
public enum PriceBehavior: String, Codable, Sendable, CaseIterable {
    /// A quantity bought ahead of each period, such as seats; the quantity is the limit.
    case payInAdvance = "pay_in_advance"
    /// Every unit at the unit price, in arrears.
    case payAsYouGo = "pay_as_you_go"
    /// Units above the soft limit at the unit price, in arrears.
    case overage
    /// Units by tiers, in arrears.
    case tier
}

public enum TierMode: String, Codable, Sendable, CaseIterable {
    case volume, graduated
}

/// What a grant allows: shared by plan entitlements and company overrides.
public struct EntitlementValue: Codable, Sendable, Equatable {
    public var type: EntitlementValueType
    public var bool: Bool?
    public var numeric: Int64?
    public var traitID: Identifier<TraitDefinition>?
    /// The window of an event feature; nil means all time.
    public var metricPeriod: MetricPeriod?
    public var metricPeriodMonthReset: MetricPeriodMonthReset?

    public init(type: EntitlementValueType) {
        self.type = type
    }
}

/// What one version of a plan grants of one feature, and what that costs.
public struct PlanEntitlement: Codable, Sendable, Identified {
    public static let idPrefix = "pltl"

    public let id: Identifier<PlanEntitlement>
    public let planID: Identifier<Plan>
    public let versionID: Identifier<PlanVersion>
    public let featureID: Identifier<Feature>
    public var value: EntitlementValue
    public var priceBehavior: PriceBehavior?
    /// Overage: the included quantity.
    public var softLimit: Int64?
    /// Pay in advance: the quantity of a subscription that names none.
    public var usageQuantity: Int64?
    public var tierMode: TierMode?
    /// The price for each billing interval and currency of the plan; empty when included.
    public var meteredPrices: [MeteredPrice] = []
    /// The prices that count for every interval without one of its own, by currency.
    public var commonPrices: [CommonPrice]?
    /// How many units one unit price is for; nil for one.
    public var packageSize: Int64?
    public var packageRounding: PackageRounding?
    /// Units that are not billed in a period.
    public var freeQuantity: Decimal?
    /// Minor units of use that is not billed yet at which it is billed at once.
    public var billingThreshold: Int64?
    /// How often use is billed before a long period ends, and what the months of that are counted from.
    public var overageCadence: OverageCadence?
    public var overageAnchor: OverageAnchor?
    /// The price or product that a provider keeps it as; nil: it is kept here.
    public var billingLink: BillingLink?
    public let ruleID: Identifier<Rule>
    public let usageExceededRuleID: Identifier<Rule>
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<PlanEntitlement>, planID: Identifier<Plan>, versionID: Identifier<PlanVersion>,
        featureID: Identifier<Feature>, value: EntitlementValue, ruleID: Identifier<Rule>,
        usageExceededRuleID: Identifier<Rule>, createdAt: Timestamp
    ) {
        self.id = id
        self.planID = planID
        self.versionID = versionID
        self.featureID = featureID
        self.value = value
        self.ruleID = ruleID
        self.usageExceededRuleID = usageExceededRuleID
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

extension PlanEntitlement {
    /// What use of the feature costs at an interval and in a currency; nil when it is included.
    public func price(every interval: PriceInterval, in currency: Currency) -> MeteredPrice? {
        meteredPrices.first { $0.interval == interval && $0.currency == currency }
    }

    /// Its prices in the currency that is named first.
    public var pricesOfFirstCurrency: [MeteredPrice] {
        meteredPrices.filter { $0.currency == meteredPrices[0].currency }
    }

    /// What use of the feature costs in a subscription; nil when it is included.
    public func price(for subscription: Subscription) -> MeteredPrice? {
        price(every: subscription.interval, in: subscription.currency)
    }

    /// Whether use is charged afterwards, from the metered quantity.
    public var isBilledInArrears: Bool { priceBehavior != nil && priceBehavior != .payInAdvance }
}

/// The price of a feature's use for one billing interval.
public struct MeteredPrice: Codable, Sendable {
    /// On the wire a metered price is a price like any other.
    public let id: Identifier<Price>
    public var interval: PriceInterval
    public var currency: Currency
    public var model: PriceModel
    /// The least that a billing period's use costs, in minor units: what is missing is a commitment line.
    public var minimumAmount: Int64?
    /// The most that it costs after discounts, in minor units.
    public var maximumAmount: Int64?

    public init(id: Identifier<Price>, interval: PriceInterval, _ price: CommonPrice) {
        self.id = id
        self.interval = interval
        self.currency = price.currency
        self.model = price.model
        self.minimumAmount = price.minimumAmount
        self.maximumAmount = price.maximumAmount
    }

    /// What it says apart from its interval.
    public var common: CommonPrice {
        CommonPrice(currency: currency, model: model, minimumAmount: minimumAmount, maximumAmount: maximumAmount)
    }
}

/// What use of a feature costs in a currency, whatever the interval.
public struct CommonPrice: Codable, Hashable, Sendable {
    public var currency: Currency
    public var model: PriceModel
    public var minimumAmount: Int64?
    public var maximumAmount: Int64?

    public init(
        currency: Currency, model: PriceModel, minimumAmount: Int64? = nil, maximumAmount: Int64? = nil
    ) {
        self.currency = currency
        self.model = model
        self.minimumAmount = minimumAmount
        self.maximumAmount = maximumAmount
    }
}

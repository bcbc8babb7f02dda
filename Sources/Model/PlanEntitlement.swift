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
    /// The price for each billing interval of the plan; empty when included.
    public var meteredPrices: [MeteredPrice] = []
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

    public init(id: Identifier<Price>, interval: PriceInterval, currency: Currency, model: PriceModel) {
        self.id = id
        self.interval = interval
        self.currency = currency
        self.model = model
    }
}

public import Basics
public import Model
internal import Store

/// What a plan is to grant of a feature, and at what price, as people write it.
public struct EntitlementInput: Codable, Sendable {
    /// Minor units for each interval. One that is given alone counts for every interval.
    public struct UnitPrices: Codable, Sendable {
        public var monthly: Decimal?
        public var quarterly: Decimal?
        public var yearly: Decimal?

        public init(monthly: Decimal? = nil, quarterly: Decimal? = nil, yearly: Decimal? = nil) {
            self.monthly = monthly
            self.quarterly = quarterly
            self.yearly = yearly
        }
    }

    /// `all` counts for every interval that has none of its own.
    public struct Tiers: Codable, Sendable {
        public var all: [PriceTier]?
        public var monthly: [PriceTier]?
        public var quarterly: [PriceTier]?
        public var yearly: [PriceTier]?

        public init(
            all: [PriceTier]? = nil, monthly: [PriceTier]? = nil, quarterly: [PriceTier]? = nil,
            yearly: [PriceTier]? = nil
        ) {
            self.all = all
            self.monthly = monthly
            self.quarterly = quarterly
            self.yearly = yearly
        }
    }

    public var valueType: EntitlementValueType
    public var valueBool: Bool?
    public var valueNumeric: Int64?
    public var valueTraitID: Identifier<TraitDefinition>?
    public var metricPeriod: MetricPeriod?
    public var metricPeriodMonthReset: MetricPeriodMonthReset?
    /// Nil: included in the plan.
    public var priceBehavior: PriceBehavior?
    /// Overage: the included quantity.
    public var softLimit: Int64?
    /// Pay in advance: the quantity of a subscription that names none.
    public var usageQuantity: Int64?
    public var tierMode: TierMode?
    /// Nil: that of the plan's prices, else US dollars.
    public var currency: Currency?
    public var unitPrices = UnitPrices()
    public var tiers = Tiers()
    /// Whether the flat amount of the first tier is charged without use.
    public var flatAtZero = false

    public init(valueType: EntitlementValueType) {
        self.valueType = valueType
    }
}

extension EntitlementInput {
    /// Writes the input into an entitlement of a draft.
    func apply(
        to entitlement: inout PlanEntitlement, _ feature: Feature, _ draft: PlanVersion, _ transaction: Transaction
    ) throws {
        entitlement.value = try value(for: feature, transaction)
        try checkStrayFields()
        let models = try priceModels(for: feature)
        let currency = try currency(in: draft)
        let former = entitlement.meteredPrices
        entitlement.meteredPrices = models.map { interval, model in
            let same = former.first { $0.interval == interval && $0.currency == currency }
            return MeteredPrice(
                id: same?.id ?? transaction.newID(), interval: interval, currency: currency, model: model)
        }
        entitlement.priceBehavior = priceBehavior
        entitlement.softLimit = softLimit
        entitlement.usageQuantity = usageQuantity
        entitlement.tierMode = tierMode
        entitlement.updatedAt = transaction.now
        try transaction.put(entitlement)
    }

    /// The value as stored. A price behaviour decides its type. Rule: Schematic, "Entitlements", coercion on write.
    private func value(for feature: Feature, _ transaction: Transaction) throws -> EntitlementValue {
        var value = EntitlementValue(type: valueType)
        value.metricPeriod = metricPeriod
        value.metricPeriodMonthReset = metricPeriodMonthReset
        switch priceBehavior {
        case nil:
            value.bool = valueBool
            value.numeric = valueNumeric
            value.traitID = valueTraitID
            return try value.checked(for: feature, transaction)
        case .payInAdvance:
            value.type = .trait
        case .payAsYouGo, .overage, .tier:
            let limit = valueNumeric ?? 0
            guard limit >= 0 else { throw Refusal.invalid("value_numeric cannot be negative, as \(limit) is") }
            value.type = limit > 0 ? .numeric : .unlimited
            if limit > 0 { value.numeric = limit }
            if limit > 0, let softLimit, limit < softLimit {
                throw Refusal.invalid("the hard limit of \(limit) lies below the soft limit of \(softLimit)")
            }
        }
        try value.checkWindow(for: feature)
        return value
    }

    /// Refuses what the price behaviour would ignore: a price that silently does not count is worse than an error.
    private func checkStrayFields() throws(Refusal) {
        let behavior = priceBehavior.map { "price_behavior \($0.rawValue)" } ?? "no price_behavior"
        if softLimit != nil, priceBehavior != .overage {
            throw .invalid("soft_limit is for price_behavior overage, there is \(behavior)")
        }
        if usageQuantity != nil, priceBehavior != .payInAdvance {
            throw .invalid("usage_quantity is for price_behavior pay_in_advance, there is \(behavior)")
        }
        if tierMode != nil || tiers.areGiven, priceBehavior != .tier {
            throw .invalid("tiers are for price_behavior tier, there is \(behavior)")
        }
        if unitPrices.areGiven, priceBehavior == nil || priceBehavior == .tier {
            throw .invalid("unit prices are for pay_in_advance, pay_as_you_go and overage, there is \(behavior)")
        }
        if let softLimit, softLimit < 0 { throw .invalid("soft_limit cannot be negative, as \(softLimit) is") }
        if let usageQuantity, usageQuantity < 0 {
            throw .invalid("usage_quantity cannot be negative, as \(usageQuantity) is")
        }
    }

    private func currency(in draft: PlanVersion) throws(Refusal) -> Currency {
        guard let currency else { return draft.prices.first?.currency ?? .usd }
        guard draft.prices.isEmpty || draft.prices.contains(where: { $0.currency == currency }) else {
            throw .invalid("the plan has no price in \(currency.code), only in \(draft.prices[0].currency.code)")
        }
        return currency
    }
}

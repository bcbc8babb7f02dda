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

    /// The prices in one more currency. What stands here counts in place of what the input says for its own.
    public struct CurrencyPrices: Codable, Sendable {
        public var currency: Currency
        public var unitPrices: UnitPrices
        public var tiers: Tiers
        public var percentage: PercentagePrice?
        public var minimumAmount: Int64?
        public var maximumAmount: Int64?

        public init(currency: Currency, unitPrices: UnitPrices = UnitPrices(), tiers: Tiers = Tiers()) {
            self.currency = currency
            self.unitPrices = unitPrices
            self.tiers = tiers
        }

        var areGiven: Bool { unitPrices.areGiven || tiers.areGiven }
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
    public var currencyPrices: [CurrencyPrices]?
    /// How many units one unit price is for.
    public var packageSize: Int64?
    /// Nil: a package that is begun counts.
    public var packageRounding: PackageRounding?
    /// Units that are not billed in a period.
    public var freeQuantity: Decimal?
    /// In place of a unit price: a part of each event.
    public var percentage: PercentagePrice?
    /// The least and the most that a period's use costs, in minor units.
    public var minimumAmount: Int64?
    public var maximumAmount: Int64?
    /// Minor units of use that is not billed yet at which it is billed at once.
    public var billingThreshold: Int64?
    public var overageCadence: OverageCadence?
    public var overageAnchor: OverageAnchor?

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
        let prices = try prices(for: feature, in: currency ?? draft.prices.first?.currency ?? .usd)
        for price in prices { try check(price.currency, in: draft) }
        if feature.eventsMeterID == nil, prices.contains(where: \.isPercentage) {
            var feature = feature
            try transaction.keepEachEvent(of: &feature)
            try transaction.put(feature)
        }
        let former = entitlement.meteredPrices
        entitlement.meteredPrices = prices.flatMap(\.byInterval).map { interval, price in
            let same = former.first { $0.interval == interval && $0.currency == price.currency }
            return MeteredPrice(id: same?.id ?? transaction.newID(), interval: interval, price)
        }
        let common = prices.compactMap(\.common)
        entitlement.commonPrices = common.isEmpty ? nil : common
        entitlement.packageSize = packageSize
        entitlement.packageRounding = packageRounding
        entitlement.freeQuantity = freeQuantity
        entitlement.billingThreshold = billingThreshold
        entitlement.overageCadence = overageCadence
        entitlement.overageAnchor = overageAnchor
        entitlement.priceBehavior = priceBehavior
        entitlement.softLimit = softLimit
        entitlement.usageQuantity = usageQuantity
        entitlement.tierMode = tierMode
        entitlement.updatedAt = transaction.now
        try transaction.put(entitlement)
    }

    /// The value as stored. A price behaviour decides its type. Rule: Schematic, "Entitlements", coercion on write.
    private func value(for feature: Feature, _ transaction: Transaction) throws -> EntitlementValue {
        guard feature.type != .license || priceBehavior == .payInAdvance else {
            throw Refusal.invalid(
                "\"\(feature.name)\" is a licence, which is bought ahead: price_behavior must be pay_in_advance")
        }
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
            value.traitID = feature.usageLimitTraitID
        case .payAsYouGo, .overage, .tier:
            let limit = valueNumeric ?? 0
            guard limit >= 0 else { throw Refusal.invalid("value_numeric cannot be negative, as \(limit) is") }
            value.type = limit > 0 ? .numeric : .unlimited
            if limit > 0 { value.numeric = limit }
            if limit > 0, let softLimit, limit < softLimit {
                throw Refusal.invalid(
                    "the hard limit, value_numeric, of \(limit) lies below the soft_limit of \(softLimit)")
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
        let others = currencyPrices ?? []
        if tierMode != nil || tiers.areGiven || others.contains(where: \.tiers.areGiven), priceBehavior != .tier {
            throw .invalid("tiers are for price_behavior tier, there is \(behavior)")
        }
        let haveUnits = unitPrices.areGiven || others.contains { $0.unitPrices.areGiven }
        if haveUnits, priceBehavior == nil || priceBehavior == .tier {
            throw .invalid("unit prices are for pay_in_advance, pay_as_you_go and overage, there is \(behavior)")
        }
        try checkStrayModifiers(behavior)
        if let softLimit, softLimit < 0 { throw .invalid("soft_limit cannot be negative, as \(softLimit) is") }
        if let usageQuantity, usageQuantity < 0 {
            throw .invalid("usage_quantity cannot be negative, as \(usageQuantity) is")
        }
    }

    /// The same for what changes a price.
    private func checkStrayModifiers(_ behavior: String) throws(Refusal) {
        let isArrears = priceBehavior != nil && priceBehavior != .payInAdvance
        let fields: [(String, Bool)] = [
            ("percentage", percentage != nil), ("free_quantity", freeQuantity ?? 0 != 0),
            ("minimum_amount", minimumAmount != nil), ("maximum_amount", maximumAmount != nil),
            ("billing_threshold", billingThreshold != nil), ("overage_billing_cadence", overageCadence?.months != nil),
        ]
        if let billingThreshold, billingThreshold < 1 {
            throw .invalid("billing_threshold must be at least 1, not \(billingThreshold)")
        }
        if !isArrears, let stray = fields.first(where: \.1) {
            throw .invalid("\(stray.0) is for pay_as_you_go, overage and tier, there is \(behavior)")
        }
        if priceBehavior == nil, currencyPrices?.isEmpty == false {
            throw .invalid("currency_prices need a price_behavior")
        }
        guard let packageSize else {
            if packageRounding != nil { throw .invalid("package_rounding needs a package_size") }
            return
        }
        guard packageSize >= 1 else { throw .invalid("package_size must be at least 1, not \(packageSize)") }
        if packageSize > 1, priceBehavior != .payAsYouGo, priceBehavior != .overage {
            throw .invalid("package_size is for price_behavior pay_as_you_go and overage, there is \(behavior)")
        }
    }

    private func check(_ currency: Currency, in draft: PlanVersion) throws(Refusal) {
        guard draft.prices.isEmpty || draft.prices.contains(where: { $0.currency == currency }) else {
            throw .invalid("the plan has no price in \(currency.code), only in \(draft.prices[0].currency.code)")
        }
    }
}

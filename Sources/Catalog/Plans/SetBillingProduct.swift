public import Basics
public import Model
public import Store

/// A base fee for one interval.
public struct PriceInput: Codable, Hashable, Sendable {
    public var interval: PriceInterval
    /// Whole minor units.
    public var amount: Int64
    public var currency: Currency

    public init(interval: PriceInterval, amount: Int64, currency: Currency) {
        self.interval = interval
        self.amount = amount
        self.currency = currency
    }

    /// The field that it is given in.
    fileprivate var field: String {
        switch interval {
        case .monthly: "monthly_price"
        case .quarterly: "quarterly_price"
        case .yearly: "yearly_price"
        case .oneTime: "one_time_price"
        default: "price of prices"
        }
    }
}

/// Sets how a plan is charged, in its draft. All prices are replaced; one of the same interval and currency keeps its
/// id.
public struct SetBillingProduct: Command {
    public static var name: String { "set_billing_product" }

    public var planID: Identifier<Plan>
    public var chargeType: ChargeType
    public var billingStrategy = BillingStrategy.schematicManaged
    public var isTrialable = false
    public var trialDays: Int64?
    public var prices: [PriceInput] = []

    public init(planID: Identifier<Plan>, chargeType: ChargeType) {
        self.planID = planID
        self.chargeType = chargeType
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersion {
        var plan = try transaction.require(planID, "plan")
        try checkPrices()
        if let trialDays, !(0...730).contains(trialDays) {
            throw Refusal.invalid("trial_days must be 0 to 730, not \(trialDays)")
        }
        var draft = try transaction.draft(of: &plan)
        draft.chargeType = chargeType
        draft.billingStrategy = billingStrategy
        draft.isTrialable = isTrialable
        draft.trialDays = trialDays
        let former = draft.prices
        draft.prices = prices.map { input in
            let same = former.first { $0.interval == input.interval && $0.currency == input.currency }
            return Price(
                id: same?.id ?? transaction.newID(), interval: input.interval, amount: input.amount,
                currency: input.currency)
        }
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        return draft
    }

    private func checkPrices() throws(Refusal) {
        guard prices.count <= Limits.prices else {
            throw .invalid("a plan has at most \(Limits.prices) prices, not \(prices.count)")
        }
        for price in prices {
            guard price.amount >= 0 else {
                throw .invalid("\(price.field) cannot be negative, as \(price.amount) is")
            }
            let range = price.interval.allowedCounts
            guard range.contains(price.interval.count) else {
                throw .invalid(
                    "interval_count must be 1 to \(range.upperBound) for \(price.interval.unit.rawValue)s, not "
                        + "\(price.interval.count)")
            }
            try checkCharge(of: price)
        }
        if let twice = prices.map({ "\($0.interval.text) in \($0.currency.code)" }).firstDuplicate {
            throw .invalid("there are two prices for \(twice)")
        }
        if prices.isEmpty, chargeType == .recurring || chargeType == .oneTime {
            throw .invalid("a plan with charge_type \(chargeType.rawValue) needs a price")
        }
    }

    private func checkCharge(of price: PriceInput) throws(Refusal) {
        let fits =
            switch chargeType {
            case .recurring: price.interval.unit != .oneTime
            case .oneTime: price.interval.unit == .oneTime
            case .free, .none: price.amount == 0
            }
        guard fits else {
            throw .invalid(
                "a plan with charge_type \(chargeType.rawValue) cannot have a \(price.interval.text) price of "
                    + "\(price.amount)"
            )
        }
    }
}

extension PriceInterval {
    /// As a sentence names it: `month`, `3 months`, `one-time`.
    package var text: String {
        count == 1 ? unit.rawValue : "\(count) \(unit.rawValue)s"
    }

    /// At most three years.
    fileprivate var allowedCounts: ClosedRange<Int64> {
        switch unit {
        case .day: 1...1096
        case .week: 1...156
        case .month: 1...36
        case .year: 1...3
        case .oneTime: 1...1
        }
    }
}

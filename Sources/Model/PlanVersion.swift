public import Basics

public enum PlanVersionStatus: String, Codable, Sendable, CaseIterable {
    case draft, published, archived
}

/// One edition of a plan: its prices and, by reference, its entitlements. Only a draft changes.
public struct PlanVersion: Codable, Sendable, Identified {
    public static let idPrefix = "plvr"

    public let id: Identifier<PlanVersion>
    public let planID: Identifier<Plan>
    /// 1, 2, 3 … within the plan.
    public let number: Int64
    public var status: PlanVersionStatus
    public var chargeType = ChargeType.none
    public var billingStrategy = BillingStrategy.schematicManaged
    public var isTrialable = false
    public var trialDays: Int64?
    public var prices: [Price] = []
    public var entitlementIDs: [Identifier<PlanEntitlement>] = []
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<PlanVersion>, planID: Identifier<Plan>, number: Int64, createdAt: Timestamp) {
        self.id = id
        self.planID = planID
        self.number = number
        self.status = .draft
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

/// How often a price recurs.
public struct PriceInterval: Codable, Sendable, Hashable {
    public enum Unit: String, Codable, Sendable, CaseIterable {
        case day, week, month, year
        case oneTime = "one-time"
    }

    public var unit: Unit
    public var count: Int64

    public init(_ unit: Unit, count: Int64 = 1) {
        self.unit = unit
        self.count = count
    }

    public static let monthly = PriceInterval(.month)
    public static let quarterly = PriceInterval(.month, count: 3)
    public static let yearly = PriceInterval(.year)
    public static let oneTime = PriceInterval(.oneTime)
}

/// The base fee of a plan version for one interval.
public struct Price: Codable, Sendable, Identified {
    public static let idPrefix = "bilpp"

    public let id: Identifier<Price>
    public var interval: PriceInterval
    /// Whole minor units.
    public var amount: Int64
    public var currency: Currency

    public init(id: Identifier<Price>, interval: PriceInterval, amount: Int64, currency: Currency) {
        self.id = id
        self.interval = interval
        self.amount = amount
        self.currency = currency
    }
}

public import Basics

public enum ScheduledCheckoutStatus: String, Codable, Sendable, CaseIterable {
    case cancelled, error, executing, pending, success
}

/// A plan change that waits for its instant: mostly a downgrade, for the end of the billing period.
///
/// Source of the rule: Schematic, scheduled changes, PC-55.
public struct ScheduledCheckout: Codable, Sendable, Identified {
    public static let idPrefix = "schk"

    public let id: Identifier<ScheduledCheckout>
    public let companyID: Identifier<Company>
    public let fromPlanID: Identifier<Plan>
    public let toPlanID: Identifier<Plan>
    /// What is to be paid; nil: what the plan would cost whoever names no price.
    public var priceID: Identifier<Price>?
    public var quantities: [ScheduledQuantity] = []
    public var addOns: [ScheduledAddOn] = []
    /// To be redeemed then, by its external id or ours.
    public var coupon: String?
    public var executeAfter: Timestamp
    public var status = ScheduledCheckoutStatus.pending
    /// What is recorded of the change when it happens.
    public let cause: PlanChangeCause
    public var completedAt: Timestamp?
    public var errorMessage: String?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<ScheduledCheckout>, companyID: Identifier<Company>, from: Identifier<Plan>,
        to: Identifier<Plan>, executeAfter: Timestamp, cause: PlanChangeCause, createdAt: Timestamp
    ) {
        self.id = id
        self.companyID = companyID
        fromPlanID = from
        toPlanID = to
        self.executeAfter = executeAfter
        self.cause = cause
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// Units to buy ahead at a price.
public struct ScheduledQuantity: Codable, Sendable, Equatable {
    public let priceID: Identifier<Price>
    public let quantity: Int64

    public init(priceID: Identifier<Price>, quantity: Int64) {
        self.priceID = priceID
        self.quantity = quantity
    }
}

public struct ScheduledAddOn: Codable, Sendable, Equatable {
    public let planID: Identifier<Plan>
    public let priceID: Identifier<Price>?

    public init(planID: Identifier<Plan>, priceID: Identifier<Price>?) {
        self.planID = planID
        self.priceID = priceID
    }
}

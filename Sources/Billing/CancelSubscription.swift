public import Basics
internal import Catalog
public import Model
public import Store

/// Ends a company's subscription, now or at the end of its billing period.
public struct CancelSubscription: Command {
    public static let name = "cancel_subscription"

    public let companyID: Identifier<Company>
    /// False: the company keeps its plan until the period ends.
    public var immediately = true
    /// Whether what is unused of the prices paid ahead is credited to the customer balance. Nil is no.
    public var prorate: Bool?
    public var cause: PlanChangeCause?

    public init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> Company {
        let company = try transaction.require(companyID, "company")
        guard let subscriptionID = company.subscriptionID, var subscription = try transaction.get(subscriptionID) else {
            throw Refusal.conflict("company \(companyID) has no active subscription")
        }
        if immediately {
            let credits = prorate == true ? try subscription.unusedAdvance(transaction) : []
            try subscription.endBillingUsage(transaction)
            try subscription.credit(credits, transaction)
            try transaction.notePlanChange(
                of: companyID, from: company, because: cause ?? PlanChangeCause(.managePlan), .unsubscribe)
        } else {
            // Who leaves at the end of the period no longer wants what was to happen then.
            try transaction.cancelPendingCheckout(of: companyID)
            subscription.cancelAtPeriodEnd = true
            subscription.updatedAt = transaction.now
            try transaction.put(subscription)
        }
        return try transaction.require(companyID, "company")
    }
}

public import Basics
public import Model
public import Store

/// Sets how a plan is charged, and which product of a provider it is sold as. Companies that a provider sells the
/// product to come to the plan; those that it sold another one to leave it.
///
/// The link is the plan's, in all its versions, and counts at once; prices go into the draft.
public struct LinkBillingProduct: Command {
    public static var name: String { "link_billing_product" }

    /// The most companies that one link may move.
    package static let companyLimit = 10_000

    public var billing: SetBillingProduct
    /// The provider's id of it, or ours. Empty: no product any more.
    public var product: String
    /// Whom providers sell the old product to, or the new one.
    public var companyIDs: [Identifier<Company>] = []

    public init(billing: SetBillingProduct, product: String) {
        self.billing = billing
        self.product = product
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersion {
        let version = try billing.apply(transaction)
        var plan = try transaction.require(billing.planID, "plan")
        let linked = product.isEmpty ? nil : try transaction.require(BillingProduct.self, product, "billing product")
        if let linked, let other = try transaction.plan(soldAs: linked.id), other.id != plan.id {
            throw Refusal.conflict("plan \"\(other.name)\" is sold as product \(linked.externalID) already")
        }
        guard plan.billingProductID != linked?.id else { return version }
        plan.billingProductID = linked?.id
        plan.updatedAt = transaction.now
        try transaction.put(plan)
        try transaction.followMirror(ofAll: companyIDs)
        return version
    }
}

extension Transaction {
    /// Brings the plans of companies in line with what providers sell them, once another plan is sold as a product, or
    /// one that is sold can be given.
    func followMirror(ofAll companyIDs: [Identifier<Company>]) throws {
        let limit = LinkBillingProduct.companyLimit
        guard companyIDs.count <= limit else {
            throw Refusal.conflict(
                "\(companyIDs.count) companies would change their plan, more than the \(limit) allowed")
        }
        for companyID in companyIDs {
            try followMirror(of: companyID, because: PlanChangeCause(.planBillingProductChanged))
        }
    }
}

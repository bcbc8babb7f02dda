public import Basics
public import Model
public import Store

/// Makes a plan for one company alone, empty or with the content of another plan as it is now.
public struct CreateCustomPlan: Command {
    public static var name: String { "create_custom_plan" }

    public var plan: CreatePlan
    /// Its published version counts, else its draft.
    public var copiedFromID: Identifier<Plan>?
    /// Of the plan copied, the one price to take over; nil: all.
    public var copiedPriceID: Identifier<Price>?

    public init(plan: CreatePlan) {
        self.plan = plan
    }

    public func apply(_ transaction: Transaction) throws -> Plan {
        var plan = try self.plan.apply(transaction)
        guard let copiedFromID else {
            guard copiedPriceID == nil else { throw Refusal.invalid("copied_price_id needs a copied_from_plan_id") }
            return plan
        }
        guard let source = try transaction.get(copiedFromID) else {
            throw Refusal.notFound("copied_from_plan_id: plan \(copiedFromID) does not exist")
        }
        guard source.isFor(plan.companyID) else {
            throw Refusal.invalid("copied_from_plan_id: plan \"\(source.name)\" belongs to another company")
        }
        guard source.type == plan.type, let versionID = source.publishedVersionID ?? source.draftVersionID else {
            throw Refusal.invalid("copied_from_plan_id: \"\(source.name)\" is no base plan with a version to copy")
        }
        let original = try transaction.require(versionID, "plan version")
        var prices = original.prices
        if let copiedPriceID {
            prices = prices.filter { $0.id == copiedPriceID }
            guard !prices.isEmpty else {
                throw Refusal.invalid("copied_price_id: plan \"\(source.name)\" has no price \(copiedPriceID)")
            }
        }
        plan.copiedFromID = source.id
        try transaction.put(plan)
        var draft = try transaction.draft(of: &plan)
        draft.chargeType = original.chargeType
        draft.billingStrategy = original.billingStrategy
        draft.prices = prices.map {
            Price(id: transaction.newID(), interval: $0.interval, amount: $0.amount, currency: $0.currency)
        }
        for entitlement in try transaction.entitlements(of: original) {
            draft.entitlementIDs.append(try transaction.copy(entitlement, to: draft).id)
        }
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        return plan
    }
}

extension Plan {
    /// Whether a company may be on the plan: custom plans are for one alone.
    package func isFor(_ company: Identifier<Company>?) -> Bool {
        companyID == nil || companyID == company
    }
}

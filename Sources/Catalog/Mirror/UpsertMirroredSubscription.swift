public import Basics
public import Model
public import Store

/// Takes over what a billing provider says of a subscription, and gives the company the plan that follows from it.
///
/// News that are older than what is known change nothing (`isOlder`); the same news twice are as good as once.
/// Rule: Schematic, "Billing objects".
public struct UpsertMirroredSubscription: Command {
    public static var name: String { "upsert_mirrored_subscription" }

    public var externalID: String
    public var customerExternalID: String
    /// Whom it serves, where that is not the customer's company.
    public var companyID: Identifier<Company>?
    public var details: MirroredSubscription.Details
    public var cause: PlanChangeCause?

    public init(externalID: String, customerExternalID: String, details: MirroredSubscription.Details) {
        self.externalID = externalID
        self.customerExternalID = customerExternalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> MirroredSubscription {
        try check()
        var customer = try transaction.require(BillingCustomer.self, customerExternalID, "billing customer")
        guard customer.details.provider == details.provider else {
            throw Refusal.conflict(
                "customer \(customer.externalID) is one of \(customer.details.provider.rawValue), not of "
                    + details.provider.rawValue)
        }
        var subscription: MirroredSubscription
        if let known = try transaction.find(MirroredSubscription.self, externalID, of: customer, "subscription") {
            if details.isOlder(than: known.details) { return known }
            subscription = known
        } else {
            try transaction.checkRoom(in: customer.subscriptionIDs, of: "customer \(customer.externalID)")
            subscription = MirroredSubscription(
                id: transaction.newID(), externalID: externalID, customerExternalID: customer.externalID,
                details: details, createdAt: transaction.now)
            customer.subscriptionIDs.append(subscription.id)
            try transaction.put(customer)
            transaction.moveLapse(
                .mirroredSubscription, of: subscription.id.ordinal, from: nil, to: subscription.endsAt)
        }
        let endsAt = subscription.endsAt
        subscription.details = details
        subscription.namesCompany = subscription.namesCompany || companyID != nil
        subscription.updatedAt = transaction.now
        transaction.moveLapse(.mirroredSubscription, of: subscription.id.ordinal, from: endsAt, to: subscription.endsAt)
        try transaction.putExternal(subscription)
        let served = subscription.namesCompany ? subscription.companyID : try transaction.company(of: customer)
        try transaction.serve(
            companyID ?? served, by: &subscription, because: cause ?? PlanChangeCause(.subscriptionChange))
        return subscription
    }

    private func check() throws(Refusal) {
        try externalID.checkExternal("subscription_external_id")
        try details.interval.checkOptional(as: "interval", limit: Limits.nameBytes)
        try details.metadata.check(as: "subscription \(externalID)")
        guard details.products.count <= Limits.soldProducts else {
            throw .invalid(
                "product_external_ids has \(details.products.count) products, "
                    + "at most \(Limits.soldProducts) are allowed"
            )
        }
        guard details.discounts.count <= Limits.soldProducts else {
            throw .invalid(
                "discounts has \(details.discounts.count) of them, at most \(Limits.soldProducts) are allowed")
        }
        for product in details.products {
            try product.productExternalID.checkExternal("product_external_id")
            try product.priceExternalID.checkOptional(as: "price_external_id", limit: StoreKey.externalIDLimit)
            guard product.quantity >= 0 else {
                throw .invalid("quantity cannot be negative, as \(product.quantity) is")
            }
        }
        if let start = details.periodStart, let end = details.periodEnd, end < start {
            throw .invalid("period_end \(end.rfc3339) is before period_start \(start.rfc3339)")
        }
    }
}

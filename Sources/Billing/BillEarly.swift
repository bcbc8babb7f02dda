package import Basics
package import Model
package import Store

/// Bills the use of features whose amount that is not billed yet has reached their plan's billing threshold.
///
/// Sent after use of the company was counted. It writes nothing when no threshold is reached.
package struct BillReachedThresholds: Command {
    package static let name = "bill_reached_thresholds"

    package let companyID: Identifier<Company>

    package init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    package func apply(_ transaction: Transaction) throws -> Invoice? {
        guard let id = try transaction.get(companyID)?.subscriptionID,
            var subscription = try transaction.get(id)
        else { return nil }
        let invoice = try subscription.billEarly(transaction) { entitlement, amount in
            entitlement.billingThreshold.map { amount >= $0 } ?? false
        }
        if invoice != nil { try transaction.put(subscription) }
        return invoice
    }
}

/// Bills the use of features whose plan bills more often than its period ends, at such an instant, and makes the next
/// appointment. Of a subscription that has ended or changed since it does nothing.
package struct BillOverage: Command {
    package static let name = "bill_overage"

    package let subscriptionID: Identifier<Subscription>

    package init(subscriptionID: Identifier<Subscription>) {
        self.subscriptionID = subscriptionID
    }

    package func apply(_ transaction: Transaction) throws -> Invoice? {
        let now = transaction.now
        transaction.unschedule(DueItem(at: now, task: .billOverage, ordinal: subscriptionID.ordinal))
        guard var subscription = try transaction.get(subscriptionID) else { return nil }
        let due = subscription
        let invoice = try subscription.billEarly(transaction) { entitlement, _ in
            due.nextOverage(of: entitlement, after: now - Subscription.instant) == now
        }
        if invoice != nil { try transaction.put(subscription) }
        subscription.scheduleOverage(try BillingTerms(of: subscription, transaction), transaction)
        return invoice
    }
}

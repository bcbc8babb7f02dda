package import Basics
package import Model
package import Store

/// What a plan change would do and cost: read off the change itself, carried out on a transaction that is thrown away.
package struct PlanChangePreview: Sendable {
    package let outcome: ManagePlanOutcome
    /// The one that would bill; nil where none would.
    package internal(set) var subscription: Subscription?
    /// What the close of its running period would issue if nothing more happened.
    package internal(set) var upcoming: [InvoiceLine] = []
    /// Base fees and quantities bought ahead of one period.
    package internal(set) var totalPerPeriod: Int64 = 0
    /// What stands to the company's credit afterwards, in minor units.
    package internal(set) var balance: Int64 = 0
    package internal(set) var currency: Currency
    /// A customer would make it.
    package let isSelfServe: Bool
    /// The change redeems a coupon.
    package internal(set) var redeemsCoupon = false

    package var effect: PlanChangeEffect? { outcome.effect }
    /// Credit and charge for the rest of the running period.
    package var proration: Int64 { effect?.proration.reduce(0) { $0 + $1.amount } ?? 0 }
    /// What is to be paid at once, after what the balance pays.
    package var dueNow: Int64 { effect?.invoices.reduce(0) { $0 + max(0, $1.amountRemaining) } ?? 0 }
    /// What is charged at once beside proration.
    package var newCharges: Int64 {
        (effect?.invoices ?? []).flatMap(\.lines).filter { !$0.type.isProration }.reduce(0) { $0 + $1.amount }
    }
    /// Of what is billed at once: the taxes, contained ones included, and what discounts take away.
    package var tax: Int64 { effect?.invoices.reduce(0) { $0 + $1.tax } ?? 0 }
    package var discount: Int64 { effect?.invoices.reduce(0) { $0 + $1.discount } ?? 0 }

    /// The coupon that reduces what would be billed, at once or later.
    package func discount(at now: Timestamp) -> SubscriptionDiscount? {
        heldDiscount.flatMap { redeemsCoupon || $0.isActive(at: now) ? $0 : nil }
    }

    /// Of the subscription, else of what is paid once.
    fileprivate var heldDiscount: SubscriptionDiscount? {
        subscription?.discount ?? effect?.invoices.first?.terms?.discount
    }

    package var balanceApplied: Int64 {
        effect?.invoices.reduce(0) { $0 + max(0, $1.amountFromBalance) } ?? 0
    }
}

extension ManagePlan {
    /// - Parameter transaction: is not to be kept.
    package func preview(_ transaction: Transaction) throws -> PlanChangePreview {
        let before = try transaction.require(companyID, "company")
        let outcome = try apply(transaction, evenIfBlocked: true)
        let running = try outcome.company.subscriptionID.flatMap { try transaction.get($0) }
        let former = try before.subscriptionID.flatMap { try transaction.get($0) }
        let paidIn =
            running?.currency ?? former?.currency ?? outcome.effect?.invoices.first?.currency ?? .usd
        var preview = PlanChangePreview(
            outcome: outcome, subscription: running, currency: paidIn, isSelfServe: isSelfServe == true)
        preview.balance = try transaction.balance(of: companyID, in: paidIn)
        preview.redeemsCoupon =
            outcome.effect != nil && preview.heldDiscount != nil && (couponExternalID ?? promoCode) != nil
        guard let running, outcome.effect != nil else { return preview }
        let terms = try BillingTerms(of: running, transaction)
        preview.totalPerPeriod = try running.advanceLines(for: running.period, terms, transaction)
            .reduce(0) { $0 + $1.amount }
        let close = ClosePeriod(subscriptionID: running.id)
        preview.upcoming = try close.apply(transaction.rehearsal(at: running.period.end))?.lines ?? []
        return preview
    }
}

extension InvoiceLineType {
    var isProration: Bool { self == .prorationCredit || self == .prorationCharge }
}

package import Basics
package import Model
package import Store

/// Ends the billing periods of several subscriptions that all end now: the same as one `ClosePeriod` after another, in
/// one step, for what it saves.
///
/// When one of them is refused, all are: then close them one by one.
package struct ClosePeriods: Command {
    package static let name = "close_periods"

    /// Of the subscriptions. Plain numbers, as thousands of ids take their time to be encoded.
    private let subscriptionIDs: [UInt64]
    /// Up to then nothing else falls due: an invoice whose grace is over by then is final at once, as of the end of its
    /// grace, and never a draft. Numbers come in the same order as if it had been one. Nil: all are drafts first.
    package let quietUntil: Timestamp?

    package init(subscriptionIDs: [Identifier<Subscription>], quietUntil: Timestamp?) {
        self.subscriptionIDs = subscriptionIDs.map(\.ordinal)
        self.quietUntil = quietUntil
    }

    /// How many invoices were made.
    package func apply(_ transaction: Transaction) throws -> Int {
        var shelf = TermsShelf()
        let finality = try Finality.afterGrace(transaction, quietUntil: quietUntil)
        var invoices = 0
        // Of each: the subscription, its two appointments, and the invoice in its two places.
        transaction.expectWrites(subscriptionIDs.count * 6)
        for ordinal in subscriptionIDs {
            let command = ClosePeriod(subscriptionID: Identifier(ordinal: ordinal))
            if try command.apply(transaction, &shelf, finality) != nil { invoices += 1 }
        }
        return invoices
    }
}

/// Finalises several drafts whose grace is over now: the same as one `FinalizeInvoice` after another.
package struct FinalizeInvoices: Command {
    package static let name = "finalize_invoices"

    package let invoiceIDs: [Identifier<Invoice>]

    package init(invoiceIDs: [Identifier<Invoice>]) {
        self.invoiceIDs = invoiceIDs
    }

    package func apply(_ transaction: Transaction) throws {
        for id in invoiceIDs { _ = try FinalizeInvoice(invoiceID: id, isDue: true).apply(transaction) }
    }
}

/// When an invoice that is issued now becomes final.
struct Finality {
    let at: Timestamp
    /// It is final as soon as it is issued, and never a draft.
    let isReached: Bool

    /// After the environment's grace.
    ///
    /// - Parameter quietUntil: see `ClosePeriods`.
    static func afterGrace(_ transaction: Transaction, quietUntil: Timestamp? = nil) throws -> Finality {
        let settings = try transaction.environment().billing
        let end = transaction.now + .seconds(settings.invoiceGraceSeconds)
        return Finality(at: end, isReached: settings.autoFinalize && quietUntil.map { end <= $0 } ?? false)
    }

    static func now(_ transaction: Transaction) throws -> Finality {
        Finality(at: transaction.now, isReached: try transaction.environment().billing.autoFinalize)
    }
}

/// The terms that one command has looked up. Most subscriptions that are closed together have them in common.
struct TermsShelf {
    private struct Key: Equatable {
        let version: Identifier<PlanVersion>
        let price: Identifier<Price>
        let addOns: [SubscribedAddOn]
    }

    /// Few; those that were asked for last come first.
    private var known: [(key: Key, terms: BillingTerms)] = []

    mutating func terms(of subscription: Subscription, _ transaction: Transaction) throws -> BillingTerms {
        let key = Key(
            version: subscription.versionID, price: subscription.priceID, addOns: subscription.addOns)
        if let place = known.firstIndex(where: { $0.key == key }) {
            if place > 0 { known.swapAt(place, 0) }
            return known[0].terms
        }
        let terms = try BillingTerms(of: subscription, transaction)
        known.insert((key, terms), at: 0)
        return terms
    }
}

package import Basics
internal import Catalog
package import Model
package import Store

/// Ends the billing period whose end is now: one draft invoice with the usage of that period and the base fee of the
/// next.
///
/// Given to a subscription that has been closed up to here already, or has ended, it does nothing: so running the
/// closer twice, or killing it anywhere and running it again, issues each invoice once.
package struct ClosePeriod: Command {
    package static let name = "close_period"

    package let subscriptionID: Identifier<Subscription>

    package init(subscriptionID: Identifier<Subscription>) {
        self.subscriptionID = subscriptionID
    }

    /// The invoice, or nil when there was nothing to close.
    package func apply(_ transaction: Transaction) throws -> Invoice? {
        var shelf = TermsShelf()
        return try apply(transaction, &shelf, .afterGrace(transaction))
    }

    /// - Parameter target: what the subscription comes to before the next period begins; nil: it stays as it is.
    func apply(
        _ transaction: Transaction, _ shelf: inout TermsShelf, _ finality: Finality,
        taking target: PlanChoice.Target? = nil
    ) throws -> Invoice? {
        transaction.unschedule(DueItem(at: transaction.now, task: .closePeriod, ordinal: subscriptionID.ordinal))
        guard var subscription = try transaction.get(subscriptionID), subscription.status == .active else { return nil }
        let periods = subscription.periods
        let ended = periods.period(subscription.periodIndex)
        let company = try transaction.billing(of: subscription.companyID)
        guard ended.end == transaction.now, try !transaction.hasCheckoutNow(of: company) else { return nil }
        var terms = try shelf.terms(of: subscription, transaction)
        var lines = try subscription.arrearsLines(
            for: ended, metered: subscription.metered(in: ended), terms, transaction)
        if subscription.cancelAtPeriodEnd {
            let before = try transaction.require(subscription.companyID, "company")
            let invoice = try subscription.end(issuing: lines, for: ended, finality, transaction)
            try transaction.notePlanChange(
                of: before.id, from: before, because: PlanChangeCause(.subscriptionChange, by: .system), .unsubscribe)
            return invoice
        }
        if try subscription.takeAwaitedVersion(transaction) {
            terms = try shelf.terms(of: subscription, transaction)
        }
        if let target, let price = target.price {
            subscription.take(target, price)
            terms = try shelf.terms(of: subscription, transaction)
        }
        subscription.periodIndex += 1
        let next = periods.period(subscription.periodIndex)
        lines += try subscription.advanceLines(for: next, terms, transaction)
        let invoice = try subscription.issue(lines, for: ended, to: company, finality, transaction)
        subscription.advanceInvoices = AdvanceInvoices(opening: invoice.id)
        subscription.updatedAt = transaction.now
        try transaction.put(subscription)
        transaction.schedule(DueItem(at: next.end, task: .closePeriod, ordinal: subscriptionID.ordinal))
        subscription.scheduleOverage(terms, transaction)
        return invoice
    }
}

extension Subscription {
    /// Everything that a period's end charges for what lies behind it.
    ///
    /// - Parameter metered: the stretch whose use is billed: nearly always the period itself.
    mutating func arrearsLines(
        for period: Period, metered: Period, _ terms: BillingTerms, _ transaction: Transaction
    ) throws -> [InvoiceLine] {
        var lines = try usageLines(for: period, metered: metered, terms, transaction)
        billedEarly = []
        lines += try correctionLines(transaction)
        lines += pendingLines
        pendingLines = []
        forgetOldPeriods(transaction.now)
        return lines
    }

    /// Events of a trusted clock reach 34 days back: what ended before that cannot change any more.
    static let mostLate = TimeSpan.days(35)

    mutating func forgetOldPeriods(_ now: Timestamp) {
        billedPeriods.removeAll { $0.period.end < now - Self.mostLate }
    }

    /// Makes a draft invoice and its appointment for finalisation, or an invoice that is final already. The
    /// subscription, which is to be put afterwards, remembers it when usage may still change what it bills.
    ///
    /// - Parameter company: nil where it has not been read yet.
    mutating func issue(
        _ lines: [InvoiceLine], for period: Period, to company: CompanyBilling? = nil, _ finality: Finality,
        _ transaction: Transaction
    ) throws -> Invoice {
        let company = try company ?? transaction.requireBilling(of: companyID)
        var invoice = Invoice(
            id: transaction.newID(), environmentID: environmentID, companyID: companyID, subscriptionID: id,
            currency: currency, period: period, lines: lines, finalizesAt: finality.at,
            profile: company.profile, createdAt: transaction.now)
        try invoice.issue(
            finality, discount.flatMap { $0.isActive(at: transaction.now) ? $0 : nil }, to: company, transaction)
        noteDiscount(of: invoice, at: transaction.now)
        if lines.indices.contains(where: { lines[$0].type == .usage && lines[$0].usageBasis?.isEarly != true }) {
            billedPeriods.append(BilledPeriod(period: period, invoiceID: invoice.id))
        }
        return invoice
    }

    /// Ends the subscription now, with a last invoice when there is something to charge.
    @discardableResult
    mutating func end(
        issuing lines: [InvoiceLine], for period: Period, _ finality: Finality, _ transaction: Transaction
    ) throws -> Invoice? {
        transaction.unschedule(appointment)
        status = .canceled
        endedAt = endedAt ?? transaction.now
        updatedAt = transaction.now
        let invoice = lines.isEmpty ? nil : try issue(lines, for: period, finality, transaction)
        if !billedPeriods.isEmpty { scheduleCorrections(at: transaction.now + Self.mostLate, transaction) }
        try transaction.put(self)
        try transaction.cancelPendingCheckout(of: companyID)
        var company = try transaction.require(companyID, "company")
        company.subscriptionID = nil
        company.endedSubscriptionIDs.append(id)
        company.plan = try PlanGroup.fallback(transaction)
        company.addOns = []
        company.updatedAt = transaction.now
        try transaction.put(company)
        return invoice
    }
}

extension Invoice {
    /// Agrees on the terms, makes the lines that follow from the others, and puts it: final where its grace is over,
    /// else a draft with an appointment for that.
    mutating func issue(
        _ finality: Finality, _ discount: SubscriptionDiscount?, to company: CompanyBilling, _ transaction: Transaction
    ) throws {
        terms = InvoiceTerms(discount: discount, taxRates: company.profile.taxRates ?? [])
        try deriveLines(transaction)
        transaction.indexInvoice(id, of: companyID)
        if finality.isReached { return try finalize(at: finality.at, to: company, transaction) }
        try checkTotal()
        transaction.schedule(DueItem(at: finality.at, task: .finalizeInvoice, ordinal: id.ordinal))
        try transaction.put(self)
    }

    /// Refuses a sum that minor units cannot hold, before it is stored.
    func checkTotal() throws {
        var sum: Int64 = 0
        for index in lines.indices {
            let (next, overflow) = sum.addingReportingOverflow(lines[index].amount)
            guard !overflow else { throw ArithmeticOverflow("the total of invoice \(id)") }
            sum = next
        }
    }
}

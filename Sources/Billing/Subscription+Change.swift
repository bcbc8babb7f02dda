internal import Basics
internal import Model
internal import Rating
internal import Store

extension Subscription {
    /// Moves the subscription to a plan that is not cheaper: same periods, usage re-rated at the period's end, base
    /// prorated by the second.
    mutating func change(
        to target: PlanChoice.Target, _ price: Price, _ transaction: Transaction
    ) throws {
        let before = try BillingTerms(of: self, transaction)
        // A period that could not be closed yet has no rest.
        let rest = Period(start: min(transaction.now, period.end), end: period.end)
        let credits = try advanceLines(for: rest, before, transaction)
        planID = target.plan.id
        versionID = target.version.id
        priceID = price.id
        payInAdvance = target.payInAdvance
        addOns = target.subscribedAddOns
        // Whoever chooses a plan wants to stay.
        cancelAtPeriodEnd = false
        let charges = try advanceLines(for: rest, BillingTerms(of: self, transaction), transaction)
        pendingLines += try Self.prorated(credits, against: charges, in: period)
        updatedAt = transaction.now
        try transaction.put(self)
    }

    /// Credit and charge for the rest of the period; what is the same before and after cancels out and is left away.
    private static func prorated(
        _ credits: [InvoiceLine], against charges: [InvoiceLine], in period: Period
    ) throws -> [InvoiceLine] {
        let same: (InvoiceLine, InvoiceLine) -> Bool = {
            ($0.type, $0.entitlementID, $0.versionID, $0.amount) == ($1.type, $1.entitlementID, $1.versionID, $1.amount)
        }
        let credit = credits.filter { line in !charges.contains { same($0, line) } }
        let charge = charges.filter { line in !credits.contains { same($0, line) } }
        return try credit.map { try $0.prorated(as: .prorationCredit, sign: -1, of: period) }
            + charge.map { try $0.prorated(as: .prorationCharge, sign: 1, of: period) }
    }

    /// Ends the subscription now and bills what was used until now.
    ///
    /// No other period begins here, so what was used in this very millisecond counts too.
    mutating func endBillingUsage(_ transaction: Transaction) throws {
        let terms = try BillingTerms(of: self, transaction)
        let used = Period(start: period.start, end: max(transaction.now, period.start))
        let metered = Period(
            start: meteredPeriod.start, end: max(transaction.now + Self.instant, meteredPeriod.start))
        hasBilledItsEnd = true
        let lines = try arrearsLines(for: used, metered: metered, terms, transaction)
        try end(issuing: lines, for: used, .afterGrace(transaction), transaction)
    }
}

extension InvoiceLine {
    /// The line's price for the rest of a period, as credit or charge.
    fileprivate func prorated(as type: InvoiceLineType, sign: Int64, of whole: Period) throws -> InvoiceLine {
        let amount = try Rating.prorate(amount, seconds: period.seconds, ofSeconds: whole.seconds)
        var line = InvoiceLine(
            id: id, type: type, description: description, planID: planID, versionID: versionID, quantity: quantity,
            unitAmount: unitAmount, amount: sign * amount, period: period)
        line.featureID = featureID
        line.featureKey = featureKey
        line.entitlementID = entitlementID
        line.prorationBasis = ProrationBasis(seconds: period.seconds, ofSeconds: whole.seconds)
        return line
    }
}

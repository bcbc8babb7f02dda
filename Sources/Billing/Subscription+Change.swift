internal import Basics
internal import Model
internal import Rating
internal import Store

extension Subscription {
    /// Moves the subscription to a plan that is not cheaper: same periods, usage re-rated at the period's end, what is
    /// paid ahead prorated by the second.
    mutating func change(
        to target: PlanChoice.Target, _ price: Price, _ timing: ProrationTiming, _ effect: inout PlanChangeEffect,
        _ transaction: Transaction
    ) throws {
        let rest = rest(transaction)
        let charged = try ChargedAhead(of: self, transaction)
        let before = try advanceLines(for: rest, BillingTerms(of: self, transaction), transaction)
        planID = target.plan.id
        versionID = target.version.id
        priceID = price.id
        payInAdvance = target.payInAdvance
        addOns = target.subscribedAddOns
        // Whoever chooses a plan wants to stay.
        cancelAtPeriodEnd = false
        let terms = try BillingTerms(of: self, transaction)
        let after = try advanceLines(for: rest, terms, transaction)
        if timing != .never, let priced = pricedPeriod {
            effect.proration = try Self.proration(from: before, to: after, charged, in: priced)
        }
        scheduleOverage(terms, transaction)
        updatedAt = transaction.now
        if !effect.proration.isEmpty {
            effect.timing = timing
            if timing == .now {
                let invoice = try issue(effect.proration, for: rest, .now(transaction), transaction)
                advanceInvoices?.changes.append(invoice.id)
                effect.invoices.append(invoice)
            } else {
                pendingLines += effect.proration
            }
        }
        try transaction.put(self)
    }

    /// What is left of the running period. One that could not be closed yet has no rest.
    private func rest(_ transaction: Transaction) -> Period {
        Period(start: min(max(transaction.now, period.start), period.end), end: period.end)
    }

    /// Credit and charge for the rest of the period; what is the same before and after cancels out and is left away,
    /// and of more or fewer units at one price only the difference is credited or charged. What was not charged is not
    /// credited.
    private static func proration(
        from before: [InvoiceLine], to after: [InvoiceLine], _ charged: ChargedAhead?, in period: Period
    ) throws -> [InvoiceLine] {
        var credits: [InvoiceLine] = []
        var charges = after
        for line in before {
            guard let place = charges.firstIndex(where: { $0.isPriced(like: line) }) else {
                credits.append(line)
                continue
            }
            let more = try charges[place].quantity.subtracting(line.quantity)
            if more > .zero {
                try charges[place].become(more)
            } else {
                charges.remove(at: place)
                guard more < .zero else { continue }
                var fewer = line
                try fewer.become(more.negated)
                credits.append(fewer)
            }
        }
        credits = try charged?.creditable(credits, of: before) ?? credits
        return try credits.map { try $0.prorated(as: .prorationCredit, sign: -1, of: period) }
            + charges.map { try $0.prorated(as: .prorationCharge, sign: 1, of: period) }
    }

    /// What is unused of the prices charged ahead for the running period, as credits.
    func unusedAdvance(_ transaction: Transaction) throws -> [InvoiceLine] {
        guard status == .active, let priced = pricedPeriod else { return [] }
        let ahead = try advanceLines(for: rest(transaction), BillingTerms(of: self, transaction), transaction)
        return try (ChargedAhead(of: self, transaction)?.creditable(ahead, of: ahead) ?? ahead)
            .map { try $0.prorated(as: .prorationCredit, sign: -1, of: priced) }.filter { $0.amount != 0 }
    }

    /// What a downgrade does not drop: corrections and pending lines, and all use of a period that ends right now, as
    /// it does for a downgrade that was put off.
    mutating func owedAtDowngrade(_ transaction: Transaction) throws -> [InvoiceLine] {
        if period.end == transaction.now {
            let terms = try BillingTerms(of: self, transaction)
            return try arrearsLines(for: period, metered: meteredPeriod, terms, transaction)
        }
        let owed = try correctionLines(transaction) + pendingLines
        pendingLines = []
        return owed
    }

    /// Puts what credits are worth to the company's balance, for its next invoices.
    func credit(_ credits: [InvoiceLine], _ transaction: Transaction) throws {
        let amount = credits.reduce(0) { $0 - $1.amount }
        guard amount > 0 else { return }
        try transaction.credit(
            companyID, minorUnits: amount, currency: currency,
            reason: "unused part of " + credits.map(\.description).joined(separator: ", "), subscription: id)
    }

    /// Ends the subscription now and bills what was used until now, in this very millisecond too.
    mutating func endBillingUsage(_ transaction: Transaction) throws {
        guard status != .trialing else { return try expire(transaction) }
        let terms = try BillingTerms(of: self, transaction)
        let used = Period(start: period.start, end: max(transaction.now, period.start))
        var past = transaction.now + Self.instant
        if try transaction.isAtTestClock() {
            past = try transaction.partInstant(of: companyID, terms.meters) ?? transaction.now
        }
        hasBilledItsEnd = transaction.now < past
        if hasBilledItsEnd { endedAt = past - Self.instant }
        let metered = Period(start: meteredPeriod.start, end: max(past, meteredPeriod.start))
        let lines = try arrearsLines(for: used, metered: metered, terms, transaction)
        try end(issuing: lines, for: used, .afterGrace(transaction), transaction)
    }
}

extension InvoiceLine {
    /// Whether it charges for the same thing at the same price as another, in whatever quantity.
    fileprivate func isPriced(like other: InvoiceLine) -> Bool {
        (type, entitlementID, versionID, unitAmount) == (
            other.type, other.entitlementID, other.versionID, other.unitAmount
        )
    }

    /// Charges for another quantity at its unit amount.
    fileprivate mutating func become(_ quantity: Decimal) throws {
        guard let unitAmount else { preconditionFailure("what is paid ahead has a unit amount, line \(id) has none") }
        try become(quantity, at: unitAmount)
    }

    /// Charges for a quantity at a unit amount.
    mutating func become(_ quantity: Decimal, at unitAmount: Decimal) throws {
        self.quantity = quantity
        self.unitAmount = unitAmount
        amount = try lineAmount(quantity: quantity, unitAmount: unitAmount)
    }

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

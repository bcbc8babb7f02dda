internal import Basics
internal import Model
internal import Rating
internal import Store

/// How a new subscription begins.
enum Beginning {
    /// With its first full period.
    case paid
    /// With a trial, for which nothing is billed.
    case trial(until: Timestamp, ending: TrialEnding)
    /// With a stub up to the instant that all later periods are counted from, free or prorated by the second.
    case stub(until: Timestamp, isFree: Bool)
}

extension Subscription {
    /// Makes a new subscription run: its first invoice, its first appointment, and what the company remembers of a
    /// trial.
    ///
    /// - Parameter lines: more for the first invoice.
    mutating func begin(
        _ beginning: Beginning, adding lines: [InvoiceLine], _ transaction: Transaction
    ) throws -> Invoice? {
        switch beginning {
        case .paid: break
        case .trial(let end, let ending):
            leadIn(until: end, isFree: true, trial: ending)
            var company = try transaction.require(companyID, "company")
            company.trials.append(Trial(planID: planID, startedAt: startedAt, endsAt: end))
            try transaction.put(company)
        case .stub(let anchor, let isFree): leadIn(until: anchor, isFree: isFree)
        }
        return try beginPeriod(adding: lines, transaction)
    }

    /// A trial becomes a paid subscription now: period 0 begins, with its invoice.
    mutating func convert(_ transaction: Transaction) throws -> Invoice? {
        transaction.unschedule(appointment)
        moveTrialEnd(to: transaction.now)
        meteredFrom = try transaction.partInstant(of: companyID, BillingTerms(of: self, transaction).meters)
        endTrial()
        updatedAt = transaction.now
        try transaction.closeTrial(of: companyID, as: .converted)
        return try beginPeriod(adding: [], transaction)
    }

    /// The trial ends now and nobody pays: the company is left without a plan of its own choice.
    mutating func expire(_ transaction: Transaction) throws {
        try transaction.closeTrial(of: companyID, as: .expired)
        try end(issuing: [], for: period, .now(transaction), transaction)
    }

    /// Moves the end of the running trial, and its appointment.
    mutating func moveTrialEnd(to end: Timestamp, _ transaction: Transaction) throws {
        transaction.unschedule(appointment)
        moveTrialEnd(to: end)
        updatedAt = transaction.now
        try transaction.put(self)
        transaction.schedule(appointment)
        var company = try transaction.require(companyID, "company")
        if let last = company.trials.indices.last { company.trials[last].endsAt = end }
        try transaction.put(company)
    }

    /// The company keeps its plan until the running period ends, or its trial.
    mutating func cancelAtEnd(_ transaction: Transaction) throws {
        cancelAtPeriodEnd = true
        updatedAt = transaction.now
        try transaction.put(self)
    }

    mutating func take(_ target: PlanChoice.Target, _ price: Price) {
        planID = target.plan.id
        versionID = target.version.id
        priceID = price.id
        payInAdvance = target.payInAdvance
        addOns = target.subscribedAddOns
        cancelAtPeriodEnd = false
    }

    /// The invoice at the start of the running period, where it charges for something ahead, and the appointment at its
    /// end.
    private mutating func beginPeriod(adding more: [InvoiceLine], _ transaction: Transaction) throws -> Invoice? {
        let terms = try BillingTerms(of: self, transaction)
        let lines = try firstLines(terms, transaction) + more
        let invoice = lines.isEmpty ? nil : try issue(lines, for: period, .now(transaction), transaction)
        advanceInvoices = invoice.map { AdvanceInvoices(opening: $0.id) }
        try transaction.put(self)
        transaction.schedule(appointment)
        scheduleOverage(terms, transaction)
        return invoice
    }

    /// Base fee and quantities bought ahead for the running period, in a stub the part that its seconds cost.
    private func firstLines(_ terms: BillingTerms, _ transaction: Transaction) throws -> [InvoiceLine] {
        guard let priced = pricedPeriod else { return [] }
        let lines = try advanceLines(for: period, terms, transaction)
        guard priced != period else { return lines }
        return try lines.map { line in
            var line = line
            line.amount = try Rating.prorate(line.amount, seconds: period.seconds, ofSeconds: priced.seconds)
            line.prorationBasis = ProrationBasis(seconds: period.seconds, ofSeconds: priced.seconds)
            return line
        }
    }
}

extension Transaction {
    /// Notes what has become of the company's trial, as of now. Nothing to note when none runs.
    func closeTrial(of companyID: Identifier<Company>, as status: TrialStatus) throws {
        var company = try require(companyID, "company")
        guard let last = company.trials.indices.last, company.trials[last].status == .active else { return }
        company.trials[last].status = status
        company.trials[last].endsAt = now
        try put(company)
    }
}

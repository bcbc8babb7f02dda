internal import Basics
internal import Model
internal import Store

extension Subscription {
    /// Issues an invoice for use that the running period has not billed yet, of those features that are wanted. What
    /// it bills is taken off what the period's end bills, so that both together come to what one invoice would.
    ///
    /// Volume tiers are never billed early, as their total may fall; a trait neither, which is read once. What exceeds
    /// the maximum and what is missing of the minimum are told at the period's end.
    ///
    /// - Parameter isWanted: asked for each feature with the amount that is not billed yet.
    /// - Returns: Nil when there is nothing to bill. To be put otherwise.
    mutating func billEarly(
        _ transaction: Transaction, where isWanted: (PlanEntitlement, Int64) throws -> Bool
    ) throws -> Invoice? {
        let period = period
        guard isActive(at: transaction.now) else { return nil }
        let terms = try BillingTerms(of: self, transaction)
        let past = Period(start: period.start, end: max(period.start, transaction.now))
        var lines: [InvoiceLine] = []
        var billed = billedEarly
        for (charge, var line) in zip(
            terms.arrears, try usageLines(for: past, metered: meteredPeriod, terms, transaction))
        {
            let before = line.usageBasis?.billedEarly
            // Those of the whole period, as long as nothing cuts it short.
            line.usageBasis?.minimum = nil
            line.usageBasis?.maximum = charge.maximum.map { $0 - (before?.amount ?? 0) }
            line.stayBelowMaximum()
            guard line.usageBasis?.meterID != nil, !charge.model.isVolume, line.amount > 0,
                try isWanted(charge.entitlement, line.amount)
            else { continue }
            line.usageBasis?.isEarly = true
            lines.append(line)
            billed.removeAll { $0.featureID == charge.feature.id }
            billed.append(
                EarlyUse(
                    featureID: charge.feature.id, quantity: try line.quantity.adding(before?.quantity ?? 0),
                    amount: line.amount + (before?.amount ?? 0)))
        }
        if lines.isEmpty { return nil }
        billedEarly = billed
        updatedAt = transaction.now
        return try issue(lines, for: past, .now(transaction), transaction)
    }

    /// Makes the appointment for the next invoice within the running period, where a cadence asks for one.
    func scheduleOverage(_ terms: BillingTerms, _ transaction: Transaction) {
        let next = terms.arrears.compactMap { nextOverage(of: $0.entitlement, after: transaction.now) }.min()
        guard let next else { return }
        transaction.schedule(DueItem(at: next, task: .billOverage, ordinal: id.ordinal))
    }

    /// The next instant within the running period at which an entitlement's use is billed.
    func nextOverage(of entitlement: PlanEntitlement, after now: Timestamp) -> Timestamp? {
        guard let months = entitlement.overageCadence?.months, isActive(at: now) else { return nil }
        let calendar = calendar
        var start = calendar.anchor
        if entitlement.overageAnchor == .monthEnd {
            let local = CivilTime(start, in: calendar.zone)
            // The first day of a month there is.
            start = CivilTime(year: local.year, month: local.month, day: 1)!.instant(in: calendar.zone)
        }
        let steps = BillingCalendar(anchor: start, zone: calendar.zone, cadence: .months(months))
        let next = steps.period(containing: now).period.end
        return next < period.end ? next : nil
    }

    private func isActive(at now: Timestamp) -> Bool { status == .active && now < period.end }
}

extension InvoiceLine {
    /// Leaves what exceeds the maximum to the period's end.
    fileprivate mutating func stayBelowMaximum() {
        guard let most = usageBasis?.maximum, amount > most else { return }
        let left = Decimal(most - amount)
        tiers.append(TierCharge(upTo: nil, quantity: 0, unitAmount: 0, flatAmount: left, amount: left))
        amount = most
    }
}

extension PriceModel {
    fileprivate var isVolume: Bool {
        switch self {
        case .volume: true
        case .above(_, let model): model.isVolume
        case .perUnit, .overage, .graduated, .package, .percentage: false
        }
    }
}

/// Use that is billed before its period ends.
extension PlainModel {
    /// One line for each feature whose use is charged afterwards.
    func usageLines(
        _ number: Int, _ period: (start: Instant, end: Instant), billed: (start: Instant, end: Instant)
    ) -> [(terms: Terms, line: Line)] {
        let subscription = subscriptions[number]
        let whole = subscription.period
        let seconds = (period.end / 1000 - period.start / 1000, whole.end / 1000 - whole.start / 1000)
        /// A period that is cut short has smaller bounds.
        func cut(_ bound: Int?) -> Int? {
            bound.map { seconds.0 == seconds.1 ? $0 : share($0, seconds.0, of: seconds.1) }
        }
        var lines: [(Terms, Line)] = []
        for (plan, version) in subscription.parts {
            for terms in plans[plan][version].terms {
                guard let price = terms.price, !price.isAhead, let event = features[terms.feature].event else {
                    continue
                }
                var line = Line(
                    kind: .usage, plan: plan, version: version, feature: terms.feature, quantity: 0, amount: 0,
                    start: period.start, end: period.end)
                let early = subscription.early[terms.feature] ?? (0, 0)
                line.basis = Line.Basis(
                    event: event, start: billed.start, end: billed.end, price: price,
                    minimum: cut(terms.minimum).map { $0 - early.amount },
                    maximum: cut(terms.maximum).map { $0 - early.amount }, early: early)
                refresh(&line, subscription.company)
                lines.append((terms, line))
            }
        }
        return lines
    }

    /// Bills use of those features that are wanted, of which the amount is asked that is not billed yet: never more
    /// than the whole period may cost, and nothing whose total may fall.
    @discardableResult
    private mutating func billEarly(_ number: Int, at: Instant, where isWanted: (Terms, Int) -> Bool) -> Bool {
        let subscription = subscriptions[number]
        guard subscription.endedAt == nil, !subscription.isTrialing, at < subscription.period.end else { return false }
        let past = (start: subscription.period.start, end: max(subscription.period.start, at))
        var lines: [Line] = []
        for (terms, line) in usageLines(number, past, billed: subscription.billed) {
            if case .volume = terms.price { continue }
            var line = line
            let before = line.basis!.early
            if let most = terms.maximum { line.amount = min(line.amount, most - before.amount) }
            guard line.amount > 0, isWanted(terms, line.amount) else { continue }
            line.basis!.isEarly = true
            (line.basis!.minimum, line.basis!.maximum) = (nil, nil)
            lines.append(line)
            subscriptions[number].early[terms.feature] =
                (before.quantity + line.quantity, before.amount + line.amount)
        }
        if lines.isEmpty { return false }
        finalize(issue(lines, number, past, at: at, finalizesAt: at))
        return true
    }

    // MARK: - Thresholds

    /// Whether the use of a company may be billed at once.
    package func hasThreshold(_ company: Int) -> Bool {
        guard let number = companies[company].subscription else { return false }
        return subscriptions[number].parts.contains { plan, version in
            plans[plan][version].terms.contains { $0.threshold != nil }
        }
    }

    /// After use of some companies.
    mutating func lookAtThresholds(_ used: Set<Int>) {
        for company in used.sorted() where hasThreshold(company) {
            let isBilled = billEarly(companies[company].subscription!, at: now) { terms, amount in
                terms.threshold.map { amount >= $0 } ?? false
            }
            if isBilled { stage() }
        }
    }

    // MARK: - Cadences

    /// When use is billed next within the running period.
    func nextEarlyBill(_ number: Int) -> Instant? {
        let subscription = subscriptions[number]
        if subscription.isTrialing { return nil }
        return subscription.parts.flatMap { plans[$0.plan][$0.version].terms }
            .compactMap { nextEarlyBill(of: $0, subscription, after: subscription.earlyUntil) }.min()
    }

    private func nextEarlyBill(of terms: Terms, _ subscription: Subscription, after: Instant) -> Instant? {
        guard let cadence = terms.cadence, after < subscription.period.end else { return nil }
        var anchor = subscription.anchor
        if cadence.isOfCalendar {
            let local = subscription.anchor + subscription.offset
            anchor = Calendar.month(of: local).start - subscription.offset
        }
        var months = 0
        func step() -> Instant { Calendar.adding(months: months, to: anchor, offset: subscription.offset) }
        while step() > after { months -= cadence.months }
        while step() <= after { months += cadence.months }
        return step() < subscription.period.end ? step() : nil
    }

    mutating func billCadence(_ number: Int, _ at: Instant) {
        let subscription = subscriptions[number]
        let before = self
        billEarly(number, at: at) { terms, _ in
            before.nextEarlyBill(of: terms, subscription, after: at - 1) == at
        }
        subscriptions[number].earlyUntil = at
    }
}

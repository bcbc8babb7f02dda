extension PlainModel {
    // MARK: - What falls due

    /// Ends periods and finalises drafts in the order in which they fall due: period ends first, then the older.
    package mutating func runDue(until: Instant) {
        while let (at, number, isClose) = nextDue(until: until) {
            if isClose { close(number, at) } else { finalize(number) }
            stage()
        }
    }

    func nextDue(until: Instant) -> (at: Instant, number: Int, isClose: Bool)? {
        var next: (at: Instant, number: Int, isClose: Bool)?
        for (number, subscription) in subscriptions.enumerated() where subscription.endedAt == nil {
            let at = subscription.period.end
            if at <= until, next == nil || at < next!.at { next = (at, number, true) }
        }
        for (number, invoice) in invoices.enumerated() where invoice.status == .draft {
            let at = invoice.finalizesAt
            if at <= until, next == nil || at < next!.at { next = (at, number, false) }
        }
        return next
    }

    private mutating func close(_ number: Int, _ at: Instant) {
        let period = subscriptions[number].period
        var lines = arrears(number, period, billed: subscriptions[number].billed)
        if subscriptions[number].endsWithPeriod {
            end(number, lines, period, at)
            return
        }
        subscriptions[number].index += 1
        lines += advance(subscriptions[number], subscriptions[number].period)
        issue(lines, number, period, finalizesAt: at + grace)
    }

    /// What the close at the end of the running period would issue.
    package func upcoming(_ subscription: Int) -> Invoice? {
        var copy = self
        let count = invoices.count
        copy.close(subscription, subscriptions[subscription].period.end)
        return copy.invoices.count > count ? copy.invoices.last : nil
    }

    /// A draft becomes final, with the use of now.
    private mutating func finalize(_ number: Int) {
        for place in invoices[number].lines.indices {
            refresh(&invoices[number].lines[place], invoices[number].company)
        }
        invoiceNumber += 1
        invoices[number].number = invoiceNumber
        invoices[number].status = invoices[number].total > 0 ? .open : .paid
        invoices[number].billed = invoices[number].lines.filter { $0.kind == .usage }
    }

    // MARK: - Lines

    private func refresh(_ line: inout Line, _ company: Int) {
        guard let basis = line.basis else { return }
        line.quantity = billable(company, basis.event, from: basis.start, to: basis.end)
        line.amount = basis.price.amount(line.quantity)
    }

    /// Everything that is charged afterwards.
    private mutating func arrears(
        _ number: Int, _ period: (start: Instant, end: Instant), billed: (start: Instant, end: Instant)
    ) -> [Line] {
        let subscription = subscriptions[number]
        var lines: [Line] = []
        for terms in plans[subscription.plan][subscription.version].terms {
            guard let price = terms.price, !price.isAhead, let event = features[terms.feature].event else { continue }
            var line = Line(
                kind: .usage, version: subscription.version, feature: terms.feature, quantity: 0, amount: 0,
                start: period.start, end: period.end)
            line.basis = Line.Basis(event: event, start: billed.start, end: billed.end, price: price)
            refresh(&line, subscription.company)
            lines.append(line)
        }
        lines += corrections(number) + subscription.pending
        subscriptions[number].pending = []
        return lines
    }

    /// What final invoices of the subscription should say by now, less what they and earlier corrections said.
    private mutating func corrections(_ number: Int) -> [Line] {
        var lines: [Line] = []
        for invoice in invoices.indices where invoices[invoice].subscription == number {
            for place in invoices[invoice].billed.indices {
                let before = invoices[invoice].billed[place]
                refresh(&invoices[invoice].billed[place], invoices[invoice].company)
                let after = invoices[invoice].billed[place]
                guard before.quantity != after.quantity else { continue }
                lines.append(
                    Line(
                        kind: .correction, version: before.version, feature: before.feature,
                        quantity: after.quantity - before.quantity, amount: after.amount - before.amount,
                        start: before.start, end: before.end))
            }
        }
        return lines
    }

    /// Base fee and quantities bought ahead.
    private func advance(_ subscription: Subscription, _ period: (start: Instant, end: Instant)) -> [Line] {
        let version = plans[subscription.plan][subscription.version]
        var lines = [
            Line(
                kind: .base, version: subscription.version, feature: nil, quantity: 1, amount: version.base!.amount,
                start: period.start, end: period.end)
        ]
        for terms in version.terms {
            guard case .ahead(let preset, _) = terms.price else { continue }
            let quantity = subscription.bought[terms.feature] ?? preset
            guard quantity > 0 else { continue }
            lines.append(
                Line(
                    kind: .seat, version: subscription.version, feature: terms.feature, quantity: quantity,
                    amount: terms.price!.amount(quantity), start: period.start, end: period.end))
        }
        return lines
    }

    @discardableResult
    private mutating func issue(
        _ lines: [Line], _ subscription: Int, _ period: (start: Instant, end: Instant), finalizesAt: Instant
    ) -> Int {
        invoices.append(
            Invoice(
                company: subscriptions[subscription].company, subscription: subscription, start: period.start,
                end: period.end, lines: lines, finalizesAt: finalizesAt))
        return invoices.count - 1
    }

    private mutating func end(_ number: Int, _ lines: [Line], _ period: (start: Instant, end: Instant), _ at: Instant) {
        if !lines.isEmpty { issue(lines, number, period, finalizesAt: at + grace) }
        subscriptions[number].endedAt = at
        let company = subscriptions[number].company
        companies[company].subscription = nil
        companies[company].ended.append(number)
        companies[company].plan = fallbackPlan.map { ($0, plans[$0].count - 1) }
    }

    /// Ends a subscription now; use in this very instant is billed too.
    private mutating func endAtOnce(_ number: Int) {
        let (start, billed) = (subscriptions[number].period.start, subscriptions[number].billed.start)
        subscriptions[number].billedItsEnd = true
        let lines = arrears(number, (start, max(now, start)), billed: (billed, max(now + 1, billed)))
        end(number, lines, (start, max(now, start)), now)
    }

    // MARK: - Commands

    package mutating func cancel(_ company: Int, immediately: Bool) -> Bool {
        runDue(until: now)
        guard let number = companies[company].subscription else { return false }
        if immediately { endAtOnce(number) } else { subscriptions[number].endsWithPeriod = true }
        return true
    }

    package mutating func finalizeNow(_ invoice: Int) -> Bool {
        runDue(until: now)
        guard invoices.indices.contains(invoice), invoices[invoice].status == .draft else { return false }
        finalize(invoice)
        return true
    }

    package mutating func void(_ invoice: Int) -> Bool {
        runDue(until: now)
        guard invoices.indices.contains(invoice), invoices[invoice].status == .open else { return false }
        invoices[invoice].status = .void
        return true
    }

    package mutating func setGrace(_ grace: Int) {
        runDue(until: now)
        self.grace = grace
    }

    package mutating func setClock(_ next: Instant) {
        if next == now { return }
        guard hasTestClock else {
            now = next
            return
        }
        runDue(until: next)
        now = next
        stage()
        runDue(until: now)
    }

    /// Puts a company on a plan, nil for none. `isNewest` asks for the published version; else a company stays on the
    /// version that it has.
    package mutating func manage(_ company: Int, plan: Int?, isNewest: Bool, bought: [Int: Int]) {
        runDue(until: now)
        let running = companies[company].subscription
        guard let plan else {
            if let running { return endAtOnce(running) }
            companies[company].plan = fallbackPlan.map { ($0, plans[$0].count - 1) }
            return
        }
        let kept = companies[company].plan.flatMap { $0.plan == plan ? $0.version : nil }
        let version = isNewest ? plans[plan].count - 1 : kept ?? plans[plan].count - 1
        guard let base = plans[plan][version].base else {
            if let running { endAtOnce(running) }
            companies[company].plan = (plan, version)
            return
        }
        guard let running else { return subscribe(company, plan, version, bought, replacing: nil) }
        let old = subscriptions[running]
        let oldAmount = plans[old.plan][old.version].base!.amount
        guard base.interval == old.interval, base.amount >= oldAmount else {
            let owed = corrections(running) + old.pending
            end(running, owed, old.period, now)
            return subscribe(company, plan, version, bought, replacing: running)
        }
        change(running, plan, version, bought)
        companies[company].plan = (plan, version)
    }

    private mutating func subscribe(
        _ company: Int, _ plan: Int, _ version: Int, _ bought: [Int: Int], replacing old: Int?
    ) {
        let billedBefore = companies[company].ended.contains {
            subscriptions[$0].billedItsEnd && subscriptions[$0].endedAt == now
        }
        var carriedFrom = Calendar.month(of: now).start
        if let old {
            carriedFrom = subscriptions[old].cycle(now).start
            if carriedFrom <= subscriptions[old].start { carriedFrom = subscriptions[old].carriedFrom }
        }
        subscriptions.append(
            Subscription(
                company: company, offset: companies[company].zone ?? 0, interval: plans[plan][version].base!.interval,
                start: now, plan: plan, version: version, bought: completed(bought, plan, version),
                carriedFrom: carriedFrom, billedFrom: billedBefore ? now + 1 : now))
        let number = subscriptions.count - 1
        companies[company].subscription = number
        companies[company].plan = (plan, version)
        let period = subscriptions[number].period
        finalize(issue(advance(subscriptions[number], period), number, period, finalizesAt: now))
    }

    private func completed(_ bought: [Int: Int], _ plan: Int, _ version: Int) -> [Int: Int] {
        var all: [Int: Int] = [:]
        for terms in plans[plan][version].terms {
            if case .ahead(let preset, _) = terms.price { all[terms.feature] = bought[terms.feature] ?? preset }
        }
        return all
    }

    /// Keeps the subscription: credit and charge for the rest of the period wait for the next invoice.
    private mutating func change(_ number: Int, _ plan: Int, _ version: Int, _ bought: [Int: Int]) {
        let period = subscriptions[number].period
        let rest = (start: min(now, period.end), end: period.end)
        let before = subscriptions[number]
        let credits = advance(before, rest)
        subscriptions[number].plan = plan
        subscriptions[number].version = version
        subscriptions[number].bought = completed(bought, plan, version)
        subscriptions[number].endsWithPeriod = false
        let charges = advance(subscriptions[number], rest)
        let isSameVersion = before.plan == plan && before.version == version
        func seconds(_ period: (start: Instant, end: Instant)) -> Int { period.end / 1000 - period.start / 1000 }
        func prorated(_ line: Line, _ kind: Line.Kind, _ others: [Line]) -> [Line] {
            let stays = others.contains {
                isSameVersion && ($0.kind, $0.feature, $0.amount) == (line.kind, line.feature, line.amount)
            }
            if stays { return [] }
            var line = line
            let (part, whole) = (seconds(rest), seconds(period))
            let amount = (2 * line.amount * part + whole) / (2 * whole)
            line.amount = kind == .credit ? -amount : amount
            line.kind = kind
            return [line]
        }
        subscriptions[number].pending += credits.flatMap { prorated($0, .credit, charges) }
        subscriptions[number].pending += charges.flatMap { prorated($0, .charge, credits) }
    }
}

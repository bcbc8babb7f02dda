extension PlainModel {
    // MARK: - What falls due

    /// Ends periods, finalises drafts and bills what came late for subscriptions that have ended, in the order in which
    /// all that falls due: at one instant in this order, and then the older.
    package mutating func runDue(until: Instant) {
        noteLateUse()
        carryOutDue(until: until)
    }

    /// Of each subscription for which something came late, the grace begins now, unless it runs already.
    private mutating func noteLateUse() {
        if lateUse.isEmpty { return }
        let late = lateUse.sorted()
        lateUse = []
        carryOutDue(until: now)
        for number in late where subscriptions[number].correctsAt == nil {
            subscriptions[number].correctsAt = now + grace
            looks.append(Look(at: now + grace, subscription: number))
        }
        stage()
    }

    private mutating func carryOutDue(until: Instant) {
        while let due = nextDue(until: until) {
            switch due {
            case .close(let at, let number): close(number, at)
            case .finalize(_, let number): finalize(number)
            case .look(let at, let number): lookBack(number, at)
            }
            stage()
        }
    }

    enum Due {
        case close(Instant, Int)
        case finalize(Instant, Int)
        case look(Instant, Int)

        var at: Instant {
            switch self {
            case .close(let at, _), .finalize(let at, _), .look(let at, _): at
            }
        }
    }

    func nextDue(until: Instant) -> Due? {
        var all: [Due] = []
        for (number, subscription) in subscriptions.enumerated() where subscription.endedAt == nil {
            all.append(.close(subscription.period.end, number))
        }
        for (number, invoice) in invoices.enumerated() where invoice.status == .draft {
            all.append(.finalize(invoice.finalizesAt, number))
        }
        for look in looks.sorted(by: { $0.subscription < $1.subscription }) {
            all.append(.look(look.at, look.subscription))
        }
        var next: Due?
        for due in all where due.at <= until && (next == nil || due.at < next!.at) { next = due }
        return next
    }

    /// What came late for a subscription that has ended is billed by itself, at once.
    private mutating func lookBack(_ number: Int, _ at: Instant) {
        looks.removeAll { $0.subscription == number && $0.at == at }
        subscriptions[number].correctsAt = nil
        let before = invoices
        let lines = corrections(number)
        guard lines.contains(where: { $0.amount != 0 }) else {
            invoices = before
            return
        }
        let end = subscriptions[number].endedAt!
        let start = lines.map(\.start).min()!
        finalize(issue(lines, number, (min(start, end), end), finalizesAt: at))
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
        subscriptions[number].opening = issue(lines, number, period, finalizesAt: at + grace)
        subscriptions[number].changes = []
    }

    /// What the close at the end of the running period would issue.
    package func upcoming(_ subscription: Int) -> Invoice? {
        var copy = self
        let count = invoices.count
        copy.close(subscription, subscriptions[subscription].period.end)
        return copy.invoices.count > count ? copy.invoices.last : nil
    }

    /// A draft becomes final, with the use of now. What it comes to is paid by the balance as far as that reaches; when
    /// it comes to less than nothing, that goes to the balance.
    mutating func finalize(_ number: Int) {
        for place in invoices[number].lines.indices {
            refresh(&invoices[number].lines[place], invoices[number].company)
        }
        invoiceNumber += 1
        invoices[number].number = invoiceNumber
        let (company, total) = (invoices[number].company, invoices[number].total)
        let paid = total < 0 ? 0 : min(total, companies[company].balance)
        companies[company].balance -= total < 0 ? total : paid
        invoices[number].paidFromBalance = paid
        invoices[number].status = total > paid ? .open : .paid
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
        for (plan, version) in subscription.parts {
            for terms in plans[plan][version].terms {
                guard let price = terms.price, !price.isAhead, let event = features[terms.feature].event else {
                    continue
                }
                var line = Line(
                    kind: .usage, plan: plan, version: version, feature: terms.feature, quantity: 0, amount: 0,
                    start: period.start, end: period.end)
                line.basis = Line.Basis(event: event, start: billed.start, end: billed.end, price: price)
                refresh(&line, subscription.company)
                lines.append(line)
            }
        }
        lines += corrections(number) + subscription.pending
        subscriptions[number].pending = []
        return lines
    }

    /// What final invoices of the subscription should say by now, less what they and earlier corrections said.
    mutating func corrections(_ number: Int) -> [Line] {
        var lines: [Line] = []
        for invoice in invoices.indices where invoices[invoice].subscription == number {
            for place in invoices[invoice].billed.indices {
                let before = invoices[invoice].billed[place]
                refresh(&invoices[invoice].billed[place], invoices[invoice].company)
                let after = invoices[invoice].billed[place]
                guard before.quantity != after.quantity else { continue }
                lines.append(
                    Line(
                        kind: .correction, plan: before.plan, version: before.version, feature: before.feature,
                        quantity: after.quantity - before.quantity, amount: after.amount - before.amount,
                        start: before.start, end: before.end))
            }
        }
        return lines
    }

    /// Base fees and quantities bought ahead.
    func advance(_ subscription: Subscription, _ period: (start: Instant, end: Instant)) -> [Line] {
        var lines: [Line] = []
        for (plan, version) in subscription.parts {
            if let base = plans[plan][version].base {
                lines.append(
                    Line(
                        kind: .base, plan: plan, version: version, feature: nil, quantity: 1, amount: base.amount,
                        worth: base.amount * 100, start: period.start, end: period.end))
            }
            for terms in plans[plan][version].terms {
                guard case .ahead(let preset, let unit) = terms.price else { continue }
                let quantity = subscription.bought[Seat(plan: plan, feature: terms.feature)] ?? preset
                guard quantity > 0 else { continue }
                lines.append(
                    Line(
                        kind: .seat, plan: plan, version: version, feature: terms.feature, quantity: quantity,
                        amount: terms.price!.amount(quantity), worth: quantity * unit, start: period.start,
                        end: period.end))
            }
        }
        return lines
    }

    @discardableResult
    mutating func issue(
        _ lines: [Line], _ subscription: Int, _ period: (start: Instant, end: Instant), finalizesAt: Instant
    ) -> Int {
        invoices.append(
            Invoice(
                company: subscriptions[subscription].company, subscription: subscription, start: period.start,
                end: period.end, lines: lines, finalizesAt: finalizesAt))
        return invoices.count - 1
    }

    mutating func end(_ number: Int, _ lines: [Line], _ period: (start: Instant, end: Instant), _ at: Instant) {
        if !lines.isEmpty { issue(lines, number, period, finalizesAt: at + grace) }
        subscriptions[number].endedAt = at
        // What comes late is noted when it comes; should that be forgotten, this look finds it.
        looks.append(Look(at: at + 35 * Calendar.day, subscription: number))
        let company = subscriptions[number].company
        companies[company].subscription = nil
        companies[company].ended.append(number)
        leavePlan(company)
    }

    func published(_ plan: Int) -> (plan: Int, version: Int) { (plan, plans[plan].count - 1) }

    mutating func leavePlan(_ company: Int) {
        companies[company].plan = fallbackPlan.map(published)
        companies[company].addOns = []
    }

    /// Ends a subscription now; use in this very instant is billed too.
    mutating func endAtOnce(_ number: Int) {
        let (start, billed) = (subscriptions[number].period.start, subscriptions[number].billed.start)
        subscriptions[number].billedItsEnd = true
        let lines = arrears(number, (start, max(now, start)), billed: (billed, max(now + 1, billed)))
        end(number, lines, (start, max(now, start)), now)
    }

    // MARK: - Commands

    package mutating func cancel(_ company: Int, immediately: Bool, isCredited: Bool) -> Bool {
        runDue(until: now)
        guard let number = companies[company].subscription else { return false }
        if immediately {
            stopPaying(number, isCredited: isCredited)
        } else {
            subscriptions[number].endsWithPeriod = true
        }
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
        companies[invoices[invoice].company].balance += invoices[invoice].paidFromBalance
        invoices[invoice].paidFromBalance = 0
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
}

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
            case .endTrial(let at, let number): finishTrial(number, at)
            case .look(let at, let number): lookBack(number, at)
            case .earlyBill(let at, let number): billCadence(number, at)
            }
            stage()
        }
    }

    enum Due {
        case close(Instant, Int)
        case finalize(Instant, Int)
        case endTrial(Instant, Int)
        case look(Instant, Int)
        case earlyBill(Instant, Int)

        var at: Instant {
            switch self {
            case .close(let at, _), .finalize(let at, _), .endTrial(let at, _), .look(let at, _), .earlyBill(let at, _):
                at
            }
        }
    }

    func nextDue(until: Instant) -> Due? {
        var all: [Due] = []
        for (number, subscription) in subscriptions.enumerated()
        where subscription.endedAt == nil && !subscription.isTrialing {
            all.append(.close(subscription.period.end, number))
        }
        for (number, invoice) in invoices.enumerated() where invoice.status == .draft {
            all.append(.finalize(invoice.finalizesAt, number))
        }
        for (number, subscription) in subscriptions.enumerated()
        where subscription.endedAt == nil && subscription.isTrialing {
            all.append(.endTrial(subscription.anchor, number))
        }
        for look in looks.sorted(by: { $0.subscription < $1.subscription }) {
            all.append(.look(look.at, look.subscription))
        }
        for number in subscriptions.indices where subscriptions[number].endedAt == nil {
            if let at = nextEarlyBill(number) { all.append(.earlyBill(at, number)) }
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
        finalize(issue(lines, number, (min(start, end), end), at: at, finalizesAt: at))
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
        subscriptions[number].earlyUntil = at
        subscriptions[number].opening = issue(lines, number, period, at: at, finalizesAt: at + grace)
        subscriptions[number].changes = []
    }

    /// What the close at the end of the running period would issue.
    package func upcoming(_ subscription: Int) -> Invoice? {
        if subscriptions[subscription].isTrialing { return nil }
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
        invoices[number].derive()
        invoiceNumber += 1
        invoices[number].number = invoiceNumber
        let (company, total) = (invoices[number].company, invoices[number].total)
        let paid = total < 0 ? 0 : min(total, companies[company].balance)
        companies[company].balance -= total < 0 ? total : paid
        invoices[number].paidFromBalance = paid
        invoices[number].status = total > paid ? .open : .paid
        invoices[number].billed = invoices[number].lines.filter { $0.kind == .usage && $0.basis?.isEarly == false }
    }

    // MARK: - Lines

    func refresh(_ line: inout Line, _ company: Int) {
        guard let basis = line.basis, !basis.isEarly else { return }
        let quantity = billable(company, basis.event, from: basis.start, to: basis.end)
        line.quantity = quantity - basis.early.quantity
        line.amount = basis.price.amount(quantity) - basis.early.amount
    }

    /// Everything that is charged afterwards.
    private mutating func arrears(
        _ number: Int, _ period: (start: Instant, end: Instant), billed: (start: Instant, end: Instant)
    ) -> [Line] {
        var lines = usageLines(number, period, billed: billed).map(\.line)
        subscriptions[number].early = [:]
        lines += corrections(number) + subscriptions[number].pending
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
                        quantity: after.quantity - before.quantity, amount: after.bounded - before.bounded,
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
        _ lines: [Line], _ subscription: Int, _ period: (start: Instant, end: Instant), at: Instant,
        finalizesAt: Instant
    ) -> Int {
        invoices.append(
            Invoice(
                company: subscriptions[subscription].company, subscription: subscription, start: period.start,
                end: period.end, lines: lines, finalizesAt: finalizesAt))
        agree(on: invoices.count - 1, at: at)
        return invoices.count - 1
    }

    mutating func end(_ number: Int, _ lines: [Line], _ period: (start: Instant, end: Instant), _ at: Instant) {
        if !lines.isEmpty { issue(lines, number, period, at: at, finalizesAt: at + grace) }
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

    /// Ends a subscription now; what was used until now is billed, in this very instant too.
    mutating func endAtOnce(_ number: Int) {
        let (start, billed) = (subscriptions[number].period.start, subscriptions[number].billed.start)
        let past = hasTestClock ? partInstant(of: subscriptions[number]) ?? now : now + 1
        let lines = arrears(number, (start, max(now, start)), billed: (billed, max(past, billed)))
        end(number, lines, (start, max(now, start)), now)
        subscriptions[number].billedItsEnd = now < past
        if now < past { subscriptions[number].endedAt = past - 1 }
    }

    /// Where a test clock stands still, what is used from now on is told apart from what was used until now: it counts
    /// a millisecond later, where there is anything to tell apart in what a subscription bills. Answers from when on.
    mutating func partInstant(of subscription: Subscription) -> Instant? {
        let priced = subscription.parts.flatMap { plans[$0.plan][$0.version].terms }.filter {
            $0.price.map { !$0.isAhead } ?? false
        }
        func isUsed(from start: Instant) -> Bool {
            priced.compactMap { features[$0.feature].event }.contains {
                billable(subscription.company, $0, from: start, to: useTime + 1) != 0
            }
        }
        guard hasTestClock, isUsed(from: now) else { return nil }
        if isUsed(from: useTime) { instantParts += 1 }
        return useTime
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
        guard invoices.indices.contains(invoice), [.open, .uncollectible].contains(invoices[invoice].status),
            invoices[invoice].collected == 0
        else { return false }
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
        instantParts = 0
        stage()
        runDue(until: now)
    }
}

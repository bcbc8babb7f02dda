extension PlainModel {
    /// Puts a company on a plan, or takes it off.
    package mutating func manage(_ company: Int, _ wanted: PlanRequest) {
        runDue(until: now)
        let running = companies[company].subscription
        guard let plan = wanted.plan else {
            if let running, wanted.waitsForEnd {
                subscriptions[running].endsWithPeriod = true
                return
            }
            if let running { return stopPaying(running, isCredited: wanted.isCredited) }
            companies[company].plan = fallbackPlan.map { ($0, plans[$0].count - 1) }
            return
        }
        let kept = companies[company].plan.flatMap { $0.plan == plan ? $0.version : nil }
        let version = wanted.isNewest ? plans[plan].count - 1 : kept ?? plans[plan].count - 1
        guard let base = plans[plan][version].base else {
            if let running { stopPaying(running, isCredited: wanted.isCredited) }
            companies[company].plan = (plan, version)
            return
        }
        guard let running else { return subscribe(company, plan, version, wanted.bought, replacing: nil) }
        let old = subscriptions[running]
        let oldBase = plans[old.plan][old.version].base!
        if base.amount < oldBase.amount {
            // A downgrade: what was used is not billed, and what was paid ahead and is unused pays for what comes.
            let unused = unusedAdvance(running)
            let owed = corrections(running) + old.pending
            end(running, owed, old.period, now)
            credit(unused, to: company)
            subscribe(company, plan, version, wanted.bought, replacing: running)
        } else if base.interval != oldBase.interval {
            // Another calendar: all is settled, and begins anew.
            let unused = unusedAdvance(running)
            endAtOnce(running)
            subscribe(company, plan, version, wanted.bought, replacing: running, beside: unused)
        } else {
            change(running, plan, version, wanted.bought)
            companies[company].plan = (plan, version)
        }
    }

    /// Ends a subscription now that no other one replaces.
    mutating func stopPaying(_ number: Int, isCredited: Bool) {
        let unused = isCredited ? unusedAdvance(number) : []
        endAtOnce(number)
        credit(unused, to: subscriptions[number].company)
    }

    private mutating func credit(_ credits: [Line], to company: Int) {
        for line in credits { companies[company].balance -= line.amount }
    }

    private mutating func subscribe(
        _ company: Int, _ plan: Int, _ version: Int, _ bought: [Int: Int], replacing old: Int?,
        beside lines: [Line] = []
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
        finalize(issue(advance(subscriptions[number], period) + lines, number, period, finalizesAt: now))
    }

    private func completed(_ bought: [Int: Int], _ plan: Int, _ version: Int) -> [Int: Int] {
        var all: [Int: Int] = [:]
        for terms in plans[plan][version].terms {
            if case .ahead(let preset, _) = terms.price { all[terms.feature] = bought[terms.feature] ?? preset }
        }
        return all
    }

    // MARK: - Proration

    /// Keeps the subscription: credit and charge for the rest of the period wait for the next invoice.
    private mutating func change(_ number: Int, _ plan: Int, _ version: Int, _ bought: [Int: Int]) {
        let before = subscriptions[number]
        let old = advance(before, rest(before))
        subscriptions[number].plan = plan
        subscriptions[number].version = version
        subscriptions[number].bought = completed(bought, plan, version)
        subscriptions[number].endsWithPeriod = false
        let new = advance(subscriptions[number], rest(before))
        let lines =
            prorated(less(old, new), .credit, of: before) + prorated(less(new, old), .charge, of: before)
        subscriptions[number].pending += lines
    }

    /// What of some lines is not in others: of the same at the same price, what there is more.
    private func less(_ lines: [Line], _ others: [Line]) -> [Line] {
        lines.compactMap { line in
            let same = others.first { other in
                (other.kind, other.plan, other.version, other.feature)
                    == (line.kind, line.plan, line.version, line.feature)
            }
            guard let same else { return line }
            guard line.quantity > same.quantity else { return nil }
            var more = line
            more.quantity = line.quantity - same.quantity
            let price = plans[line.plan][line.version].terms.first { $0.feature == line.feature }!.price!
            more.amount = price.amount(more.quantity)
            return more
        }
    }

    /// What was paid ahead for the rest of the running period, as credits that are worth something.
    private func unusedAdvance(_ number: Int) -> [Line] {
        let subscription = subscriptions[number]
        return prorated(advance(subscription, rest(subscription)), .credit, of: subscription)
            .filter { $0.amount != 0 }
    }

    private func rest(_ subscription: Subscription) -> (start: Instant, end: Instant) {
        let period = subscription.period
        return (min(max(now, period.start), period.end), period.end)
    }

    /// By whole seconds, each line rounded by itself.
    private func prorated(_ lines: [Line], _ kind: Line.Kind, of subscription: Subscription) -> [Line] {
        func seconds(_ period: (start: Instant, end: Instant)) -> Int { period.end / 1000 - period.start / 1000 }
        let (part, whole) = (seconds(rest(subscription)), seconds(subscription.period))
        return lines.map { line in
            var line = line
            let amount = (2 * line.amount * part + whole) / (2 * whole)
            line.amount = kind == .credit ? -amount : amount
            line.kind = kind
            return line
        }
    }
}

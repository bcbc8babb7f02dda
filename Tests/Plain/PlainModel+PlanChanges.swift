extension PlainModel {
    /// Puts a company on a plan with add-ons, or takes it off; false when what is wanted cannot be had together.
    package mutating func manage(_ company: Int, _ wanted: PlanRequest) -> Bool {
        runDue(until: now)
        let running = companies[company].subscription
        guard let plan = wanted.plan else {
            if let running, wanted.waitsForEnd {
                subscriptions[running].endsWithPeriod = true
            } else if let running {
                stopPaying(running, isCredited: wanted.isCredited)
            } else {
                leavePlan(company)
            }
            return true
        }
        let account = companies[company]
        func chosen(_ plan: Int) -> Part {
            let kept = ([account.plan].compactMap(\.self) + account.addOns).first { $0.plan == plan }
            return wanted.isNewest ? published(plan) : kept ?? published(plan)
        }
        let parts = [chosen(plan)] + wanted.addOns.map(chosen)
        guard canBeHadTogether(parts) else { return false }
        if let coupon = wanted.coupon {
            guard plans[plan][parts[0].version].base != nil, canRedeem(coupon, company) else { return false }
        }
        if let anchor = wanted.anchor {
            guard running == nil, plans[plan][parts[0].version].base != nil, now < anchor else { return false }
        }
        if let end = wanted.trialEnd {
            guard wanted.anchor == nil, canTry(parts, until: end, company) else { return false }
        }
        if let running, subscriptions[running].isTrialing {
            leaveTrial(running, for: parts, wanted)
            return true
        }
        guard let base = plans[plan][parts[0].version].base else {
            if let running { stopPaying(running, isCredited: wanted.isCredited) }
            assign(parts, to: company)
            return true
        }
        guard let running else {
            subscribe(company, parts, wanted, replacing: nil)
            return true
        }
        let old = subscriptions[running]
        let oldBase = plans[old.plan][old.version].base!
        if base.amount < oldBase.amount {
            // A downgrade: what was used is not billed, and what was paid ahead and is unused pays for what comes.
            let unused = unusedAdvance(running)
            let owed = corrections(running) + old.pending
            end(running, owed, old.period, now)
            credit(unused, to: company)
            subscribe(company, parts, wanted, replacing: running)
        } else if base.interval != oldBase.interval {
            // Another calendar: all is settled, and begins anew.
            let unused = unusedAdvance(running)
            endAtOnce(running)
            subscribe(company, parts, wanted, replacing: running, beside: unused)
        } else {
            if let coupon = wanted.coupon { redeem(coupon, for: running) }
            change(running, parts, wanted.bought)
            assign(parts, to: company)
        }
        return true
    }

    /// A plan's version, the base plan's first.
    typealias Part = (plan: Int, version: Int)

    /// What is paid for goes with what is paid for as often; use is priced by months, and billed once.
    private func canBeHadTogether(_ parts: [Part]) -> Bool {
        let versions = parts.map { plans[$0.plan][$0.version] }
        let interval = versions[0].base?.interval
        for version in versions.dropFirst() where version.base != nil && version.base!.interval != interval {
            return false
        }
        let priced = versions.flatMap(\.terms).filter { $0.price != nil }
        if !priced.isEmpty {
            guard case .months = interval else { return false }
        }
        let afterwards = priced.filter { !$0.price!.isAhead }.map(\.feature)
        return Set(afterwards).count == afterwards.count
    }

    mutating func assign(_ parts: [Part], to company: Int) {
        companies[company].plan = parts[0]
        companies[company].addOns = Array(parts.dropFirst())
    }

    /// Ends a subscription now that no other one replaces.
    mutating func stopPaying(_ number: Int, isCredited: Bool) {
        if subscriptions[number].isTrialing { return expire(number, now) }
        let unused = isCredited ? unusedAdvance(number) : []
        endAtOnce(number)
        credit(unused, to: subscriptions[number].company)
    }

    private mutating func credit(_ credits: [Line], to company: Int) {
        for line in credits { companies[company].balance -= line.amount }
    }

    mutating func subscribe(
        _ company: Int, _ parts: [Part], _ wanted: PlanRequest, replacing old: Int?, beside more: [Line] = []
    ) {
        // What the company had until now may have billed use of this very instant.
        let billedBefore =
            companies[company].ended.filter { subscriptions[$0].billedItsEnd }
            .map { subscriptions[$0].endedAt! + 1 }.max() ?? now
        var carriedFrom = Calendar.month(of: now).start
        if let old {
            carriedFrom = subscriptions[old].cycle(now).start
            if carriedFrom <= subscriptions[old].start { carriedFrom = subscriptions[old].carriedFrom }
        }
        let (plan, version) = parts[0]
        subscriptions.append(
            Subscription(
                company: company, offset: companies[company].zone ?? 0, interval: plans[plan][version].base!.interval,
                start: now, anchor: wanted.trialEnd ?? wanted.anchor ?? now,
                isStubFree: wanted.isStubFree || wanted.trialEnd != nil, plan: plan, version: version,
                addOns: Array(parts.dropFirst()), bought: completed(wanted.bought, parts),
                index: wanted.anchor == nil && wanted.trialEnd == nil ? 0 : -1, carriedFrom: carriedFrom,
                billedFrom: max(now, billedBefore)))
        let number = subscriptions.count - 1
        // What was used before a first subscription, at its very instant, is billed by it as the boundary's use is.
        if companies[company].ended.contains(where: { subscriptions[$0].endedAt! >= now }) {
            subscriptions[number].billedFrom = max(
                subscriptions[number].billedFrom, partInstant(of: subscriptions[number]) ?? now)
        }
        subscriptions[number].isTried = wanted.trialEnd != nil
        subscriptions[number].isTrialing = wanted.trialEnd != nil
        companies[company].subscription = number
        assign(parts, to: company)
        subscriptions[number].earlyUntil = now
        subscriptions[number].discount = old.flatMap { subscriptions[$0].discount }
        if let coupon = wanted.coupon { redeem(coupon, for: number) }
        let subscription = subscriptions[number]
        let first = prorated(advance(subscription, subscription.period), nil, of: subscription) + more
        if first.isEmpty { return }
        let invoice = issue(first, number, subscription.period, at: now, finalizesAt: now)
        subscriptions[number].opening = invoice
        finalize(invoice)
    }

    func completed(_ bought: [Seat: Int], _ parts: [Part]) -> [Seat: Int] {
        var all: [Seat: Int] = [:]
        for (plan, version) in parts {
            for terms in plans[plan][version].terms {
                guard case .ahead(let preset, _) = terms.price else { continue }
                let seat = Seat(plan: plan, feature: terms.feature)
                all[seat] = bought[seat] ?? preset
            }
        }
        return all
    }

    // MARK: - Proration

    /// Keeps the subscription: credit and charge for the rest of the period are billed at once, or wait for its end.
    private mutating func change(_ number: Int, _ parts: [Part], _ bought: [Seat: Int]) {
        let before = subscriptions[number]
        let old = advance(before, rest(before))
        (subscriptions[number].plan, subscriptions[number].version) = parts[0]
        subscriptions[number].addOns = Array(parts.dropFirst())
        subscriptions[number].bought = completed(bought, parts)
        subscriptions[number].endsWithPeriod = false
        subscriptions[number].earlyUntil = now
        let new = advance(subscriptions[number], rest(before))
        let lines =
            prorated(charged(less(old, new), of: old, before), .credit, of: before)
            + prorated(less(new, old), .charge, of: before)
        if billsChangesAtOnce && !lines.isEmpty {
            let invoice = issue(lines, number, rest(before), at: now, finalizesAt: now)
            subscriptions[number].changes.append(invoice)
            finalize(invoice)
        } else {
            subscriptions[number].pending += lines
        }
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
            more.worth = line.worth - same.worth
            return more
        }
    }

    /// What of some lines, which are a part of `all` that a subscription pays ahead for, is charged on invoices that
    /// are not void, or will be on the next one. What is kept is paid for first; what is paid for and no longer there
    /// goes to what is, and what was credited for nothing is taken off.
    private func charged(_ lines: [Line], of all: [Line], _ subscription: Subscription) -> [Line] {
        struct Thing: Hashable {
            let plan: Int
            let feature: Int?
            init(_ line: Line) { (plan, feature) = (line.plan, line.feature) }
        }
        var history = subscription.pending
        if let opening = subscription.opening {
            history += stillCharged(opening).filter { $0.kind == .base || $0.kind == .seat }
        }
        for change in subscription.changes { history += stillCharged(change).filter { !$0.isDerived } }
        var paid: [Thing: Int] = [:]
        for line in history { paid[Thing(line), default: 0] += line.kind == .credit ? -line.worth : line.worth }
        var left: [Thing: Int] = [:]
        var elsewhere = paid.reduce(0) { sum, entry in
            all.contains { Thing($0) == entry.key } ? sum + min(0, entry.value) : sum + entry.value
        }
        var owing = 0
        for line in all {
            let given = lines.first { Thing($0) == Thing(line) }?.worth ?? 0
            let kept = line.worth - given
            left[Thing(line)] = max(0, (paid[Thing(line)] ?? 0) - kept)
            owing += max(0, kept - max(0, paid[Thing(line)] ?? 0))
        }
        if elsewhere > 0 { elsewhere = max(0, elsewhere - owing) }
        return lines.compactMap { line in
            var worth = min(line.worth, left[Thing(line)]!)
            let more = elsewhere > 0 ? min(elsewhere, line.worth - worth) : max(elsewhere, -worth)
            worth += more
            elsewhere -= more
            if worth == line.worth { return line }
            if worth == 0 { return nil }
            var line = line
            (line.quantity, line.amount, line.worth) = (1, (worth + 50) / 100, worth)
            return line
        }
    }

    /// The lines of an invoice that is neither void nor given up nor taken back whole, without what was taken back.
    private func stillCharged(_ number: Int) -> [Line] {
        let invoice = invoices[number]
        let isTakenBack = !invoice.credited.isEmpty && invoice.total <= invoice.creditedTotal
        if invoice.status == .void || invoice.status == .uncollectible || isTakenBack { return [] }
        return invoice.lines.enumerated().map { place, line in
            guard let taken = invoice.credited[place]?.amount else { return line }
            var line = line
            let net = invoice.lines.reduce(line.amount) {
                $0 + ($1.kind == .discount && $1.source == place ? $1.amount : 0)
            }
            line.worth = share((line.worth + 50) / 100, net - taken, of: net) * 100
            return line
        }
    }

    /// What was paid ahead for the rest of the running period, as credits that are worth something.
    private func unusedAdvance(_ number: Int) -> [Line] {
        let subscription = subscriptions[number]
        let ahead = advance(subscription, rest(subscription))
        return prorated(charged(ahead, of: ahead, subscription), .credit, of: subscription)
            .filter { $0.amount != 0 }
    }

    private func rest(_ subscription: Subscription) -> (start: Instant, end: Instant) {
        let period = subscription.period
        return (min(max(now, period.start), period.end), period.end)
    }

    /// What lines cost for the rest of the running period: by whole seconds, each rounded by itself, nothing while
    /// nothing is charged. `kind` is what they become; nil: they stay what they are.
    private func prorated(_ lines: [Line], _ kind: Line.Kind?, of subscription: Subscription) -> [Line] {
        guard let priced = subscription.priced else { return [] }
        func seconds(_ period: (start: Instant, end: Instant)) -> Int { period.end / 1000 - period.start / 1000 }
        let (part, whole) = (seconds(rest(subscription)), seconds(priced))
        return lines.map { line in
            var line = line
            let amount = (2 * line.amount * part + whole) / (2 * whole)
            line.amount = kind == .credit ? -amount : amount
            line.kind = kind ?? line.kind
            return line
        }
    }
}

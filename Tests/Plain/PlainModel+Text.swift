extension PlainModel {
    /// Everything that can be asked about a company but its invoices, in lines that compare.
    package func state(of company: Int) -> [String] {
        let account = companies[company]
        let keys = companyKeys.keys[company].map { "\($0)=\($1)" }.sorted().joined(separator: ",")
        let parts = [account.plan].compactMap(\.self) + account.addOns
        let plan = parts.isEmpty ? "none" : parts.map { "\($0.plan).\($0.version)" }.joined(separator: "+")
        var lines = ["company \(company) \(keys) zone \(account.zone ?? 0) plan \(plan) balance \(account.balance)"]
        if let number = account.subscription {
            let subscription = subscriptions[number]
            let ending = subscription.endsWithPeriod ? " ending" : ""
            let trial = subscription.isTrialing ? " trial until \(subscription.anchor)" : ""
            lines.append(
                "subscription \(number) from \(subscription.start) period \(subscription.index)\(ending)\(trial)")
        }
        for number in account.ended {
            guard let at = subscriptions[number].correctsAt else { continue }
            lines.append("subscription \(number) has ended, corrected at \(at)")
        }
        for override in account.overrides { lines.append("override \(override.number)") }
        for (place, feature) in features.enumerated() {
            let check = check(place, by: company)
            let allowance =
                switch check.allowance {
                case nil: "nothing"
                case .off, .on: "switch"
                case .unlimited: "unlimited"
                case .limited(let limit): "\(limit)"
                }
            let reset = check.resetAt.map { " until \($0)" } ?? ""
            lines.append("\(feature.key) \(check.isOn) of \(allowance) used \(check.usage) held \(check.held)\(reset)")
        }
        return lines + holds(of: company)
    }

    package func invoices(of company: Int) -> [String] {
        invoices.indices.filter { invoices[$0].company == company }.map { "invoice \($0) " + text(invoices[$0]) }
    }

    package func upcomingInvoice(of company: Int) -> String {
        guard let subscription = companies[company].subscription, let invoice = upcoming(subscription) else {
            return "upcoming none"
        }
        return "upcoming " + text(invoice)
    }

    private func text(_ invoice: Invoice) -> String {
        let number = invoice.number.map { " number \($0)" } ?? ""
        let lines = invoice.lines.map { line in
            let feature = line.feature.map { " " + features[$0].key } ?? ""
            return "\(line.kind.rawValue)\(feature) \(line.quantity)=\(line.amount) \(line.start)-\(line.end)"
        }
        return "of \(invoice.subscription) \(invoice.status.rawValue)\(number) \(invoice.start)-\(invoice.end) "
            + "final \(invoice.finalizesAt) total \(invoice.total) balance \(invoice.paidFromBalance) "
            + "paid \(invoice.collected) credited \(invoice.creditedTotal) left \(invoice.remaining): "
            + lines.sorted().joined(separator: " + ")
    }

    package var linesBilled: [String: Int] {
        var counts: [String: Int] = [:]
        for line in invoices.flatMap(\.lines) { counts[line.kind.rawValue, default: 0] += 1 }
        return counts
    }

    // MARK: - Conservation

    /// What finalised usage lines bill, what later lines correct, what waits, and what was metered, in units.
    package struct Conservation: Equatable, Sendable {
        package var billed = 0
        package var corrected = 0
        package var unbilled = 0
        package var metered = 0

        package init() {}
    }

    package var conservation: Conservation {
        var sums = Conservation()
        for invoice in invoices {
            for line in invoice.lines where invoice.status != .draft && line.kind == .usage {
                guard let basis = line.basis, !basis.isEarly else { continue }
                sums.billed += line.quantity + basis.early.quantity
                sums.metered += billable(invoice.company, basis.event, from: basis.start, to: basis.end)
            }
            // Corrections count as soon as they are issued, on a draft too.
            for line in invoice.lines where line.kind == .correction { sums.corrected += line.quantity }
        }
        sums.unbilled = sums.metered - sums.billed - sums.corrected
        return sums
    }

    // MARK: - Instants at which something turns

    /// In the future.
    package var turns: [Instant] {
        var turns: [Instant] = [
            now / Calendar.day * Calendar.day + Calendar.day, Calendar.week(of: now).end, Calendar.month(of: now).end,
        ]
        for company in companies {
            turns += company.overrides.compactMap(\.expiresAt)
            guard let number = company.subscription else { continue }
            turns += [subscriptions[number].period.end, subscriptions[number].cycle(now).end]
            turns += [subscriptions[number].discount?.endsAt, nextEarlyBill(number)].compactMap(\.self)
        }
        turns += looks.map(\.at)
        turns += openHolds.map { holds[$0].expiresAt }
        for invoice in invoices where invoice.status == .draft { turns.append(invoice.finalizesAt) }
        if let oldest = keysSeen.values.map({ $0.at + Self.keyLife }).filter({ $0 > now }).min() {
            turns.append(oldest)
        }
        return turns.filter { $0 > now }
    }

    /// At or before now: what began and what ended where an event may still be placed.
    package func edges(of company: Int) -> [Instant] {
        var edges = [now / Calendar.day * Calendar.day, Calendar.week(of: now).start, Calendar.month(of: now).start]
        guard companies.indices.contains(company) else { return edges }
        if let number = companies[company].subscription {
            let subscription = subscriptions[number]
            edges += [subscription.period.start, subscription.period.start, subscription.start]
        }
        for number in companies[company].ended.suffix(1) {
            edges += [subscriptions[number].period.start, subscriptions[number].endedAt!]
        }
        return edges
    }
}

extension PlainModel {
    /// Whether something that is due by now has not been done yet.
    package var hasDue: Bool { nextDue(until: now) != nil || !lateUse.isEmpty }

    /// Invoices and lines of which something can be taken back, with how much.
    package var creditable: [(invoice: Int, line: Int, amount: Int)] {
        invoices.indices.filter { invoices[$0].number != nil }.flatMap { number in
            invoices[number].lines.indices.compactMap { place in
                let line = invoices[number].lines[place]
                return line.amount > 0 && !line.isDerived ? (number, place, line.amount) : nil
            }
        }
    }

    package var paidInvoices: [Int] { invoices.indices.filter { !invoices[$0].payments.isEmpty } }

    package var drafts: [Int] { invoices.indices.filter { invoices[$0].status == .draft } }

    package var trialing: [Int] {
        companies.indices.filter { companies[$0].subscription.map { subscriptions[$0].isTrialing } ?? false }
    }

    package var subscribers: [Int] { companies.indices.filter { companies[$0].subscription != nil } }
}

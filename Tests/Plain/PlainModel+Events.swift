extension PlainModel {
    package mutating func track(_ uses: [Use]) -> TrackOutcome {
        register(uses)
        var outcome = TrackOutcome()
        var named: Set<Int> = []
        // Those that name a hold are counted when all others are.
        var settling: [(use: Use, company: Int, at: Instant)] = []
        for (index, use) in uses.enumerated() {
            guard let at = effectiveTime(of: use), let company = company(of: use), let user = user(of: use) else {
                outcome.rejected.append(index)
                continue
            }
            if let company { named.insert(company) }
            if let key = use.key, !key.isEmpty {
                let content = [company ?? -1, user ?? -1, use.quantity, use.isTimed ? at : -1]
                if let seen = keysSeen[key], now < seen.at + Self.keyLife {
                    let isSame = seen.content == content && seen.event == use.event
                    if isSame { outcome.duplicates += 1 } else { outcome.conflicts += 1 }
                    continue
                }
                keysSeen[key] = Seen(at: now, content: content, event: use.event)
            }
            outcome.accepted += 1
            guard let company else { continue }
            if use.hold == nil || use.isBackfill {
                count(use, company, at)
            } else {
                settling.append((use, company, at))
            }
            outcome.late[index] = lateness(of: use, company, at)
        }
        for (use, company, at) in settling { settleHold(by: use, company, at) }
        stage()
        lookAtThresholds(named)
        return outcome
    }

    /// An event that settles the hold of an event counts where all do; that of a trait counts there as well.
    private mutating func settleHold(by use: Use, _ company: Int, _ at: Instant) {
        count(use, company, at)
        let number = use.hold!
        guard quantity(ofHold: number) != nil, holds[number].company == company else { return }
        if isTrait(holds[number].measure) {
            add(use.quantity, to: holds[number].measure, of: company)
        } else if holds[number].measure != use.event {
            return
        }
        end(number, counting: use.quantity)
    }

    private mutating func count(_ use: Use, _ company: Int, _ at: Instant) {
        let counted = Counted(at: at, quantity: use.quantity, isBackfill: use.isBackfill)
        events[Meter(company: company, event: use.event), default: []].append(counted)
    }

    /// Companies and users that usable events name are made before any event counts.
    private mutating func register(_ uses: [Use]) {
        let usable = uses.filter { use in
            effectiveTime(of: use) != nil && companyKeys.find(use.company) != .two && userKeys.find(use.user) != .two
        }
        guard usable.contains(where: { !isKnown($0) }) else { return }
        for use in usable where !use.company.isEmpty { _ = companyKeys.register(use.company) }
        for use in usable where !use.user.isEmpty { _ = userKeys.register(use.user) }
        for use in usable { meters.insert(use.event) }
        makeCompanies()
        stage()
    }

    /// Nil inside for an event that names none; nil for keys that name two.
    private func company(of use: Use) -> Int?? {
        if use.company.isEmpty { return .some(nil) }
        if case .one(let number) = companyKeys.find(use.company) { return .some(number) }
        return nil
    }

    private func user(of use: Use) -> Int?? {
        if use.user.isEmpty { return .some(nil) }
        if case .one(let number) = userKeys.find(use.user) { return .some(number) }
        return nil
    }

    /// When it counts; nil for an event that is not accepted.
    private func effectiveTime(of use: Use) -> Instant? {
        guard use.quantity != 0 || use.hold != nil, abs(use.quantity) <= 1_000_000_000_000_000 else { return nil }
        guard use.quantity >= 0 || use.hold == nil else { return nil }
        guard use.isTimed else { return useTime }
        guard let sentAt = use.sentAt, sentAt <= now + 300 * Calendar.second else { return nil }
        let reach = use.isBackfill ? 365 : 34
        return sentAt < now - reach * Calendar.day ? nil : sentAt
    }

    /// Whether the invoice of the ended period that it belongs to is final; nil when it is not late. Where that is of a
    /// subscription that has ended, it is to be noted.
    private mutating func lateness(of use: Use, _ company: Int, _ at: Instant) -> Bool? {
        guard use.isTrusted, !use.isBackfill, at < now else { return nil }
        if let number = companies[company].subscription, subscriptions[number].firstBilled <= at {
            guard at < subscriptions[number].period.start else { return nil }
            return isFinal(number, at) ?? false
        }
        for number in companies[company].ended.reversed() {
            guard let isFinal = isFinal(number, at) else { continue }
            if isFinal { lateUse.insert(number) }
            return isFinal
        }
        return nil
    }

    /// Whether the invoice is final that bills a subscription's use of an instant; nil when none does.
    private func isFinal(_ subscription: Int, _ at: Instant) -> Bool? {
        for invoice in invoices where invoice.subscription == subscription {
            let bills = invoice.lines.contains { line in
                line.basis.map { !$0.isEarly && $0.start <= at && at < $0.end } ?? false
            }
            if bills { return invoice.status != .draft }
        }
        return nil
    }

    // MARK: - Consume

    package mutating func consume(_ request: Consumption) -> ConsumeOutcome {
        let outcome = decide(request)
        if case .answered(let numbers) = outcome, numbers.isAllowed,
            case .one(let company) = companyKeys.find(request.company)
        {
            lookAtThresholds([company])
        }
        return outcome
    }

    private mutating func decide(_ request: Consumption) -> ConsumeOutcome {
        let key = request.key.flatMap { $0.isEmpty ? nil : $0 }
        if let key, let earlier = answers[key], now < earlier.at + Self.keyLife {
            guard case .consumed(request, let numbers) = earlier.answer else { return .refused }
            return .answered(numbers)
        }
        switch weigh(request) {
        case .refused: return .refused
        case .unentitled:
            let no = ConsumeOutcome.Numbers(isAllowed: false, usage: 0, allocation: nil, remaining: nil, resetAt: nil)
            return keep(no, request)
        case .weighed(let company, let trait, let shown) where isTrait(trait):
            if shown.isAllowed { add(request.quantity, to: trait, of: company) }
            return keep(shown, request)
        case .weighed(let company, let event, let shown):
            if let key, let seen = keysSeen[key], now < seen.at + Self.keyLife { return .refused }
            if shown.isAllowed {
                count(Use(company: request.company, event: event, quantity: request.quantity), company, useTime)
                if let key {
                    keysSeen[key] = Seen(at: now, content: [company, -1, request.quantity, -1], event: event)
                }
            }
            return keep(shown, request)
        }
    }

    enum Weighed {
        case refused
        /// No company, or no entitlement.
        case unentitled
        case weighed(company: Int, measure: String, ConsumeOutcome.Numbers)
    }

    /// Whether the quantity is allowed beside what is used and held.
    func weigh(_ request: Consumption) -> Weighed {
        guard 1...1_000_000_000_000_000 ~= request.quantity, !request.company.isEmpty else { return .refused }
        let wanted: [Int]
        switch request.target {
        case .feature(let feature): wanted = features[feature].measure == nil ? [] : [feature]
        case .event(let event): wanted = features.indices.filter { features[$0].event == event }
        }
        guard let first = wanted.first, let event = features[first].measure else { return .refused }
        let found = companyKeys.find(request.company)
        if found == .two { return .refused }
        guard case .one(let company) = found else { return .unentitled }
        let limits = wanted.compactMap { Self.mostGenerous(grants(of: $0, to: company)) }
        guard let shown = tightest(limits.map { answer($0, request.quantity, company, event) }) else {
            return .unentitled
        }
        return .weighed(company: company, measure: event, shown)
    }

    /// A refusal, else the least that remains.
    func tightest(_ answers: [ConsumeOutcome.Numbers]) -> ConsumeOutcome.Numbers? {
        answers.first { !$0.isAllowed } ?? answers.min { ($0.remaining ?? .max) < ($1.remaining ?? .max) }
    }

    func answer(
        _ grant: Grant, _ quantity: Int, _ company: Int, _ event: String
    ) -> ConsumeOutcome.Numbers {
        let window = window(grant.span, of: company)
        let usage = used(company, event, from: window.start, to: window.end)
        let taken = usage + held(company, event)
        var numbers = ConsumeOutcome.Numbers(
            isAllowed: true, usage: usage + quantity, allocation: nil, remaining: nil, resetAt: window.end)
        guard case .limited(let limit) = grant.allowance else { return numbers }
        numbers.allocation = limit
        numbers.remaining = limit - taken - quantity
        guard taken + quantity > limit else { return numbers }
        (numbers.isAllowed, numbers.usage, numbers.remaining) = (false, usage, limit - taken)
        return numbers
    }

    private mutating func keep(_ numbers: ConsumeOutcome.Numbers, _ request: Consumption) -> ConsumeOutcome {
        if let key = request.key, !key.isEmpty {
            answers[key] = Answered(at: now, answer: .consumed(request, numbers))
            stage()
        } else if numbers.isAllowed {
            stage()
        }
        return .answered(numbers)
    }
}

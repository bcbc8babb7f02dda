extension PlainModel {
    /// What one source grants, with the numbers of this company.
    struct Grant {
        var allowance: Allowance
        var span: Span?
        var isOverride: Bool
    }

    /// What a check of a feature says, and the entitlement that counts.
    package struct Check: Equatable, Sendable {
        package var isOn = false
        package var allowance: Allowance?
        package var usage = 0
        package var held = 0
        package var resetAt: Instant?

        /// What a limit leaves; nil without one.
        package var left: Int? { if case .limited(let limit) = allowance { limit - usage - held } else { nil } }
    }

    package func check(_ feature: Int, by company: Int) -> Check {
        var check = Check()
        let grants = grants(of: feature, to: company)
        for isOverride in [true, false] {
            let mine = grants.filter { $0.isOverride == isOverride }
            if mine.contains(where: { allows($0, feature, company) }) {
                check.isOn = true
                break
            }
            if mine.contains(where: { $0.allowance == .off }) { break }
        }
        guard let effective = Self.mostGenerous(grants) else { return check }
        check.allowance = effective.allowance
        guard let event = features[feature].measure else { return check }
        let window = window(effective.span, of: company)
        check.usage = used(company, event, from: window.start, to: window.end)
        check.held = held(company, event)
        check.resetAt = window.end
        return check
    }

    private func allows(_ grant: Grant, _ feature: Int, _ company: Int) -> Bool {
        switch grant.allowance {
        case .off: return false
        case .on, .unlimited: return true
        case .limited(let limit):
            guard let event = features[feature].measure else { return false }
            let window = window(grant.span, of: company)
            return used(company, event, from: window.start, to: window.end) + held(company, event) < limit
        }
    }

    /// The plan's grant first, then those of add-ons.
    func grants(of feature: Int, to company: Int) -> [Grant] {
        var grants: [Grant] = []
        let account = companies[company]
        var span: Span?
        for (plan, version) in [account.plan].compactMap(\.self) + account.addOns {
            guard let terms = plans[plan][version].terms.first(where: { $0.feature == feature }) else { continue }
            if grants.isEmpty { span = terms.span }
            var allowance = terms.allowance
            if case .ahead(let preset, _) = terms.price {
                let bought = account.subscription.flatMap {
                    subscriptions[$0].bought[Seat(plan: plan, feature: feature)]
                }
                allowance = .limited(bought ?? preset)
            }
            grants.append(Grant(allowance: allowance, span: terms.span, isOverride: false))
        }
        for override in account.overrides where override.terms.feature == feature {
            if let end = override.expiresAt, end <= now { continue }
            grants.append(
                Grant(allowance: override.terms.allowance, span: override.terms.span ?? span, isOverride: true))
        }
        return grants
    }

    static func mostGenerous(_ grants: [Grant]) -> Grant? {
        var best: Grant?
        for grant in grants {
            guard let incumbent = best else {
                best = grant
                continue
            }
            let isSwitch = grant.allowance == .on || grant.allowance == .off
            if isSwitch && grant.isOverride || isMore(grant, than: incumbent) { best = grant }
        }
        return best
    }

    private static func isMore(_ grant: Grant, than other: Grant) -> Bool {
        func rank(_ allowance: Allowance) -> Int {
            switch allowance {
            case .off: 0
            case .limited: 1
            case .on, .unlimited: 2
            }
        }
        guard case .limited(let limit) = grant.allowance, case .limited(let otherLimit) = other.allowance else {
            return rank(grant.allowance) > rank(other.allowance)
        }
        switch (grant.span, other.span) {
        case (nil, nil): return limit > otherLimit
        case (nil, _): return false
        case (_, nil): return true
        case (let span?, let otherSpan?):
            guard let days = span.days, let otherDays = otherSpan.days else { return limit > otherLimit }
            return limit * otherDays > otherLimit * days
        }
    }

    /// The window in which use counts now.
    func window(_ span: Span?, of company: Int) -> (start: Instant?, end: Instant?) {
        switch span ?? .allTime {
        case .allTime: return (nil, nil)
        case .day:
            let start = now / Calendar.day * Calendar.day
            return (start, start + Calendar.day)
        case .week:
            let week = Calendar.week(of: now)
            return (week.start, week.end)
        case .month:
            let month = Calendar.month(of: now)
            return (month.start, month.end)
        case .cycle:
            guard let number = companies[company].subscription else { return window(.month, of: company) }
            let subscription = subscriptions[number]
            var cycle = subscription.cycle(now)
            // The first one goes on counting from where the window before it began.
            if cycle.start <= subscription.start { cycle.start = min(cycle.start, subscription.carriedFrom) }
            return (cycle.start, cycle.end)
        }
    }

    // MARK: - Overrides

    package mutating func addOverride(_ terms: Terms, expiresAt: Instant?, to company: Int) -> Bool {
        runDue(until: now)
        let hasOne = companies[company].overrides.contains {
            $0.terms.feature == terms.feature && ($0.expiresAt == nil || now < $0.expiresAt!)
        }
        if hasOne { return false }
        if let expiresAt, expiresAt <= now { return false }
        companies[company].overrides.append(Override(terms: terms, expiresAt: expiresAt, number: overrideCount))
        overrideCount += 1
        return true
    }

    package mutating func removeOverride(_ number: Int) -> Bool {
        runDue(until: now)
        for company in companies.indices {
            guard let place = companies[company].overrides.firstIndex(where: { $0.number == number }) else { continue }
            companies[company].overrides.remove(at: place)
            return true
        }
        return false
    }
}

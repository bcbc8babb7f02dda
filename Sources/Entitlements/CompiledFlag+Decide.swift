package import Basics
internal import Model

extension CompiledFlag {
    /// Answers the flag for a company and a user at an instant.
    ///
    /// The first rule that matches decides, in the order of `RuleType.allCases`: of entitlements and overrides those
    /// that say yes first, of standard rules the smallest priority. With `preflight.fits` only the company's effective
    /// entitlement is asked in place of all its grants, so that the answer is what consuming would be. Rule: Schematic,
    /// "Flag checks".
    package func decide<Source: UsageSource>(
        company: Subject<CompanyFacts>, user: Subject<UserFacts>, at now: Timestamp, preflight: Preflight = .none,
        usage: Source
    ) throws(Source.Failure) -> FlagDecision {
        let verdict = try verdict(company, user, now, preflight, usage)
        return FlagDecision(verdict, of: self, grants: company.facts?.standing.grants ?? [])
    }

    /// The value that `decide` would answer, by itself.
    package func value<Source: UsageSource>(
        company: Subject<CompanyFacts>, user: Subject<UserFacts>, at now: Timestamp, usage: Source
    ) throws(Source.Failure) -> Bool {
        try verdict(company, user, now, .none, usage).value
    }

    private func verdict<Source: UsageSource>(
        _ company: Subject<CompanyFacts>, _ user: Subject<UserFacts>, _ now: Timestamp, _ preflight: Preflight,
        _ usage: Source
    ) throws(Source.Failure) -> Verdict {
        var entitlement: Verdict.Entitlement?
        if case .known(let facts) = company, let featureID {
            let places = facts.standing.places(of: featureID)
            if let effective = facts.standing.effective(among: places, at: now) {
                var question = GrantQuestion(flag: self, company: facts, now: now)
                let match =
                    globalOverride == nil ? try question.match(places, effective, preflight, usage) : nil
                let reading = try question.reading(over: facts.standing.grants[effective].span, usage)
                entitlement = Verdict.Entitlement(place: effective, reading: reading)
                if let match { return Verdict(value: match.value, decider: .grant(match), entitlement: entitlement) }
            }
        }
        if let globalOverride {
            return Verdict(value: globalOverride.value, decider: .globalOverride, entitlement: entitlement)
        }
        if let place = try firstStandard(company, user, preflight, now, usage) {
            return Verdict(value: standard.rules[place].value, decider: .standard(place), entitlement: entitlement)
        }
        if let fallback { return Verdict(value: fallback.value, decider: .fallback, entitlement: entitlement) }
        return Verdict(
            value: defaultValue, decider: .nobody(Reason.withoutRule(company, user)), entitlement: entitlement)
    }

    private func firstStandard<Source: UsageSource>(
        _ company: Subject<CompanyFacts>, _ user: Subject<UserFacts>, _ preflight: Preflight, _ now: Timestamp,
        _ usage: Source
    ) throws(Source.Failure) -> Int? {
        if standard.rules.isEmpty { return nil }
        let question = RuleQuestion(company: company.facts, user: user.facts, preflight: preflight, now: now)
        return try standard.first { condition throws(Source.Failure) in try question.holds(condition, usage) }
    }
}

/// What the grants of one company to one flag's feature say. Not copied, so that a decision keeps its references once.
private struct GrantQuestion: ~Copyable {
    private let flag: CompiledFlag
    private let company: CompanyFacts
    private let now: Timestamp
    /// Each counter is read once: read twice it could be below a limit for one rule and above it for the next.
    private var readings = InlineArray<5, UsageReading?>(repeating: nil)

    init(flag: CompiledFlag, company: CompanyFacts, now: Timestamp) {
        self.flag = flag
        self.company = company
        self.now = now
    }

    /// The grant whose rule matches, in the order of the four rule types of entitlements and overrides; nil when none
    /// does. By place, so that no grant is copied.
    mutating func match<Source: UsageSource>(
        _ places: Range<Int>, _ effective: Int, _ preflight: Preflight, _ usage: Source
    ) throws(Source.Failure) -> Verdict.Match? {
        if let quantity = preflight.fits {
            return try outcome(of: effective, usage, isWithin: { $0.addingSaturated(quantity) <= $1 })
        }
        let extra = flag.extra(preflight)
        var exceeded: Verdict.Match?
        for order in GrantSource.inOrder.indices {
            let source = GrantSource.inOrder[order]
            var switchedOff: Verdict.Match?
            for place in places where self.source(of: place) == source && isLive(place) {
                guard let match = try outcome(of: place, usage, isWithin: { $0.addingSaturated(extra) < $1 }) else {
                    continue
                }
                switch match.outcome {
                case .granted: return match
                case .switchedOff: switchedOff = switchedOff ?? match
                case .exceeded: exceeded = exceeded ?? match
                }
            }
            if let switchedOff { return switchedOff }
        }
        return exceeded
    }

    private func source(of place: Int) -> GrantSource { company.standing.grants[place].source }
    private func isLive(_ place: Int) -> Bool { company.standing.grants[place].isLive(at: now) }

    /// `isWithin` gets the units used and held, and the limit. Nil for a limit on what nothing meters: no rule can
    /// match it.
    private mutating func outcome<Source: UsageSource>(
        of place: Int, _ usage: Source, isWithin: (Int64, Int64) -> Bool
    ) throws(Source.Failure) -> Verdict.Match? {
        switch company.standing.grants[place].allocation {
        case .off: return Verdict.Match(place: place, outcome: .switchedOff)
        case .on, .unlimited: return Verdict.Match(place: place, outcome: .granted)
        case .limited(let limit):
            guard let reading = try reading(over: company.standing.grants[place].span, usage) else { return nil }
            let isWithin = isWithin(reading.usage.addingSaturated(reading.held), limit)
            return Verdict.Match(place: place, outcome: isWithin ? .granted : .exceeded, reading: reading)
        }
    }

    /// The use of the feature; nil when nothing meters it. A trait has no spans.
    mutating func reading<Source: UsageSource>(
        over span: UsageSpan, _ usage: Source
    ) throws(Source.Failure) -> UsageReading? {
        if let reading = readings[span.rawValue] { return reading }
        let reading: UsageReading
        switch flag.basis {
        case .none: return nil
        case .event(let meter): reading = try usage.reading(of: meter, over: span, by: company.id, at: now)
        case .trait(let trait):
            reading = UsageReading(
                usage: company.traits.integer(trait), held: try usage.unitsHeld(of: trait, by: company.id, at: now))
        }
        readings[span.rawValue] = reading
        return reading
    }
}

extension CompiledFlag {
    /// What a preflight adds to the use.
    fileprivate func extra(_ preflight: Preflight) -> Int64 {
        guard preflight.eventUsage != nil, let event else { return preflight.usage }
        return preflight.extra(of: event)
    }
}

/// Whether conditions of rules that people wrote hold for one company and user.
private struct RuleQuestion: ~Copyable {
    let company: CompanyFacts?
    let user: UserFacts?
    let preflight: Preflight
    let now: Timestamp

    /// False whenever the company or user that the condition is about is not there, also for negated ones.
    func holds<Source: UsageSource>(
        _ condition: CompiledCondition, _ usage: Source
    ) throws(Source.Failure) -> Bool {
        switch condition {
        case .user(let ids, let negated):
            guard let user else { return false }
            return ids.contains(user.id) != negated
        case .trait(let test) where test.entityType == .user:
            guard let user else { return false }
            return test.holds(in: user.traits, extra: preflight.usage)
        default:
            guard let company else { return false }
            return try holds(condition, for: company, usage)
        }
    }

    private func holds<Source: UsageSource>(
        _ condition: CompiledCondition, for company: CompanyFacts, _ usage: Source
    ) throws(Source.Failure) -> Bool {
        switch condition {
        case .company(let ids, let negated): return ids.contains(company.id) != negated
        case .plan(let ids, let negated): return ids.containsAny(of: company.standing.planIDs) != negated
        case .planVersion(let ids, let negated): return ids.containsAny(of: company.standing.planVersionIDs) != negated
        case .billingProduct(let ids, let negated):
            return ids.containsAny(of: company.standing.billingProductIDs) != negated
        case .basePlan(let ids, let comparison): return holds(comparison, on: company.standing.basePlanID, in: ids)
        case .metric(let test):
            let reading = try usage.reading(of: test.meter, over: test.span, by: company.id, at: now)
            return test.holds(reading, traits: company.traits, preflight: preflight)
        case .trait(let test):
            let held = test.isCount ? try usage.unitsHeld(of: test.trait, by: company.id, at: now) : 0
            return test.holds(in: company.traits, extra: preflight.usage.addingSaturated(held))
        case .user, .never: return false
        }
    }

    /// No base plan is not any of the ids; comparisons of order never hold.
    private func holds(
        _ comparison: ComparableOperator, on plan: Identifier<Plan>?, in ids: NameSet<Identifier<Plan>>
    ) -> Bool {
        let isAmong = plan.map { ids.contains($0) } ?? false
        return switch comparison {
        case .eq: isAmong
        case .ne: !isAmong
        case .isEmpty: plan == nil
        case .notEmpty: plan != nil
        case .gt, .gte, .lt, .lte: false
        }
    }
}

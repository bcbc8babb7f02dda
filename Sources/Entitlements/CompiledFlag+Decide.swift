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
        var match: GrantMatch?
        var entitlement: EntitlementUse?
        if case .known(let facts) = company, let featureID {
            let grants = facts.grants(of: featureID)
            if let effective = grants.effective(at: now) {
                var question = GrantQuestion(flag: self, company: facts, now: now)
                if globalOverride == nil { match = try question.match(grants, effective, preflight, usage) }
                entitlement = EntitlementUse(
                    grant: effective, reading: try question.reading(over: effective.terms.span, usage))
            }
        }
        if let match {
            return FlagDecision(
                value: match.value, rule: match.rule, matchedLimit: match.limit, entitlement: entitlement)
        }
        var rule = globalOverride
        if rule == nil { rule = try firstStandard(company, user, preflight, now, usage) ?? fallback }
        return FlagDecision(
            value: rule?.value ?? defaultValue, rule: rule?.face, entitlement: entitlement,
            reasonWithoutRule: Reason.withoutRule(company, user))
    }

    private func firstStandard<Source: UsageSource>(
        _ company: Subject<CompanyFacts>, _ user: Subject<UserFacts>, _ preflight: Preflight, _ now: Timestamp,
        _ usage: Source
    ) throws(Source.Failure) -> CompiledRule? {
        if standard.isEmpty { return nil }
        let question = RuleQuestion(company: company.facts, user: user.facts, preflight: preflight, now: now)
        for rule in standard {
            if try question.holds(rule, usage) { return rule }
        }
        return nil
    }
}

/// The rule of an entitlement or override that decides.
private struct GrantMatch {
    let value: Bool
    let rule: RuleFace
    let limit: MatchedLimit?
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

    /// The rule that matches, in the order of the four rule types of entitlements and overrides; nil when none does.
    mutating func match<Source: UsageSource>(
        _ grants: [Grant], _ effective: Grant, _ preflight: Preflight, _ usage: Source
    ) throws(Source.Failure) -> GrantMatch? {
        if let quantity = preflight.fits {
            guard let outcome = try outcome(of: effective, usage, isWithin: { $0.addingSaturated(quantity) <= $1 })
            else { return nil }
            return try match(outcome, effective, usage)
        }
        let extra = flag.basis.extra(preflight)
        var exceeded: Int?
        for place in GrantSource.inOrder.indices {
            let source = GrantSource.inOrder[place]
            var switchedOff: Int?
            for index in grants.indices where grants[index].terms.source == source && grants[index].isLive(at: now) {
                switch try outcome(of: grants[index], usage, isWithin: { $0.addingSaturated(extra) < $1 }) {
                case .granted: return try match(.granted, grants[index], usage)
                case .switchedOff: switchedOff = switchedOff ?? index
                case .exceeded: exceeded = exceeded ?? index
                case nil: continue
                }
            }
            if let switchedOff { return try match(.switchedOff, grants[switchedOff], usage) }
        }
        guard let exceeded else { return nil }
        return try match(.exceeded, grants[exceeded], usage)
    }

    private enum Outcome {
        case granted, switchedOff, exceeded
    }

    /// `isWithin` gets the units used and held, and the limit. Nil for a limit on what nothing meters: no rule can
    /// match it.
    private mutating func outcome<Source: UsageSource>(
        of grant: Grant, _ usage: Source, isWithin: (Int64, Int64) -> Bool
    ) throws(Source.Failure) -> Outcome? {
        switch grant.allocation {
        case .off: return .switchedOff
        case .on, .unlimited: return .granted
        case .limited(let limit):
            guard let reading = try reading(over: grant.terms.span, usage) else { return nil }
            return isWithin(reading.usage.addingSaturated(reading.held), limit) ? .granted : .exceeded
        }
    }

    private mutating func match<Source: UsageSource>(
        _ outcome: Outcome, _ grant: Grant, _ usage: Source
    ) throws(Source.Failure) -> GrantMatch {
        let rule = outcome == .exceeded ? grant.terms.usageExceededRule : grant.terms.rule
        guard case .limited(let limit) = grant.allocation, let reading = try reading(over: grant.terms.span, usage)
        else { return GrantMatch(value: outcome == .granted, rule: rule, limit: nil) }
        var matched = MatchedLimit(usage: reading.usage, allocation: limit)
        if case .event(let event) = flag.basis {
            matched.event = event
            matched.span = grant.terms.span
            matched.resetsAt = reading.resetsAt
        }
        return GrantMatch(value: outcome == .granted, rule: rule, limit: matched)
    }

    /// The use of the feature; nil when nothing meters it. A trait has no spans.
    mutating func reading<Source: UsageSource>(
        over span: UsageSpan, _ usage: Source
    ) throws(Source.Failure) -> UsageReading? {
        if let reading = readings[span.rawValue] { return reading }
        let reading: UsageReading
        switch flag.basis {
        case .none: return nil
        case .event(let event): reading = try usage.reading(of: event, over: span, by: company, at: now)
        case .trait(let trait):
            reading = UsageReading(
                usage: company.traits.integer(trait), held: usage.unitsHeld(of: trait, by: company))
        }
        readings[span.rawValue] = reading
        return reading
    }
}

extension UsageBasis {
    /// What a preflight adds to the use.
    fileprivate func extra(_ preflight: Preflight) -> Int64 {
        if case .event(let event) = self { preflight.extra(of: event) } else { preflight.usage }
    }
}

/// Whether rules that people wrote hold for one company and user.
private struct RuleQuestion: ~Copyable {
    let company: CompanyFacts?
    let user: UserFacts?
    let preflight: Preflight
    let now: Timestamp

    func holds<Source: UsageSource>(_ rule: CompiledRule, _ usage: Source) throws(Source.Failure) -> Bool {
        for condition in rule.conditions {
            if try !holds(condition, usage) { return false }
        }
        for group in rule.groups {
            if try !holdsAny(of: group, usage) { return false }
        }
        return true
    }

    private func holdsAny<Source: UsageSource>(
        of group: [CompiledCondition], _ usage: Source
    ) throws(Source.Failure) -> Bool {
        for condition in group {
            if try holds(condition, usage) { return true }
        }
        return false
    }

    /// False whenever the company or user that the condition is about is not there, also for negated ones.
    private func holds<Source: UsageSource>(
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
        case .plan(let ids, let negated): return ids.isDisjoint(with: company.planIDs) == negated
        case .planVersion(let ids, let negated): return ids.isDisjoint(with: company.planVersionIDs) == negated
        case .billingProduct(let ids, let negated): return ids.isDisjoint(with: company.billingProductIDs) == negated
        case .basePlan(let ids, let comparison): return holds(comparison, on: company.basePlanID, in: ids)
        case .metric(let test):
            let reading = try usage.reading(of: test.event, over: test.span, by: company, at: now)
            return test.holds(reading, for: company, preflight: preflight)
        case .trait(let test):
            let held = test.isCount ? usage.unitsHeld(of: test.trait, by: company) : 0
            return test.holds(in: company.traits, extra: preflight.usage.addingSaturated(held))
        case .user, .never: return false
        }
    }

    /// No base plan is not any of the ids; comparisons of order never hold.
    private func holds(
        _ comparison: ComparableOperator, on plan: Identifier<Plan>?, in ids: Set<Identifier<Plan>>
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

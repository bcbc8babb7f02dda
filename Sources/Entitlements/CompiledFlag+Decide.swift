package import Basics
internal import Model

extension CompiledFlag {
    /// Answers the flag for a company and a user at an instant.
    ///
    /// The first rule that matches decides, in the order of `RuleType.allCases`: of entitlements and overrides those
    /// that say yes first, of standard rules the smallest priority. With `preflight.fits` only the company's effective
    /// entitlement is asked in place of all its grants, so that the answer is what consuming would be. Rule: Schematic,
    /// "Flag checks".
    package func decide(
        company: Subject<CompanyFacts>, user: Subject<UserFacts>, at now: Timestamp, preflight: Preflight = .none,
        usage: any UsageSource
    ) -> FlagDecision {
        var decision = FlagDecision(value: defaultValue)
        if let facts = company.facts, let featureID {
            let grants = facts.grants(of: featureID)
            if let effective = grants.effective(at: now) {
                var question = GrantQuestion(basis, facts, preflight, now, usage)
                if globalOverride == nil { question.decide(grants, effective, into: &decision) }
                decision.entitlement = EntitlementUse(
                    grant: effective, reading: question.reading(over: effective.terms.span))
            }
        }
        if decision.rule == nil {
            let rule = globalOverride ?? firstStandard(company.facts, user.facts, preflight, now, usage) ?? fallback
            decision.value = rule?.value ?? defaultValue
            decision.rule = rule?.face
            decision.reasonWithoutRule = Reason.withoutRule(company, user)
        }
        return decision
    }

    private func firstStandard(
        _ company: CompanyFacts?, _ user: UserFacts?, _ preflight: Preflight, _ now: Timestamp, _ usage: any UsageSource
    ) -> CompiledRule? {
        if standard.isEmpty { return nil }
        let question = RuleQuestion(company: company, user: user, preflight: preflight, now: now, usage: usage)
        for rule in standard where question.holds(rule) { return rule }
        return nil
    }
}

/// What the grants of one company to one feature say. Not copied, so that a decision keeps its references once.
private struct GrantQuestion: ~Copyable {
    private let basis: UsageBasis
    private let company: CompanyFacts
    private let preflight: Preflight
    private let now: Timestamp
    private let usage: any UsageSource
    /// Each counter is read once: read twice it could be below a limit for one rule and above it for the next.
    private var readings = InlineArray<5, UsageReading?>(repeating: nil)

    init(
        _ basis: UsageBasis, _ company: CompanyFacts, _ preflight: Preflight, _ now: Timestamp, _ usage: any UsageSource
    ) {
        self.basis = basis
        self.company = company
        self.preflight = preflight
        self.now = now
        self.usage = usage
    }

    /// Sets the rule that matched, if any does, in the order of the four rule types of entitlements and overrides.
    mutating func decide(_ grants: [Grant], _ effective: Grant, into decision: inout FlagDecision) {
        if let quantity = preflight.fits {
            guard let outcome = outcome(of: effective, isWithin: { $0.addingSaturated(quantity) <= $1 }) else { return }
            return set(outcome, by: effective, in: &decision)
        }
        let extra = extra
        var exceeded: Grant?
        for source in [GrantSource.companyOverride, .plan] {
            var switchedOff: Grant?
            for grant in grants where grant.terms.source == source && grant.isLive(at: now) {
                switch outcome(of: grant, isWithin: { $0.addingSaturated(extra) < $1 }) {
                case .granted: return set(.granted, by: grant, in: &decision)
                case .switchedOff: switchedOff = switchedOff ?? grant
                case .exceeded: exceeded = exceeded ?? grant
                case nil: continue
                }
            }
            if let switchedOff { return set(.switchedOff, by: switchedOff, in: &decision) }
        }
        if let exceeded { set(.exceeded, by: exceeded, in: &decision) }
    }

    private enum Outcome {
        case granted, switchedOff, exceeded
    }

    /// `isWithin` gets the units used and held, and the limit. Nil for a limit on what nothing meters: no rule can
    /// match it.
    private mutating func outcome(of grant: Grant, isWithin: (Int64, Int64) -> Bool) -> Outcome? {
        switch grant.allocation {
        case .off: return .switchedOff
        case .on, .unlimited: return .granted
        case .limited(let limit):
            guard let reading = reading(over: grant.terms.span) else { return nil }
            return isWithin(reading.usage.addingSaturated(reading.held), limit) ? .granted : .exceeded
        }
    }

    private mutating func set(_ outcome: Outcome, by grant: Grant, in decision: inout FlagDecision) {
        decision.value = outcome == .granted
        decision.rule = outcome == .exceeded ? grant.terms.usageExceededRule : grant.terms.rule
        guard case .limited(let limit) = grant.allocation, let reading = reading(over: grant.terms.span) else { return }
        decision.matchedLimit =
            if case .event(let event) = basis {
                MatchedLimit(
                    usage: reading.usage, allocation: limit, event: event, span: grant.terms.span,
                    resetsAt: reading.resetsAt)
            } else {
                MatchedLimit(usage: reading.usage, allocation: limit)
            }
    }

    private var extra: Int64 {
        if case .event(let event) = basis { preflight.extra(of: event) } else { preflight.usage }
    }

    /// The use of the feature; nil when nothing meters it. A trait has no spans.
    mutating func reading(over span: UsageSpan) -> UsageReading? {
        if let reading = readings[span.rawValue] { return reading }
        let reading: UsageReading
        switch basis {
        case .none: return nil
        case .event(let event): reading = usage.reading(of: event, over: span, by: company, at: now)
        case .trait(let trait):
            reading = UsageReading(
                usage: company.traits.integer(trait), held: usage.unitsHeld(of: trait, by: company))
        }
        readings[span.rawValue] = reading
        return reading
    }
}

/// Whether rules that people wrote hold for one company and user.
private struct RuleQuestion: ~Copyable {
    let company: CompanyFacts?
    let user: UserFacts?
    let preflight: Preflight
    let now: Timestamp
    let usage: any UsageSource

    func holds(_ rule: CompiledRule) -> Bool {
        for condition in rule.conditions where !holds(condition) { return false }
        for group in rule.groups where !holdsAny(of: group) { return false }
        return true
    }

    private func holdsAny(of group: [CompiledCondition]) -> Bool {
        for condition in group where holds(condition) { return true }
        return false
    }

    /// False whenever the company or user that the condition is about is not there, also for negated ones.
    private func holds(_ condition: CompiledCondition) -> Bool {
        switch condition {
        case .user(let ids, let negated):
            guard let user else { return false }
            return ids.contains(user.id) != negated
        case .trait(let test) where test.entityType == .user:
            guard let user else { return false }
            return test.holds(in: user.traits, extra: preflight.usage)
        default:
            guard let company else { return false }
            return holds(condition, for: company)
        }
    }

    private func holds(_ condition: CompiledCondition, for company: CompanyFacts) -> Bool {
        switch condition {
        case .company(let ids, let negated): return ids.contains(company.id) != negated
        case .plan(let ids, let negated): return ids.isDisjoint(with: company.planIDs) == negated
        case .planVersion(let ids, let negated): return ids.isDisjoint(with: company.planVersionIDs) == negated
        case .billingProduct(let ids, let negated): return ids.isDisjoint(with: company.billingProductIDs) == negated
        case .basePlan(let ids, let comparison): return holds(comparison, on: company.basePlanID, in: ids)
        case .metric(let test):
            let reading = usage.reading(of: test.event, over: test.span, by: company, at: now)
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

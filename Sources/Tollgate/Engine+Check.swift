internal import Basics
internal import Catalog
package import Entitlements
internal import Metering
public import Model

extension Engine {
    /// "May this company do this now?" Answered from memory once company and counter are warm.
    ///
    /// - Throws: `Refusal` for an unknown flag, or keys that name two companies.
    package func check(
        _ flagKey: String, company: [String: String]?, user: [String: String]?, preflight: Preflight = .none,
        in environment: EnvironmentID
    ) throws -> FlagCheck {
        let runtime = try requireRuntime(environment)
        let now = now(in: environment)
        let (companyState, company) = try companySubject(company, runtime)
        let user = try userSubject(user, runtime)
        guard let flag = runtime.catalog.compiledFlags[flagKey] else {
            throw Refusal.notFound("flag \"\(flagKey)\" does not exist")
        }
        let usage = CounterReader(counters, companyState)
        let decision = flag.decide(company: company, user: user, at: now, preflight: preflight, usage: usage)
        if let failure = usage.failure { throw failure }
        return FlagCheck(flag: flag, decision: decision, company: company.facts?.id, user: user.facts?.id)
    }

    /// Every flag of the environment, by key.
    package func checkAll(
        company: [String: String]?, user: [String: String]?, preflight: Preflight = .none,
        in environment: EnvironmentID
    ) throws -> [FlagCheck] {
        let runtime = try requireRuntime(environment)
        let now = now(in: environment)
        let (companyState, company) = try companySubject(company, runtime)
        let user = try userSubject(user, runtime)
        let usage = CounterReader(counters, companyState)
        let checks = runtime.catalog.compiledFlags.values.sorted { $0.key < $1.key }.map { flag in
            FlagCheck(
                flag: flag,
                decision: flag.decide(company: company, user: user, at: now, preflight: preflight, usage: usage),
                company: company.facts?.id, user: user.facts?.id)
        }
        if let failure = usage.failure { throw failure }
        return checks
    }

    /// Whether the flag is on, in one word: for programs that embed the engine.
    public func isOn(_ flagKey: String, company: [String: String], in environment: EnvironmentID) throws -> Bool {
        try check(flagKey, company: company, user: nil, in: environment).decision.value
    }

    private func companySubject(
        _ keys: [String: String]?, _ runtime: EnvironmentRuntime
    ) throws -> (CompanyState?, Subject<CompanyFacts>) {
        guard let keys, !keys.isEmpty else { return (nil, .unnamed) }
        guard let ordinal = try resolve(.company, keys, in: runtime.id),
            let state = try runtime.company(Identifier(ordinal: ordinal))
        else { return (nil, .unknown) }
        return (state, .known(state.facts))
    }

    private func userSubject(
        _ keys: [String: String]?, _ runtime: EnvironmentRuntime
    ) throws -> Subject<UserFacts> {
        guard let keys, !keys.isEmpty else { return .unnamed }
        guard let ordinal = try resolve(.user, keys, in: runtime.id),
            let facts = try runtime.user(Identifier(ordinal: ordinal))
        else { return .unknown }
        return .known(facts)
    }
}

/// The answer of one flag check, and who it was about.
package struct FlagCheck: Sendable {
    package let flag: CompiledFlag
    package let decision: FlagDecision
    package let company: Identifier<Company>?
    package let user: Identifier<User>?
}

/// Reads one company's counters while a flag is decided.
final class CounterReader: UsageSource {
    private let counters: CounterShards
    private let state: CompanyState?
    /// Decisions have no way to fail, so what went wrong is looked at afterwards.
    private(set) var failure: (any Error)?

    init(_ counters: CounterShards, _ state: CompanyState?) {
        self.counters = counters
        self.state = state
    }

    func reading(of event: String, over span: UsageSpan, by company: CompanyFacts, at now: Timestamp) -> UsageReading {
        guard let state else { return UsageReading(usage: 0) }
        let window = state.usageWindow(period: span.period, reset: span.monthReset, at: now)
        guard let meter = state.catalog.nouns.meters[event] else { return UsageReading(usage: 0, resetsAt: window.end) }
        do {
            let usage = try counters.usage(of: CounterKey(company: company.id, meter: meter.id), in: window)
            return UsageReading(usage: usage, resetsAt: window.end)
        } catch {
            failure = error
            return UsageReading(usage: 0, resetsAt: window.end)
        }
    }

    /// Only events are counted here; nothing holds units of a trait.
    func unitsHeld(of trait: Identifier<TraitDefinition>, by company: CompanyFacts) -> Int64 { 0 }
}

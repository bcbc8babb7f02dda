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
        try check(flagKey, company: company, user: user, preflight: preflight, requireRuntime(environment))
    }

    /// The same, of an instant, and with a counter as it was seen then.
    func check(
        _ flagKey: String, company: [String: String]?, user: [String: String]?, preflight: Preflight,
        _ runtime: EnvironmentRuntime, at instant: Timestamp? = nil, seen: CounterReader.Reading? = nil
    ) throws -> FlagCheck {
        try untilUnchanged {
            let (company, state) = try companySubject(company, runtime)
            let user = try userSubject(user, runtime)
            let catalog = state?.catalog ?? runtime.catalog
            let flag = try flag(flagKey, catalog)
            let now = now(catalog)
            flag.lastCheck.happened(at: now)
            let decision = try flag.decide(
                company: company, user: user, at: instant ?? now, preflight: preflight,
                usage: CounterReader(counters: counters, runtime: runtime, state: state, seen: seen))
            return FlagCheck(flag: flag, decision: decision, company: company.facts?.id, user: user.facts?.id)
        }
    }

    /// Every flag of the environment, by key.
    package func checkAll(
        company: [String: String]?, user: [String: String]?, preflight: Preflight = .none,
        in environment: EnvironmentID
    ) throws -> [FlagCheck] {
        let runtime = try requireRuntime(environment)
        return try untilUnchanged {
            let (company, state) = try companySubject(company, runtime)
            let user = try userSubject(user, runtime)
            let catalog = state?.catalog ?? runtime.catalog
            let now = now(catalog)
            let usage = CounterReader(counters: counters, runtime: runtime, state: state)
            return try catalog.compiledFlags.values.sorted { $0.key < $1.key }.map { flag in
                flag.lastCheck.happened(at: now)
                let decision = try flag.decide(
                    company: company, user: user, at: now, preflight: preflight, usage: usage)
                return FlagCheck(flag: flag, decision: decision, company: company.facts?.id, user: user.facts?.id)
            }
        }
    }

    /// Whether the flag is on for a company, in one word: for programs that embed the engine.
    ///
    /// - Throws: `Refusal` for an unknown flag, or keys that name two companies.
    public func isOn(_ flagKey: String, company: [String: String], in environment: EnvironmentID) throws -> Bool {
        let runtime = try requireRuntime(environment)
        return try untilUnchanged {
            let (company, state) = try companySubject(company, runtime)
            let catalog = state?.catalog ?? runtime.catalog
            let flag = try flag(flagKey, catalog)
            let now = now(catalog)
            flag.lastCheck.happened(at: now)
            return try flag.value(
                company: company, user: .unnamed, at: now,
                usage: CounterReader(counters: counters, runtime: runtime, state: state))
        }
    }

    /// Decides again when the company has changed meanwhile where that matters.
    func untilUnchanged<R>(_ decide: () throws -> R) throws -> R {
        while true {
            do { return try store.patiently(decide) } catch is CompanyChanged {}
        }
    }

    /// Whether the flag is on for a company, why, and how much it has used: for programs that embed the engine.
    ///
    /// - Throws: `Refusal` for an unknown flag, or keys that name two companies.
    public func check(
        _ flagKey: String, company: [String: String], in environment: EnvironmentID
    ) throws -> CheckAnswer {
        let decision = try check(flagKey, company: company, user: nil, in: environment).decision
        return CheckAnswer(
            value: decision.value, reason: decision.reason, usage: decision.matchedLimit?.usage,
            allocation: decision.matchedLimit?.allocation, resetAt: decision.matchedLimit?.resetsAt)
    }

    private func flag(_ key: String, _ catalog: CatalogSnapshot) throws -> CompiledFlag {
        guard let flag = catalog.compiledFlags[key] else { throw Refusal.notFound("flag \"\(key)\" does not exist") }
        return flag
    }

    /// The time that decisions under this catalog are made at.
    private func now(_ catalog: CatalogSnapshot) -> Timestamp {
        catalog.nouns.environment.testClock ?? options.clock()
    }

    private func companySubject(
        _ keys: [String: String]?, _ runtime: EnvironmentRuntime
    ) throws -> (Subject<CompanyFacts>, CompanyState?) {
        guard let keys, !keys.isEmpty else { return (.unnamed, nil) }
        guard let ordinal = try holder(.company, keys, in: runtime.id),
            case let company = Identifier<Company>(ordinal: ordinal), let state = try runtime.company(company)
        else { return (.unknown, nil) }
        return (.known(CompanyFacts(id: company, standing: state.standing)), state)
    }

    /// One key that somebody holds is the rule; everything else takes the whole of it.
    func holder(
        _ type: EntityType, _ keys: [String: String], in environment: EnvironmentID
    ) throws -> UInt64? {
        if keys.count == 1, let (name, value) = keys.first,
            let owner = try self.keys.owner(type, name: name, value: value, in: environment)
        {
            return owner
        }
        return try resolve(type, keys, in: environment)
    }

    private func userSubject(
        _ keys: [String: String]?, _ runtime: EnvironmentRuntime
    ) throws -> Subject<UserFacts> {
        guard let keys, !keys.isEmpty else { return .unnamed }
        guard let ordinal = try holder(.user, keys, in: runtime.id),
            let facts = try runtime.user(Identifier(ordinal: ordinal))
        else { return .unknown }
        return .known(facts)
    }
}

/// What a program learns from a check.
public struct CheckAnswer: Sendable, Equatable {
    public let value: Bool
    /// Which rule decided, in words.
    public let reason: String
    /// The use, the limit and its end, where an entitlement's or override's limit decided.
    public let usage: Int64?
    public let allocation: Int64?
    public let resetAt: Timestamp?
}

/// The answer of one flag check, and who it was about.
package struct FlagCheck: Sendable {
    package let flag: CompiledFlag
    package let decision: FlagDecision
    package let company: Identifier<Company>?
    package let user: Identifier<User>?
}

/// Reads one company's counters while a flag is decided.
struct CounterReader: UsageSource {
    /// What was used in a window, and held, when somebody decided on it.
    struct Reading {
        let key: CounterKey
        let window: UsageWindow
        let usage: Int64
        let held: Int64
    }

    let counters: CounterShards
    let runtime: EnvironmentRuntime
    let state: CompanyState?
    /// Told in place of what is there now.
    var seen: Reading?

    func reading(
        of meter: Identifier<Meter>, over span: UsageSpan, by company: Identifier<Company>, at now: Timestamp
    ) throws -> UsageReading {
        guard let state else { return UsageReading(usage: 0) }
        let window = state.usageWindow(period: span.period, reset: span.monthReset, at: now)
        let key = CounterKey(company: company, meter: meter)
        if let seen, seen.key == key, seen.window == window {
            return UsageReading(usage: seen.usage, held: seen.held, resetsAt: window.end)
        }
        let (usage, held) = try counters.reading(of: key, in: window, at: now)
        return UsageReading(usage: usage, held: held, resetsAt: window.end)
    }

    func unitsHeld(
        of trait: Identifier<TraitDefinition>, by company: Identifier<Company>, at now: Timestamp
    ) throws -> Int64 {
        let key = CounterKey(company: company, target: .trait(trait))
        if let seen, seen.key == key { return seen.held }
        let units = counters.unitsHeld(of: key, at: now)
        // The trait was read before: a commit in between has taken units from here and added them there.
        guard try runtime.company(company) === state else { throw CompanyChanged() }
        return units
    }
}

/// Held units and a trait were read at two moments, between which the company has changed.
struct CompanyChanged: Error {}

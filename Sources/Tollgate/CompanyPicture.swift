internal import Basics
internal import Catalog
package import Entitlements
internal import Metering
package import Model

/// All that decides flags for a company, in a form that another engine can decide by: what streams send.
package struct CompanyPicture: Sendable {
    package let company: Company
    package let standing: Standing
    /// The one that bills now.
    package let subscription: Subscription?
    /// Those that the company's live grants make, with the flag of each.
    package let rules: [(flag: Identifier<Flag>, rule: Rule)]
    package let definitions: [Identifier<TraitDefinition>: TraitDefinition]
    package let use: CompanyUse
}

/// The part of a company's picture that changes as it uses and holds units.
package struct CompanyUse: Sendable {
    package struct Metric: Equatable, Sendable {
        package let event: String
        package let span: UsageSpan
        /// Held units count as used.
        package let value: Int64
        package let resetsAt: Timestamp?
    }

    /// Of all counters that decisions about the company may read.
    package let metrics: [Metric]
    /// The effective entitlement to each feature, with the flag that asks for it.
    package let entitlements: [(flag: CompiledFlag, use: EntitlementUse)]
    /// As they are compared; held units count as used.
    package let traits: [(definition: TraitDefinition, text: String)]
    /// When the picture changes although nothing happens: a span or a hold ends, or an override.
    package let changesAt: Timestamp?
}

/// A user as rules see one.
package struct UserPicture: Sendable {
    package let user: User
    package let traits: [(definition: TraitDefinition, text: String)]
}

extension Engine {
    /// Nil when there is no such company.
    package func picture(
        of company: Identifier<Company>, in environment: EnvironmentID
    ) throws -> CompanyPicture? {
        let runtime = try requireRuntime(environment)
        return try untilUnchanged {
            // Of one moment: no command comes in between.
            let found = try committer.gate.shared {
                let record = try store.record(company, in: environment)
                let subscription = try record?.subscriptionID.flatMap { try store.record($0, in: environment) }
                return (record, try runtime.company(company), subscription)
            }
            guard let record = found.0, let state = found.1 else { return nil }
            let subscription = found.2
            let now = now(in: environment)
            let nouns = state.catalog.nouns
            let rules = state.standing.grantedFeatures.compactMap { nouns.features[$0] }.flatMap { feature in
                state.standing.liveGrants(of: feature.id, at: now).flatMap { $0.rules(for: feature, of: company) }
                    .map { (feature.flagID, $0) }
            }
            return CompanyPicture(
                company: record, standing: state.standing,
                subscription: subscription?.isLive == true ? subscription : nil, rules: rules,
                definitions: nouns.traitDefinitions, use: try use(of: company, state, runtime, at: now))
        }
    }

    /// The part of the picture that changes with use; nil when there is no such company.
    package func use(of company: Identifier<Company>, in environment: EnvironmentID) throws -> CompanyUse? {
        let runtime = try requireRuntime(environment)
        return try untilUnchanged {
            try runtime.company(company).map { try use(of: company, $0, runtime, at: now(in: environment)) }
        }
    }

    private func use(
        of company: Identifier<Company>, _ state: CompanyState, _ runtime: EnvironmentRuntime, at now: Timestamp
    ) throws -> CompanyUse {
        let (catalog, standing) = (state.catalog, state.standing)
        let reader = CounterReader(counters: counters, runtime: runtime, state: state)
        let subject = Subject.known(CompanyFacts(id: company, standing: standing))
        var counted = catalog.meterSpans
        var entitlements: [(flag: CompiledFlag, use: EntitlementUse)] = []
        for id in standing.grantedFeatures {
            guard let flag = catalog.flag(of: id) else { continue }
            counted.formUnion(standing.liveGrants(of: id, at: now).compactMap { flag.meterSpan(of: $0) })
            if let use = try flag.decide(company: subject, user: .unnamed, at: now, usage: reader).entitlement {
                entitlements.append((flag, use))
            }
        }
        let metrics = try counted.sorted { ($0.event, $0.span.rawValue) < ($1.event, $1.span.rawValue) }.map {
            counter in
            let reading = try reader.reading(of: counter.meter, over: counter.span, by: company, at: now)
            let (sum, overflowed) = reading.usage.addingReportingOverflow(reading.held)
            return CompanyUse.Metric(
                event: counter.event, span: counter.span, value: overflowed ? .max : sum, resetsAt: reading.resetsAt)
        }
        let expiries = state.overrides.compactMap(\.expiresAt).filter { now < $0 }
        let held =
            Set(counted.map(\.meter)).map { CounterKey(company: company, meter: $0) }
            + standing.traits.keys.map { CounterKey(company: company, target: .trait($0)) }
        let releases = held.compactMap { counters.nextExpiry(of: $0, after: now) }
        return CompanyUse(
            metrics: metrics, entitlements: entitlements,
            traits: try catalog.plainTraits(standing.traits) { try reader.unitsHeld(of: $0, by: company, at: now) },
            changesAt: (metrics.compactMap(\.resetsAt) + expiries + releases).min())
    }

    /// Nil when there is no such user.
    package func picture(of user: Identifier<User>, in environment: EnvironmentID) throws -> UserPicture? {
        let runtime = try requireRuntime(environment)
        guard let record = try store.record(user, in: environment), let facts = try runtime.user(user) else {
            return nil
        }
        return UserPicture(user: record, traits: runtime.catalog.plainTraits(facts.traits) { _ in 0 })
    }

    /// The flags of the environment by key, and the definitions that their rules name.
    package func flags(
        in environment: EnvironmentID
    ) throws -> (flags: [Flag], definitions: [Identifier<TraitDefinition>: TraitDefinition]) {
        let nouns = try requireRuntime(environment).catalog.nouns
        return (nouns.flags.values.sorted { $0.key < $1.key }, nouns.traitDefinitions)
    }
}

extension CatalogSnapshot {
    fileprivate func flag(of feature: Identifier<Feature>) -> CompiledFlag? {
        nouns.features[feature].flatMap { nouns.flags[$0.flagID] }.flatMap { compiledFlags[$0.key] }
    }

    /// By definition, in the order in which they were defined.
    fileprivate func plainTraits(
        _ texts: TraitTexts, held: (Identifier<TraitDefinition>) throws -> Int64
    ) rethrows -> [(definition: TraitDefinition, text: String)] {
        try texts.sorted { $0.key < $1.key }.compactMap { id, text in
            guard let definition = nouns.traitDefinitions[id] else { return nil }
            let plain = definition.traitType.plain(text)
            let held = try held(id)
            guard held != 0, let number = Int64(plain) else { return (definition, plain) }
            return (definition, String(number.addingReportingOverflow(held).partialValue))
        }
    }
}

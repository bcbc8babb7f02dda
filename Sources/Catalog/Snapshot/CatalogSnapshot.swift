package import Basics
package import Entitlements
package import Model
package import Store

/// One environment's catalog, decoded and made ready for decisions. Immutable: a change makes a new one.
///
/// Companies, users and overrides are not in it; see `CompanyState`.
package final class CatalogSnapshot: Sendable {
    package let nouns: CatalogNouns
    /// By flag key.
    package let compiledFlags: [String: CompiledFlag]
    /// The counters that rules of flags read, whoever is asked about.
    package let meterSpans: Set<MeterSpan>
    /// What each plan version grants, ready to be shared by all companies on it.
    package let terms: [Identifier<PlanVersion>: [GrantTerms]]
    /// The standing of companies on a plan version whose terms are alike for all, but for those with overrides.
    let standings: [Identifier<PlanVersion>: Standing]
    let companyTraits: [TraitDefinition]
    let userTraits: [TraitDefinition]

    package convenience init(_ nouns: CatalogNouns) {
        self.init(nouns, former: nil)
    }

    /// The catalog after a command's changes; changes of other nouns and other environments are passed over.
    package func applying(_ changes: [RecordChange]) -> CatalogSnapshot {
        var nouns = nouns
        let isChanged = changes.reduce(false) { nouns.apply($1) || $0 }
        return isChanged ? CatalogSnapshot(nouns, former: self) : self
    }

    /// Compiles what depends on nouns that `former` had otherwise and takes over the rest.
    private init(_ nouns: CatalogNouns, former: CatalogSnapshot?) {
        self.nouns = nouns
        if let former, former.nouns.revisions.traits == nouns.revisions.traits {
            companyTraits = former.companyTraits
            userTraits = former.userTraits
        } else {
            companyTraits = nouns.traitDefinitions.values.filter { $0.entityType == .company }
            userTraits = nouns.traitDefinitions.values.filter { $0.entityType == .user }
        }
        if let former, former.nouns.revisions.flags == nouns.revisions.flags {
            compiledFlags = former.compiledFlags
            meterSpans = former.meterSpans
        } else {
            compiledFlags = Self.compiledFlags(nouns, former: former)
            meterSpans = compiledFlags.values.reduce(into: []) { $0.formUnion($1.meterSpans) }
        }
        if let former, former.nouns.revisions.grants == nouns.revisions.grants {
            terms = former.terms
            standings = former.standings
        } else {
            terms = Self.terms(nouns)
            standings = Self.standings(nouns, terms)
        }
    }

    private static func compiledFlags(_ nouns: CatalogNouns, former: CatalogSnapshot?) -> [String: CompiledFlag] {
        let lastChecks = (former?.compiledFlags.values).map { flags in
            Dictionary(uniqueKeysWithValues: flags.map { ($0.id, $0.lastCheck) })
        }
        let compiled = nouns.flags.values.map { flag in
            let feature = flag.featureID.flatMap { nouns.features[$0] }
            return (
                flag.key,
                CompiledFlag(
                    flag, feature: feature, traits: nouns.traitDefinitions, meters: nouns.meters,
                    lastCheck: lastChecks?[flag.id] ?? LatestTime())
            )
        }
        return Dictionary(uniqueKeysWithValues: compiled)
    }

    private static func terms(_ nouns: CatalogNouns) -> [Identifier<PlanVersion>: [GrantTerms]] {
        nouns.versions.mapValues { version in
            nouns.entitlements(of: version).compactMap { entitlement in
                nouns.features[entitlement.featureID].map { GrantTerms(entitlement, feature: $0) }
            }
        }
    }

    private static func standings(
        _ nouns: CatalogNouns, _ terms: [Identifier<PlanVersion>: [GrantTerms]]
    ) -> [Identifier<PlanVersion>: Standing] {
        var standings: [Identifier<PlanVersion>: Standing] = [:]
        for (id, terms) in terms where terms.allSatisfy(\.isAlikeForAll) {
            guard let version = nouns.versions[id] else { continue }
            standings[id] = Standing(basePlanID: version.planID, planVersionIDs: [id], terms: terms)
        }
        return standings
    }
}

extension CatalogSnapshot {
    /// Whether facts that were made under the other catalog read traits as this one does. Both are of one line.
    func readsTraits(like other: CatalogSnapshot) -> Bool {
        nouns.revisions.traits == other.nouns.revisions.traits
    }

    /// What decisions need to know of a user.
    package func facts(of user: User) -> UserFacts {
        UserFacts(id: user.id, traits: user.traits.texts(userTraits))
    }

    /// The rules that `GET /flags/{id}` shows beside the written ones: those of all plan versions, and of the overrides
    /// given.
    package func derivedRules(of flag: Flag, overrides: [CompanyOverride] = []) -> [Rule] {
        guard let featureID = flag.featureID, let feature = nouns.features[featureID] else { return [] }
        let entitlements = nouns.planEntitlements.values.filter { $0.featureID == featureID }.sorted { $0.id < $1.id }
        return entitlements.flatMap { $0.rules(for: feature) }
            + overrides.filter { $0.featureID == featureID }.flatMap { $0.rules(for: feature) }
    }
}

extension [String: TraitValue] {
    /// The flat texts that decisions compare.
    func texts(_ definitions: [TraitDefinition]) -> TraitTexts {
        guard !isEmpty else { return [:] }
        var texts: TraitTexts = [:]
        for definition in definitions {
            switch value(at: definition.hierarchy) {
            case nil, .null?: continue
            case let value?: texts[definition.id] = value.text
            }
        }
        return texts
    }
}

package import Basics
package import Catalog
package import Model

extension ReadView {
    /// What rests on a trait's definition.
    package func use(of trait: Identifier<TraitDefinition>) throws -> TraitUse {
        TraitUse(
            of: trait, features: Array(catalog.nouns.features.values), flags: Array(catalog.nouns.flags.values),
            entitlements: Array(catalog.nouns.planEntitlements.values),
            planTraits: try list(PlanTrait.self, limit: .max),
            overrideCount: try count(CompanyOverride.self) { $0.value.traitID == trait })
    }

    /// The values that companies or users have of a trait, one for each that has one.
    package func values(of definition: TraitDefinition) throws -> [TraitValue] {
        var values: [TraitValue] = []
        func take(_ traits: [String: TraitValue]) -> Bool {
            if let value = traits.value(at: definition.hierarchy) { values.append(value) }
            return true
        }
        switch definition.entityType {
        case .company: try snapshot.forEach(Company.self, in: environment.id) { take($0.traits) }
        case .user: try snapshot.forEach(User.self, in: environment.id) { take($0.traits) }
        }
        return values
    }
}

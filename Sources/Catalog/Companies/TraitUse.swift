package import Basics
package import Model

/// What of the catalog, and how many overrides, rest on the definition of a trait.
package struct TraitUse: Sendable {
    /// Features that it meters, and licences whose quantity it shows.
    package let features: Int
    /// Plan entitlements, of archived versions too, that take their limit from it.
    package let planEntitlements: Int
    /// Conditions of rules that compare it, or compare with it.
    package let conditions: Int
    package let overrides: Int
    package let planTraits: Int

    package init(
        of trait: Identifier<TraitDefinition>, features: [Feature], flags: [Flag], entitlements: [PlanEntitlement],
        planTraits: [PlanTrait], overrideCount: Int
    ) {
        self.features = features.count { $0.traitID == trait || $0.usageLimitTraitID == trait }
        planEntitlements = entitlements.count { $0.value.traitID == trait }
        conditions = flags.flatMap(\.rules).flatMap { $0.conditions + $0.conditionGroups.flatMap(\.conditions) }
            .count { $0.traitID == trait || $0.comparisonTraitID == trait }
        overrides = overrideCount
        self.planTraits = planTraits.count { $0.traitID == trait }
    }

    var isNone: Bool { features + planEntitlements + conditions + overrides + planTraits == 0 }

    /// `1 features and 2 company overrides`
    var sentence: String {
        let parts = [
            (features, "features"), (planEntitlements, "plan entitlements"), (conditions, "conditions of rules"),
            (overrides, "company overrides"), (planTraits, "plan traits"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
    }
}

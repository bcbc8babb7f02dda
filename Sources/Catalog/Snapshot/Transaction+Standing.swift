internal import Basics
package import Entitlements
package import Model
package import Store

extension Transaction {
    /// Where a company would stand on other plans, its overrides and traits as they are: what a command asks before it
    /// changes anything.
    package func standing(
        of company: Company, on base: PlanAssignment?, with addOns: [PlanAssignment],
        purchased: [PayInAdvanceQuantity]
    ) throws -> Standing {
        let versions = ([base].compactMap(\.self) + addOns).map(\.versionID)
        let planTerms = try versions.flatMap { id in
            try entitlements(of: require(id, "plan version")).map {
                GrantTerms($0, feature: try require($0.featureID, "feature"))
            }
        }
        let exceptions = try company.overrideIDs.map { id in
            let override = try require(id, "override").counting(like: planTerms)
            return GrantTerms(override, feature: try require(override.featureID, "feature"))
        }
        return Standing(
            basePlanID: base?.planID, addOnIDs: addOns.map(\.planID), planVersionIDs: versions,
            terms: planTerms + exceptions,
            purchased: Dictionary(purchased.map { ($0.entitlementID, $0.quantity) }) { _, last in last },
            traits: company.traits.texts(try all(TraitDefinition.self).filter { $0.entityType == .company }))
    }
}

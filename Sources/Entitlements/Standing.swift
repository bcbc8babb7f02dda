package import Basics
package import Model

/// Where a company stands: its plans, what they and its overrides grant, and its traits. Immutable.
///
/// Companies on one plan version that nothing tells apart share one: then a company costs little memory, and a check
/// finds the standing in the processor's cache whichever company it is about.
package final class Standing: Sendable {
    /// Of whoever has no plan and no override.
    package static let none = Standing(basePlanID: nil, terms: [])

    package let basePlanID: Identifier<Plan>?
    /// The base plan and all add-ons.
    package let planIDs: [Identifier<Plan>]
    /// Of each of these plans, in the same order.
    package let planVersionIDs: [Identifier<PlanVersion>]
    package let billingProductIDs: [String]
    package let traits: TraitTexts
    /// What plans and overrides grant, by feature; of one feature plans first. Expired overrides included.
    package let grants: [Grant]

    /// - Parameters:
    ///   - terms: those of the plan versions and of the override of each feature.
    ///   - purchased: the quantities that the company's subscription names for its entitlements.
    package init(
        basePlanID: Identifier<Plan>?, addOnIDs: [Identifier<Plan>] = [],
        planVersionIDs: [Identifier<PlanVersion>] = [], billingProductIDs: [String] = [], terms: [GrantTerms],
        purchased: [Identifier<PlanEntitlement>: Int64] = [:], traits: TraitTexts = [:]
    ) {
        self.basePlanID = basePlanID
        planIDs = (basePlanID.map { [$0] } ?? []) + addOnIDs
        self.planVersionIDs = planVersionIDs
        self.billingProductIDs = billingProductIDs
        let plansFirst = terms.filter { $0.source == .plan } + terms.filter { $0.source != .plan }
        let grants = plansFirst.map { terms in
            let bought = terms.entitlementID.flatMap { purchased[$0] }
            return Grant(terms: terms, allocation: terms.allocation(purchased: bought, traits: traits))
        }
        // Sorting keeps the order of what is equal.
        self.grants = grants.sorted { $0.featureID < $1.featureID }
        self.traits = traits
    }

    /// The same with traits, on which no grant depends.
    package init(_ other: Standing, traits: TraitTexts) {
        basePlanID = other.basePlanID
        planIDs = other.planIDs
        planVersionIDs = other.planVersionIDs
        billingProductIDs = other.billingProductIDs
        grants = other.grants
        self.traits = traits
    }

    /// The places of a feature's grants.
    func places(of feature: Identifier<Feature>) -> Range<Int> {
        var start = 0
        var end = grants.count
        while start < end {
            let middle = (start + end) / 2
            if grants[middle].featureID < feature { start = middle + 1 } else { end = middle }
        }
        while end < grants.count, grants[end].featureID == feature { end += 1 }
        return start..<end
    }

    /// The most generous grant of a feature that is live; nil when there is none.
    package func effectiveGrant(of feature: Identifier<Feature>, at now: Timestamp) -> Grant? {
        effective(among: places(of: feature), at: now).map { grants[$0] }
    }

    /// The place of the most generous grant that is live. Grants of plans come before the override, so that a plan
    /// stays on a tie; a boolean override wins in both directions.
    func effective(among places: Range<Int>, at now: Timestamp) -> Int? {
        var winner: Int?
        for place in places where grants[place].isLive(at: now) {
            if let incumbent = winner, !grants[place].beats(grants[incumbent]) { continue }
            winner = place
        }
        return winner
    }

    /// The features that something grants, by age.
    package var grantedFeatures: [Identifier<Feature>] {
        grants.indices.filter { $0 == 0 || grants[$0].featureID != grants[$0 - 1].featureID }.map {
            grants[$0].featureID
        }
    }
}

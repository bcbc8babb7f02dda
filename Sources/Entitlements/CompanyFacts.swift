package import Basics
package import Model

/// The traits of a company or user in their flat text form, by definition. Null and missing are the same.
package typealias TraitTexts = [Identifier<TraitDefinition>: String]

extension TraitTexts {
    /// The trait as a count. Missing, fractional and unreadable ones count 0.
    func integer(_ id: Identifier<TraitDefinition>) -> Int64 {
        self[id].flatMap { Int64($0) } ?? 0
    }
}

/// What decisions need to know of a company. Immutable: made anew when the company, its plan or an override changes.
package final class CompanyFacts: Sendable {
    package let id: Identifier<Company>
    package let basePlanID: Identifier<Plan>?
    /// The base plan and all add-ons.
    package let planIDs: [Identifier<Plan>]
    package let planVersionIDs: [Identifier<PlanVersion>]
    package let billingProductIDs: [String]
    package let traits: TraitTexts
    private let grants: [Identifier<Feature>: [Grant]]

    /// `terms` are those of the plan versions and of the override of each feature, `purchased` the quantities that the
    /// company's subscription names for its entitlements.
    package init(
        id: Identifier<Company>, basePlanID: Identifier<Plan>?, planIDs: [Identifier<Plan>],
        planVersionIDs: [Identifier<PlanVersion>], billingProductIDs: [String] = [], traits: TraitTexts,
        terms: [GrantTerms], purchased: [Identifier<PlanEntitlement>: Int64]
    ) {
        self.id = id
        self.basePlanID = basePlanID
        self.planIDs = planIDs
        self.planVersionIDs = planVersionIDs
        self.billingProductIDs = billingProductIDs
        self.traits = traits
        var grants: [Identifier<Feature>: [Grant]] = [:]
        for source in [GrantSource.plan, .companyOverride] {
            for terms in terms where terms.source == source {
                let bought = terms.entitlementID.flatMap { purchased[$0] }
                let allocation = terms.allocation(purchased: bought, traits: traits)
                grants[terms.featureID, default: []].append(Grant(terms: terms, allocation: allocation))
            }
        }
        self.grants = grants
    }

    /// What plans and overrides grant of a feature, plans first; expired overrides included.
    package func grants(of feature: Identifier<Feature>) -> [Grant] {
        grants[feature] ?? []
    }

    /// The features that something grants, in no order.
    package var grantedFeatures: some Sequence<Identifier<Feature>> { grants.keys }
}

/// What decisions need to know of a user.
package final class UserFacts: Sendable {
    package let id: Identifier<User>
    package let traits: TraitTexts

    package init(id: Identifier<User>, traits: TraitTexts) {
        self.id = id
        self.traits = traits
    }
}

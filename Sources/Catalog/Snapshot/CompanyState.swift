package import Basics
package import Entitlements
package import Model

/// All that decisions about a company need, but for its id: so companies that nothing tells apart have one state.
/// Immutable: made anew when the company, one of its overrides, its subscription or the catalog changes.
package final class CompanyState: Sendable {
    package let standing: Standing
    /// What the state was made from: as long as this is the environment's snapshot, the state is current.
    package let catalog: CatalogSnapshot
    /// Expired ones included: they end while the state lives.
    package let overrides: [CompanyOverride]
    /// Of the subscription that bills now.
    package let subscription: SubscriptionFacts?

    /// `subscription` is the one that the company names; one that has ended counts as none.
    package convenience init(
        _ company: Company, overrides: [CompanyOverride], subscription: Subscription?, catalog: CatalogSnapshot
    ) {
        let active = subscription?.isLive == true ? subscription : nil
        self.init(
            Plans(
                base: company.plan?.planID, addOns: company.addOns.map(\.planID),
                versions: company.assignments.map(\.versionID)),
            traits: company.traits.texts(catalog.companyTraits),
            products: company.mirror?.productIDs.map(\.description) ?? [], overrides: overrides,
            subscription: active.map(SubscriptionFacts.init), catalog: catalog)
    }

    private init(
        _ plans: Plans, traits: TraitTexts, products: [String], overrides: [CompanyOverride],
        subscription: SubscriptionFacts?, catalog: CatalogSnapshot
    ) {
        standing = catalog.standing(
            on: plans, products: products, overrides: overrides, purchased: subscription?.purchased ?? [:],
            traits: traits)
        self.catalog = catalog
        self.overrides = overrides
        self.subscription = subscription
    }

    /// The state of the same company under a later catalog; nil when its record must be read for that, because other
    /// traits are defined.
    package func renewed(under catalog: CatalogSnapshot) -> CompanyState? {
        guard catalog.readsTraits(like: self.catalog) else { return nil }
        let base = standing.basePlanID
        let plans = Plans(
            base: base, addOns: Array(standing.planIDs.dropFirst(base == nil ? 0 : 1)),
            versions: standing.planVersionIDs)
        return CompanyState(
            plans, traits: standing.traits, products: standing.billingProductIDs, overrides: overrides,
            subscription: subscription, catalog: catalog)
    }

    /// Whether nothing tells the company apart from others on its plan version. An add-on does.
    package var isAlikeForAll: Bool {
        guard overrides.isEmpty, subscription == nil, standing.traits.isEmpty, standing.billingProductIDs.isEmpty else {
            return false
        }
        return standing.planVersionIDs.first.map { catalog.standings[$0] === standing } ?? true
    }

    /// The window in which use counts against a limit at an instant. A billing-cycle window follows the subscription.
    package func usageWindow(
        period: MetricPeriod?, reset: MetricPeriodMonthReset?, at now: Timestamp
    ) -> UsageWindow {
        let period = period ?? .allTime
        if period == .currentMonth, reset == .billingCycle, let month = subscription?.billingMonth(at: now) {
            return month
        }
        return UsageWindow(period, at: now)
    }
}

/// What a company has: a base plan, add-ons, and the version of each, the base plan's first.
private struct Plans {
    let base: Identifier<Plan>?
    let addOns: [Identifier<Plan>]
    let versions: [Identifier<PlanVersion>]
}

extension CatalogSnapshot {
    fileprivate func standing(
        on plans: Plans, products: [String], overrides: [CompanyOverride],
        purchased: [Identifier<PlanEntitlement>: Int64], traits: TraitTexts
    ) -> Standing {
        if overrides.isEmpty, plans.addOns.isEmpty, products.isEmpty {
            let shared = plans.versions.first.map { standings[$0] } ?? Standing.none
            if let shared { return traits.isEmpty ? shared : Standing(shared, traits: traits) }
        }
        let planTerms = plans.versions.flatMap { terms[$0] ?? [] }
        let exceptions = overrides.compactMap { override in
            nouns.features[override.featureID].map { feature in
                GrantTerms(override.counting(like: planTerms), feature: feature)
            }
        }
        return Standing(
            basePlanID: plans.base, addOnIDs: plans.addOns, planVersionIDs: plans.versions, billingProductIDs: products,
            terms: planTerms + exceptions, purchased: purchased, traits: traits)
    }
}

extension CompanyOverride {
    /// An override that names no period counts over the plan's: who grants 15 in place of 10 a month means 15 a month.
    func counting(like planTerms: [GrantTerms]) -> CompanyOverride {
        guard value.metricPeriod == nil, let terms = planTerms.first(where: { $0.featureID == featureID }) else {
            return self
        }
        var override = self
        override.value.metricPeriod = terms.value.metricPeriod
        override.value.metricPeriodMonthReset = terms.value.metricPeriodMonthReset
        return override
    }
}

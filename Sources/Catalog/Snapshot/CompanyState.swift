package import Basics
package import Entitlements
package import Model

/// A company with all that decisions about it need, in memory. Immutable: made anew when the company, one of its
/// overrides, its subscription or the catalog changes.
package final class CompanyState: Sendable {
    package let company: Company
    /// Expired ones included: they end while the state lives.
    package let overrides: [CompanyOverride]
    /// The subscription that bills now.
    package let subscription: Subscription?
    /// What the state was made from: as long as this is the environment's snapshot, the state is current.
    package let catalog: CatalogSnapshot
    package let facts: CompanyFacts
    /// The billing-cycle window that was last asked for, and when it counts: computing it costs 1 to 2 µs.
    private let billingWindow = Locked<(counts: UsageWindow, window: UsageWindow)?>(nil)

    /// `subscription` is the one that the company names; one that has ended counts as none.
    package init(
        _ company: Company, overrides: [CompanyOverride], subscription: Subscription?, catalog: CatalogSnapshot
    ) {
        let active = subscription?.status == .active ? subscription : nil
        let versionID = company.plan?.versionID
        let planTerms = versionID.flatMap { catalog.terms[$0] } ?? []
        let exceptions = overrides.compactMap { override in
            catalog.nouns.features[override.featureID].map { feature in
                GrantTerms(override.counting(like: planTerms), feature: feature)
            }
        }
        let purchased = active.map { subscription in
            Dictionary(subscription.payInAdvance.map { ($0.entitlementID, $0.quantity) }) { _, last in last }
        }
        self.company = company
        self.overrides = overrides
        self.subscription = active
        self.catalog = catalog
        facts = CompanyFacts(
            id: company.id, basePlanID: company.plan?.planID, planIDs: company.plan.map { [$0.planID] } ?? [],
            planVersionIDs: versionID.map { [$0] } ?? [], traits: company.traits.texts(catalog.companyTraits),
            terms: planTerms + exceptions,
            purchased: purchased ?? [:])
    }

    /// The window in which use counts against a limit at an instant.
    ///
    /// A billing-cycle window follows the subscription. In the first of them the count goes on from the window that was
    /// in force before: a change of plan never zeroes a counter. Rule: Schematic, plan changes, PC-13.
    package func usageWindow(
        period: MetricPeriod?, reset: MetricPeriodMonthReset?, at now: Timestamp
    ) -> UsageWindow {
        let period = period ?? .allTime
        guard period == .currentMonth, reset == .billingCycle, let subscription else {
            return UsageWindow(period, at: now)
        }
        if let known = billingWindow.withLock({ $0 }), known.counts.contains(now) { return known.window }
        guard let cycle = subscription.knownCycle(at: now) else { return UsageWindow(period, at: now) }
        let counts = UsageWindow(period, monthReset: .billingCycle, at: now, cycle: cycle)
        var window = counts
        if let start = counts.start, counts.contains(subscription.startedAt) {
            window = UsageWindow(start: min(start, subscription.usageCarriedFrom), end: counts.end)
        }
        billingWindow.withLock { $0 = (counts, window) }
        return window
    }
}

extension CompanyOverride {
    /// An override that names no period counts over the plan's: who grants 15 in place of 10 a month means 15 a month.
    fileprivate func counting(like planTerms: [GrantTerms]) -> CompanyOverride {
        guard value.metricPeriod == nil, let terms = planTerms.first(where: { $0.featureID == featureID }) else {
            return self
        }
        var override = self
        override.value.metricPeriod = terms.value.metricPeriod
        override.value.metricPeriodMonthReset = terms.value.metricPeriodMonthReset
        return override
    }
}

extension Subscription {
    /// Nil for a plan that is paid once, which has no cycle.
    fileprivate func knownCycle(at now: Timestamp) -> BillingCycle? {
        interval.cadence == nil ? nil : cycle(at: now)
    }
}

package import Basics
package import Model
package import Store

extension Transaction {
    /// Completes a plan change: the company takes what its new plan writes onto companies, and the change is recorded.
    ///
    /// Whoever changes a company's plan calls this once, last, with the company as it was before; nil for a new one.
    /// When neither plan, version nor agreement have changed it does nothing.
    package func notePlanChange(
        of companyID: Identifier<Company>, from before: Company?, because cause: PlanChangeCause,
        _ subscriptionChange: SubscriptionChangeAction? = nil
    ) throws {
        var company = try require(companyID, "company")
        let (old, new) = (before?.plan, company.plan)
        guard old?.versionID != new?.versionID || subscriptionChange != nil else { return }
        if before != nil, let new, new.planID != old?.planID {
            let traits = try planTraits(of: new.planID)
            if !traits.isEmpty {
                company.take(traits)
                try put(company)
            }
        }
        try put(
            PlanChange(
                id: newID(), companyID: companyID, cause: cause, subscriptionChange: subscriptionChange,
                before: old, after: new, createdAt: now))
    }
}

package import Basics
package import Model
package import Store

extension Transaction {
    /// Completes a plan change: the company takes what its new plans write onto companies, and the change is recorded.
    ///
    /// Whoever changes a company's plan calls this once, last, with the company as it was before; nil for a new one.
    /// When neither plans, versions nor agreement have changed it does nothing.
    package func notePlanChange(
        of companyID: Identifier<Company>, from before: Company?, because cause: PlanChangeCause,
        _ subscriptionChange: SubscriptionChangeAction? = nil
    ) throws {
        var company = try require(companyID, "company")
        let (old, new) = (before?.assignments ?? [], company.assignments)
        guard old.map(\.versionID) != new.map(\.versionID) || subscriptionChange != nil else { return }
        try countCompanies(from: old, to: new)
        var change = PlanChange(id: newID(), companyID: companyID, cause: cause, createdAt: now)
        change.subscriptionChange = subscriptionChange
        change.before = try before?.plan.flatMap(snapshot)
        change.after = try company.plan.flatMap(snapshot)
        let (oldAddOns, newAddOns) = (before?.addOns ?? [], company.addOns)
        change.addOnsAdded = try newAddOns.filter { !oldAddOns.hasVersion(of: $0) }.compactMap(snapshot)
        change.addOnsRemoved = try oldAddOns.filter { !newAddOns.hasVersion(of: $0) }.compactMap(snapshot)
        for plan in new where before?.has(plan.planID) != true { change.traits += try planTraits(of: plan.planID) }
        company.take(change.traits)
        let isShownAnew = try showLicenses(of: &company)
        if isShownAnew || !change.traits.isEmpty { try put(company) }
        if let trial = company.trials.last, trial.status == .active || trial.endsAt == now { change.trial = trial }
        try record(change)
    }

    /// Keeps a change, findable by its company.
    func record(_ change: PlanChange) throws {
        try put(change)
        indexPlanChange(change.id, of: change.companyID)
    }

    /// Nil for a plan that is gone: it must not keep the company from leaving it.
    private func snapshot(_ assignment: PlanAssignment) throws -> PlanSnapshot? {
        guard let plan = try get(assignment.planID), let version = try get(assignment.versionID) else { return nil }
        return PlanSnapshot(plan, version)
    }
}

extension [PlanAssignment] {
    fileprivate func hasVersion(of other: PlanAssignment) -> Bool { contains { $0.versionID == other.versionID } }
}

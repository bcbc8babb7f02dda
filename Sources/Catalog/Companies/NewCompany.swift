internal import Basics
internal import Model
internal import Store

/// A plan for new companies, and what it writes onto them: read once for as many as there are.
struct GivenPlan {
    let assignment: PlanAssignment
    let snapshot: PlanSnapshot
    let traits: [PlanTrait]
    /// Which rule gave it; nil when it was asked for.
    let basePlanAction: BasePlanAction?
    /// What is agreed to pay: a price of 0, or that of a trial, which ends before anything is charged.
    var price: Price?
    var trialDays: Int64?
}

extension Transaction {
    /// A company with its keys, its billing profile, a plan and that plan's traits and subscription. Not put yet.
    ///
    /// - Parameter timezone: of its periods, one that exists; nil: the environment's.
    func makeCompany(
        keys: [String: String], name: String?, plan: GivenPlan?, timezone: String? = nil
    ) throws -> Company {
        try checkNewKeys(keys, of: .company)
        let id = newID(Company.self)
        // The one profile of a company has the company's ordinal: so it is found without an index.
        var company = Company(
            id: id, environmentID: environmentID, name: try self.name(name, keys), keys: [],
            billingProfile: BillingProfile(id: Identifier(ordinal: id.ordinal), createdAt: now), createdAt: now)
        company.billingProfile.timezone = timezone
        company.plan = plan?.assignment
        company.take(plan?.traits ?? [])
        if let plan, let days = plan.trialDays {
            company.trials = [Trial(planID: plan.assignment.planID, startedAt: now, endsAt: now + .days(days))]
        }
        try change(&company, KeyChange(keys: keys))
        if let plan {
            try countCompanies(from: [], to: [plan.assignment])
            let cause = PlanChangeCause(.companyUpsert, plan.basePlanAction)
            var change = PlanChange(id: newID(), companyID: id, cause: cause, createdAt: now)
            change.after = plan.snapshot
            change.traits = plan.traits
            change.trial = company.trials.last
            try record(change)
            try beginSubscription(of: &company, to: plan)
        }
        return company
    }

    /// Begins what comes with the plan that a new company is given: a trial that ends by itself, or a subscription at a
    /// price of 0, which has nothing to invoice yet.
    private func beginSubscription(of company: inout Company, to plan: GivenPlan) throws {
        guard let price = plan.price else { return }
        let zone = try company.billingProfile.timezone ?? environment().billing.timezone
        let month = UsageWindow(.currentMonth, at: now)
        var subscription = Subscription(
            id: newID(), environmentID: environmentID, companyID: company.id, planID: plan.assignment.planID,
            versionID: plan.assignment.versionID, price: price, timezone: zone, usageCarriedFrom: month.start ?? now,
            startedAt: now)
        if let trial = company.trials.last {
            subscription.leadIn(until: trial.endsAt, isFree: true, trial: .cancel)
        }
        try put(subscription)
        schedule(subscription.appointment)
        company.subscriptionID = subscription.id
    }

    /// A user with its keys. Not put yet.
    func makeUser(keys: [String: String], name: String?) throws -> User {
        try checkNewKeys(keys, of: .user)
        var user = User(
            id: newID(), environmentID: environmentID, name: try self.name(name, keys), keys: [], createdAt: now)
        try change(&user, KeyChange(keys: keys))
        return user
    }

    /// Without a name of its own an entity is called by its first key.
    private func name(_ name: String?, _ keys: [String: String]) throws(Refusal) -> String {
        guard let name else { return keys.min { $0.key < $1.key }!.value }
        try name.check(as: "a name")
        return name
    }

    /// What new companies are given: the latest version of the plan group's initial plan or, where it has none, of the
    /// fallback plan, which is for whoever has no other.
    func initialAssignment() throws -> GivenPlan? {
        guard let group = try all(PlanGroup.self).first else { return nil }
        guard let planID = group.initialPlanID else {
            return try group.fallbackPlanID.flatMap {
                try assignment(to: require($0, "the plan group's fallback plan"), by: .fallback)
            }
        }
        guard var given = try assignment(to: require(planID, "the plan group's initial plan"), by: .initial) else {
            return nil
        }
        let version = try require(given.assignment.versionID, "plan version")
        given.price = version.recurringPrice(group.settings.initialPriceID)
        if version.isSelfEndingTrial(in: group.settings) { given.trialDays = version.trialLength(in: group.settings) }
        return given
    }

    /// The latest published version of a plan, from now on; nil when none is published.
    func assignment(to plan: Plan, by rule: BasePlanAction? = nil) throws -> GivenPlan? {
        guard let versionID = plan.publishedVersionID else { return nil }
        return GivenPlan(
            assignment: PlanAssignment(planID: plan.id, versionID: versionID, assignedAt: now),
            snapshot: try PlanSnapshot(plan, require(versionID, "plan version")), traits: try planTraits(of: plan.id),
            basePlanAction: rule)
    }

    /// Makes a user a member of a company. The user is not put yet, the company's count is.
    func join(_ user: inout User, _ companyID: Identifier<Company>) throws {
        guard !user.memberships.contains(where: { $0.companyID == companyID }) else { return }
        guard user.memberships.count < Limits.memberships else {
            throw Refusal.conflict(
                "user \(user.id) belongs to \(user.memberships.count) companies, and no more are allowed")
        }
        var company = try require(companyID, "company")
        company.userCount += 1
        try put(company)
        user.memberships.append(CompanyMembership(id: newID(), companyID: companyID, createdAt: now))
    }
}

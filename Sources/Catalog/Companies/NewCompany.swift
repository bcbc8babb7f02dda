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
}

extension Transaction {
    /// A company with its keys, its billing profile, a plan and that plan's traits. Not put yet.
    func makeCompany(keys: [String: String], name: String?, plan: GivenPlan?) throws -> Company {
        try checkNewKeys(keys, of: .company)
        let id = newID(Company.self)
        // The one profile of a company has the company's ordinal: so it is found without an index.
        var company = Company(
            id: id, environmentID: environmentID, name: try self.name(name, keys), keys: [],
            billingProfile: BillingProfile(id: Identifier(ordinal: id.ordinal), createdAt: now), createdAt: now)
        company.plan = plan?.assignment
        company.take(plan?.traits ?? [])
        try change(&company, KeyChange(keys: keys))
        if let plan {
            try countCompanies(from: [], to: [plan.assignment])
            let cause = PlanChangeCause(.companyUpsert, plan.basePlanAction)
            var change = PlanChange(id: newID(), companyID: id, cause: cause, createdAt: now)
            change.after = plan.snapshot
            change.traits = plan.traits
            try record(change)
        }
        return company
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

    /// What new companies are given: the latest version of the plan group's initial plan.
    func initialAssignment() throws -> GivenPlan? {
        guard let planID = try all(PlanGroup.self).first?.initialPlanID else { return nil }
        return try assignment(to: require(planID, "the plan group's initial plan"), by: .initial)
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

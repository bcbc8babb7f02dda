public import Basics
public import Model
public import Store

/// Makes a plan or add-on with an empty draft as its version 1.
public struct CreatePlan: Command {
    public static var name: String { "create_plan" }

    public var name: String
    public var type: PlanType
    public var description = ""
    public var icon = ""
    /// The one company that a custom plan is for.
    public var companyID: Identifier<Company>?

    public init(name: String, type: PlanType) {
        self.name = name
        self.type = type
    }

    public func apply(_ transaction: Transaction) throws -> Plan {
        var plan = Plan(
            id: transaction.newID(), type: type, name: name, description: description, icon: icon,
            createdAt: transaction.now)
        plan.companyID = companyID
        if let companyID { _ = try transaction.require(companyID, "company_id: company") }
        try plan.checkTexts()
        _ = try transaction.draft(of: &plan)
        return plan
    }
}

/// Changes what a plan is called. Its content lives in versions.
public struct UpdatePlan: Command {
    public static var name: String { "update_plan" }

    public var planID: Identifier<Plan>
    public var name: String
    /// Unchanged when nil.
    public var description: String?
    public var icon: String?

    public init(planID: Identifier<Plan>, name: String) {
        self.planID = planID
        self.name = name
    }

    public func apply(_ transaction: Transaction) throws -> Plan {
        var plan = try transaction.require(planID, "plan")
        plan.name = name
        if let description { plan.description = description }
        if let icon { plan.icon = icon }
        try plan.checkTexts()
        plan.updatedAt = transaction.now
        try transaction.put(plan)
        return plan
    }
}

/// Forgets a plan that nobody uses, with all its versions.
public struct DeletePlan: Command {
    public static var name: String { "delete_plan" }

    public var planID: Identifier<Plan>

    public init(planID: Identifier<Plan>) {
        self.planID = planID
    }

    public func apply(_ transaction: Transaction) throws {
        let plan = try transaction.require(planID, "plan")
        let companyCount = try transaction.companyCount(on: plan.versionIDs)
        guard companyCount == 0 else {
            throw Refusal.conflict("\(companyCount) companies are on plan \"\(plan.name)\": move them first")
        }
        if let group = try transaction.all(PlanGroup.self).first, group.uses(planID) {
            throw Refusal.conflict("plan \"\(plan.name)\" is part of the plan group \(group.id): take it out first")
        }
        for versionID in plan.versionIDs {
            try transaction.delete(transaction.require(versionID, "plan version"))
            transaction.delete(Identifier<PlanVersionUse>(ordinal: versionID.ordinal))
        }
        for trait in try transaction.planTraits(of: planID) { transaction.delete(trait.id) }
        transaction.delete(planID)
    }
}

extension Plan {
    fileprivate func checkTexts() throws(Refusal) {
        try name.check(as: "a plan's name")
        try description.checkOptional(as: "a plan's description")
        try icon.checkOptional(as: "a plan's icon", limit: Limits.nameBytes)
    }
}

extension PlanGroup {
    func uses(_ plan: Identifier<Plan>) -> Bool {
        planIDs.contains(plan) || addOnIDs.contains(plan) || settings.customPlanID == plan || isGiven(plan)
    }

    /// Whether companies get the plan without asking, so that it must need no payment.
    func isGiven(_ plan: Identifier<Plan>) -> Bool {
        initialPlanID == plan || fallbackPlanID == plan || settings.trialExpiryPlanID == plan
    }
}

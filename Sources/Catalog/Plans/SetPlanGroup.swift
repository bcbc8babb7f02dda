public import Basics
public import Model
public import Store

/// Sets which plans are live and which are given without asking. The whole plan group is replaced.
public struct SetPlanGroup: Command {
    public static var name: String { "set_plan_group" }

    public var planIDs: [Identifier<Plan>] = []
    public var addOnIDs: [Identifier<Plan>] = []
    /// Given to every new company; must be published and need no payment.
    public var initialPlanID: Identifier<Plan>?
    /// Given when a subscription ends; must be published and need no payment.
    public var fallbackPlanID: Identifier<Plan>?
    public var display: [String: TraitValue] = [:]
    /// Nil makes the environment's plan group, of which there is one.
    public var planGroupID: Identifier<PlanGroup>?

    public init() {}

    public func apply(_ transaction: Transaction) throws -> PlanGroup {
        var group = try group(transaction)
        try check(planIDs, are: .plan, transaction)
        try check(addOnIDs, are: .addOn, transaction)
        let given = [(initialPlanID, "the initial plan"), (fallbackPlanID, "the fallback plan")]
        for case (let id?, let role) in given {
            try transaction.checkNeedsNoPayment(transaction.require(id, "plan"), as: role)
        }
        try display.check(as: "the plan group's display settings")
        group.planIDs = planIDs
        group.addOnIDs = addOnIDs
        group.initialPlanID = initialPlanID
        group.fallbackPlanID = fallbackPlanID
        group.display = display
        group.updatedAt = transaction.now
        try transaction.put(group)
        return group
    }

    private func group(_ transaction: Transaction) throws -> PlanGroup {
        if let planGroupID { return try transaction.require(planGroupID, "plan group") }
        if let existing = try transaction.all(PlanGroup.self).first {
            throw Refusal.conflict("the environment has the plan group \(existing.id) already: change that one")
        }
        return PlanGroup(id: transaction.newID(), createdAt: transaction.now)
    }

    private func check(_ ids: [Identifier<Plan>], are type: PlanType, _ transaction: Transaction) throws {
        if let twice = ids.firstDuplicate { throw Refusal.invalid("plan \(twice) is named twice") }
        for id in ids {
            let plan = try transaction.require(id, "plan")
            guard plan.type == type else {
                throw Refusal.invalid("\"\(plan.name)\" is of type \(plan.type.rawValue), not \(type.rawValue)")
            }
        }
    }
}

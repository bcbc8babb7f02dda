public import Basics
public import Model
public import Store

/// Grants a feature in the draft of a plan.
public struct CreatePlanEntitlement: Command {
    public static var name: String { "create_plan_entitlement" }

    public var planID: Identifier<Plan>
    public var featureID: Identifier<Feature>
    public var input: EntitlementInput
    /// The draft or the published version, for those who name one: the change goes to the draft in any case.
    public var versionID: Identifier<PlanVersion>?

    public init(planID: Identifier<Plan>, featureID: Identifier<Feature>, input: EntitlementInput) {
        self.planID = planID
        self.featureID = featureID
        self.input = input
    }

    public func apply(_ transaction: Transaction) throws -> PlanEntitlement {
        var plan = try transaction.require(planID, "plan")
        let feature = try transaction.require(featureID, "feature")
        if let versionID, versionID != plan.draftVersionID, versionID != plan.publishedVersionID {
            guard plan.versionIDs.contains(versionID) else {
                throw Refusal.notFound("plan \"\(plan.name)\" has no version \(versionID)")
            }
            throw Refusal.conflict("version \(versionID) of plan \"\(plan.name)\" is archived and cannot change")
        }
        var draft = try transaction.draft(of: &plan)
        if let other = try transaction.entitlements(of: draft).first(where: { $0.featureID == featureID }) {
            throw Refusal.conflict(
                "plan \"\(plan.name)\" has the entitlement \(other.id) to feature \"\(feature.name)\" already: "
                    + "change that one"
            )
        }
        var entitlement = PlanEntitlement(
            id: transaction.newID(), planID: planID, versionID: draft.id, featureID: featureID,
            value: EntitlementValue(type: input.valueType), ruleID: transaction.newID(),
            usageExceededRuleID: transaction.newID(), createdAt: transaction.now)
        try input.apply(to: &entitlement, feature, draft, transaction)
        draft.entitlementIDs.append(entitlement.id)
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        return entitlement
    }
}

/// Replaces what a plan grants of a feature and its price, in the draft. Answers the draft's entitlement, which has an
/// id of its own when the published one was named.
public struct UpdatePlanEntitlement: Command {
    public static var name: String { "update_plan_entitlement" }

    public var entitlementID: Identifier<PlanEntitlement>
    public var input: EntitlementInput

    public init(entitlementID: Identifier<PlanEntitlement>, input: EntitlementInput) {
        self.entitlementID = entitlementID
        self.input = input
    }

    public func apply(_ transaction: Transaction) throws -> PlanEntitlement {
        var (draft, entitlement) = try transaction.draftEntitlement(entitlementID)
        let feature = try transaction.require(entitlement.featureID, "feature")
        try input.apply(to: &entitlement, feature, draft, transaction)
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        return entitlement
    }
}

/// Takes a feature out of a plan's draft.
public struct DeletePlanEntitlement: Command {
    public static var name: String { "delete_plan_entitlement" }

    public var entitlementID: Identifier<PlanEntitlement>

    public init(entitlementID: Identifier<PlanEntitlement>) {
        self.entitlementID = entitlementID
    }

    public func apply(_ transaction: Transaction) throws {
        var (draft, entitlement) = try transaction.draftEntitlement(entitlementID)
        draft.entitlementIDs.removeAll { $0 == entitlement.id }
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        transaction.delete(entitlement.id)
    }
}

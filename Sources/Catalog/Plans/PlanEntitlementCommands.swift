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
        try plan.checkChangeable(versionID)
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

extension Plan {
    /// - Parameter versionID: the draft or the published version, for those who name one.
    func checkChangeable(_ versionID: Identifier<PlanVersion>?) throws(Refusal) {
        guard let versionID, versionID != draftVersionID, versionID != publishedVersionID else { return }
        guard versionIDs.contains(versionID) else {
            throw .notFound("plan_version_id: plan \"\(name)\" has no version \(versionID)")
        }
        throw .conflict("version \(versionID) of plan \"\(name)\" is archived and cannot change")
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

/// Copies what one plan grants, with its prices, to the draft of another. Features that the other grants already are
/// left alone.
public struct DuplicatePlanEntitlements: Command {
    public static var name: String { "duplicate_plan_entitlements" }

    public struct Outcome: Codable, Sendable {
        public var copies: [PlanEntitlement] = []
        /// Of the source.
        public var skipped: [PlanEntitlement] = []
    }

    /// Its published version counts, else its draft.
    public var sourceID: Identifier<Plan>
    public var targetID: Identifier<Plan>

    public init(sourceID: Identifier<Plan>, targetID: Identifier<Plan>) {
        self.sourceID = sourceID
        self.targetID = targetID
    }

    public func apply(_ transaction: Transaction) throws -> Outcome {
        let source = try transaction.require(sourceID, "plan")
        var target = try transaction.require(targetID, "plan")
        guard sourceID != targetID else {
            throw Refusal.invalid("plan \"\(source.name)\" cannot be copied to itself")
        }
        guard let versionID = source.publishedVersionID ?? source.draftVersionID else { return Outcome() }
        var draft = try transaction.draft(of: &target)
        let granted = Set(try transaction.entitlements(of: draft).map(\.featureID))
        var outcome = Outcome()
        for original in try transaction.entitlements(of: transaction.require(versionID, "plan version")) {
            if granted.contains(original.featureID) {
                outcome.skipped.append(original)
            } else {
                outcome.copies.append(try transaction.copy(original, to: draft))
            }
        }
        draft.entitlementIDs += outcome.copies.map(\.id)
        draft.updatedAt = transaction.now
        try transaction.put(draft)
        return outcome
    }
}

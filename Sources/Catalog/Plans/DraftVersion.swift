internal import Basics
package import Model
package import Store

extension Transaction {
    /// The draft of a plan: when there is none, a new one, with copies of the published version's prices and
    /// entitlements.
    func draft(of plan: inout Plan) throws -> PlanVersion {
        if let draftID = plan.draftVersionID { return try require(draftID, "plan version") }
        let last = try plan.versionIDs.last.map { try require($0, "plan version").number } ?? 0
        var draft = PlanVersion(id: newID(), planID: plan.id, number: last + 1, createdAt: now)
        if let publishedID = plan.publishedVersionID {
            let published = try require(publishedID, "plan version")
            draft.chargeType = published.chargeType
            draft.billingStrategy = published.billingStrategy
            draft.isTrialable = published.isTrialable
            draft.trialDays = published.trialDays
            draft.prices = published.prices.map {
                Price(id: newID(), interval: $0.interval, amount: $0.amount, currency: $0.currency)
            }
            for entitlement in try entitlements(of: published) {
                draft.entitlementIDs.append(try copy(entitlement, to: draft).id)
            }
        }
        try put(draft)
        plan.draftVersionID = draft.id
        plan.versionIDs.append(draft.id)
        plan.updatedAt = now
        try put(plan)
        return draft
    }

    /// The same entitlement in another version, of this plan or another. The version is not changed yet.
    func copy(_ original: PlanEntitlement, to draft: PlanVersion) throws -> PlanEntitlement {
        var copy = PlanEntitlement(
            id: newID(), planID: draft.planID, versionID: draft.id, featureID: original.featureID,
            value: original.value, ruleID: newID(), usageExceededRuleID: newID(), createdAt: now)
        copy.priceBehavior = original.priceBehavior
        copy.softLimit = original.softLimit
        copy.usageQuantity = original.usageQuantity
        copy.tierMode = original.tierMode
        copy.packageSize = original.packageSize
        copy.packageRounding = original.packageRounding
        copy.freeQuantity = original.freeQuantity
        copy.commonPrices = original.commonPrices
        copy.billingThreshold = original.billingThreshold
        copy.overageCadence = original.overageCadence
        copy.overageAnchor = original.overageAnchor
        // Another plan is another product of the provider's.
        if original.planID == draft.planID { copy.billingLink = original.billingLink }
        copy.meteredPrices = original.meteredPrices.map {
            MeteredPrice(id: newID(), interval: $0.interval, $0.common)
        }
        try put(copy)
        return copy
    }

    package func entitlements(of version: PlanVersion) throws -> [PlanEntitlement] {
        try version.entitlementIDs.map { try require($0, "plan entitlement") }
    }

    /// Where a change of an entitlement goes: the plan's draft, and the entitlement there. A published one's copy is
    /// found by its feature, because a version has one entitlement per feature.
    func draftEntitlement(_ id: Identifier<PlanEntitlement>) throws -> (
        draft: PlanVersion, entitlement: PlanEntitlement
    ) {
        let addressed = try require(id, "plan entitlement")
        var plan = try require(addressed.planID, "plan")
        guard addressed.versionID == plan.draftVersionID || addressed.versionID == plan.publishedVersionID else {
            let version = try require(addressed.versionID, "plan version")
            throw Refusal.conflict(
                "entitlement \(id) belongs to the archived version \(version.number) of plan \"\(plan.name)\" "
                    + "and cannot change"
            )
        }
        let draft = try draft(of: &plan)
        guard let entitlement = try entitlements(of: draft).first(where: { $0.featureID == addressed.featureID }) else {
            throw Refusal.conflict(
                "the draft of plan \"\(plan.name)\" has no entitlement to feature \(addressed.featureID) any "
                    + "more: create it again"
            )
        }
        return (draft, entitlement)
    }

    /// Deletes a version and its entitlements. Whoever calls takes it out of its plan.
    func delete(_ version: PlanVersion) {
        for entitlementID in version.entitlementIDs { delete(entitlementID) }
        delete(version.id)
    }
}

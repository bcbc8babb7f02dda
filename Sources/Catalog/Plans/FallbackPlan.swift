package import Model
package import Store

extension PlanGroup {
    /// The plan of a company that has no other, in its latest published version; nil when none is configured.
    package static func fallback(_ transaction: Transaction) throws -> PlanAssignment? {
        guard let planID = try transaction.all(PlanGroup.self).first?.fallbackPlanID,
            let versionID = try transaction.get(planID)?.publishedVersionID
        else { return nil }
        return PlanAssignment(planID: planID, versionID: versionID, assignedAt: transaction.now)
    }
}

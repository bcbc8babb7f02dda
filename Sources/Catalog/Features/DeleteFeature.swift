public import Basics
public import Model
public import Store

/// Forgets a feature, its flag, and the entitlements to it that only archived plan versions still have.
///
/// A command cannot look through all overrides, so whoever sends it counts those that stand in the way.
public struct DeleteFeature: Command {
    public static var name: String { "delete_feature" }

    public var featureID: Identifier<Feature>
    /// How many overrides of companies name the feature, expired ones included.
    public var overrideCount = 0

    public init(featureID: Identifier<Feature>) {
        self.featureID = featureID
    }

    public func apply(_ transaction: Transaction) throws {
        let feature = try transaction.require(featureID, "feature")
        var entitlements: [PlanEntitlement] = []
        var users: [String] = []
        var companiesOnArchivedVersions: Int64 = 0
        for entitlement in try transaction.all(PlanEntitlement.self) where entitlement.featureID == featureID {
            entitlements.append(entitlement)
            let version = try transaction.require(entitlement.versionID, "plan version")
            guard version.status != .archived else {
                companiesOnArchivedVersions += try transaction.companyCount(on: [version.id])
                continue
            }
            let plan = try transaction.require(version.planID, "plan")
            users.append("the \(version.status.rawValue) version \(version.number) of plan \"\(plan.name)\"")
        }
        if companiesOnArchivedVersions > 0 {
            users.append("archived plan versions that \(companiesOnArchivedVersions) companies are on")
        }
        if overrideCount > 0 { users.append("\(overrideCount) company overrides") }
        guard users.isEmpty else {
            throw Refusal.conflict("feature \"\(feature.name)\" is used by \(users.joined(separator: " and "))")
        }
        for entitlement in entitlements {
            var version = try transaction.require(entitlement.versionID, "plan version")
            version.entitlementIDs.removeAll { $0 == entitlement.id }
            try transaction.put(version)
            transaction.delete(entitlement.id)
        }
        transaction.forgetFlag(feature.flagID)
        transaction.delete(featureID)
        try Meters.retire(feature.meterID, transaction)
        try Meters.retire(feature.eventsMeterID, transaction)
    }
}

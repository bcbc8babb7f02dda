public import Basics
public import Model
public import Store

/// Makes a plan's draft its published version; the one before is archived.
///
/// Companies stay on the version that they have. Moving them along is not part of this release, so a strategy that asks
/// for it is refused while there are any to move.
public struct PublishPlanVersion: Command {
    public static var name: String { "publish_plan_version" }

    private static let strategies = ["immediate", "leave", "scheduled", "end_of_billing_period"]

    public var versionID: Identifier<PlanVersion>
    public var migrationStrategy: String
    public var excludedCompanyIDs: [Identifier<Company>]
    /// How many companies are on another version of the plan: a command cannot look through all of them, so whoever
    /// sends it counts.
    public var companiesOnOlderVersions = 0

    public init(
        versionID: Identifier<PlanVersion>, migrationStrategy: String, excludedCompanyIDs: [Identifier<Company>] = []
    ) {
        self.versionID = versionID
        self.migrationStrategy = migrationStrategy
        self.excludedCompanyIDs = excludedCompanyIDs
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersion {
        guard Self.strategies.contains(migrationStrategy) else {
            throw Refusal.invalid(
                "\"\(migrationStrategy)\" is no migration strategy: use one of "
                    + "\(Self.strategies.joined(separator: ", "))"
            )
        }
        var version = try transaction.require(versionID, "plan version")
        var plan = try transaction.require(version.planID, "plan")
        guard version.status == .draft else {
            throw Refusal.conflict(
                "version \(version.number) of plan \"\(plan.name)\" is \(version.status.rawValue): only a draft "
                    + "can be published"
            )
        }
        try checkMigration(of: plan, transaction)
        try transaction.completePrices(of: version, plan)
        for group in try transaction.all(PlanGroup.self) { try transaction.check(version, of: plan, in: group) }
        if let formerID = plan.publishedVersionID {
            var former = try transaction.require(formerID, "plan version")
            former.status = .archived
            former.updatedAt = transaction.now
            try transaction.put(former)
        }
        version.status = .published
        version.updatedAt = transaction.now
        try transaction.put(version)
        plan.publishedVersionID = versionID
        plan.draftVersionID = nil
        plan.updatedAt = transaction.now
        try transaction.put(plan)
        return version
    }

    private func checkMigration(of plan: Plan, _ transaction: Transaction) throws {
        guard migrationStrategy != "leave" else { return }
        var excluded: Set<Identifier<Company>> = []
        for id in excludedCompanyIDs {
            let company = try transaction.require(id, "the excluded company")
            if company.plan?.planID == plan.id { excluded.insert(id) }
        }
        let moving = companiesOnOlderVersions - excluded.count
        guard moving <= 0 else {
            throw Refusal.conflict(
                "\(moving) companies are on older versions of plan \"\(plan.name)\", and this release cannot "
                    + "migrate them: "
                    + "publish with migration_strategy leave, or exclude them")
        }
    }
}

/// Forgets a draft. Published and archived versions stay, companies may be on them.
public struct DeletePlanVersion: Command {
    public static var name: String { "delete_plan_version" }

    public var versionID: Identifier<PlanVersion>

    public init(versionID: Identifier<PlanVersion>) {
        self.versionID = versionID
    }

    public func apply(_ transaction: Transaction) throws {
        let version = try transaction.require(versionID, "plan version")
        var plan = try transaction.require(version.planID, "plan")
        guard version.status == .draft else {
            throw Refusal.conflict(
                "version \(version.number) of plan \"\(plan.name)\" is \(version.status.rawValue): only a draft "
                    + "can be deleted"
            )
        }
        plan.versionIDs.removeAll { $0 == versionID }
        plan.draftVersionID = nil
        plan.updatedAt = transaction.now
        try transaction.put(plan)
        transaction.delete(version)
    }
}

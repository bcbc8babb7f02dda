public import Basics
public import Model
public import Store

/// Makes a plan's draft its published version; the one before is archived. The strategy says what becomes of the
/// companies on earlier versions: they stay, or a migration begins.
public struct PublishPlanVersion: Command {
    public static var name: String { "publish_plan_version" }

    public var versionID: Identifier<PlanVersion>
    public var migrationStrategy: MigrationStrategy
    public var excludedCompanyIDs: [Identifier<Company>]
    public var proration: MigrationProration?
    public var scheduledAt: Timestamp?
    /// Refuses to publish when there is any company to migrate.
    public var requireNoMigration: Bool?
    /// Whom providers sell the plan's product to, when there was nothing published to give them before.
    public var soldCompanyIDs: [Identifier<Company>]?

    public init(
        versionID: Identifier<PlanVersion>, migrationStrategy: MigrationStrategy,
        excludedCompanyIDs: [Identifier<Company>] = []
    ) {
        self.versionID = versionID
        self.migrationStrategy = migrationStrategy
        self.excludedCompanyIDs = excludedCompanyIDs
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersion {
        var version = try transaction.require(versionID, "plan version")
        var plan = try transaction.require(version.planID, "plan")
        guard version.status == .draft else {
            throw Refusal.conflict(
                "version \(version.number) of plan \"\(plan.name)\" is \(version.status.rawValue): only a draft "
                    + "can be published"
            )
        }
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
        try migrate(plan, transaction)
        try transaction.followMirror(ofAll: soldCompanyIDs ?? [])
        return version
    }

    private func migrate(_ plan: Plan, _ transaction: Transaction) throws {
        var input = MigrationInput(strategy: migrationStrategy)
        input.proration = proration
        input.scheduledAt = scheduledAt
        input.excludedCompanyIDs = try transaction.known(excludedCompanyIDs, "excluded_company_ids")
        try input.check(at: transaction.now)
        let origins = plan.versionIDs.filter { $0 != versionID }
        if requireNoMigration == true {
            let companies = try transaction.companyCount(on: origins)
            guard companies == 0 else {
                throw Refusal.conflict(
                    "require_no_migration: \(companies) companies are on earlier versions of plan \"\(plan.name)\"")
            }
        }
        guard migrationStrategy != .leave, try transaction.companyCount(on: origins) > 0 else { return }
        _ = try transaction.beginMigration(of: plan, from: origins, to: versionID, input)
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

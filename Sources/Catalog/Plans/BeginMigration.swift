public import Basics
public import Model
public import Store

/// How the companies of a plan are to come to another version of it, as people write it.
public struct MigrationInput: Codable, Sendable {
    public var strategy: MigrationStrategy
    /// Nil: `create_prorations` for immediate ones, else `none`.
    public var proration: MigrationProration?
    /// When a scheduled one begins.
    public var scheduledAt: Timestamp?
    public var excludedCompanyIDs: [Identifier<Company>] = []

    public init(strategy: MigrationStrategy) {
        self.strategy = strategy
    }
}

/// Moves companies from some versions of a plan to a published one.
///
/// The command only writes down what is to be done: the closer then moves the companies in batches, so it does not
/// matter how many there are.
public struct CreateMigration: Command {
    public static var name: String { "create_migration" }

    public var planID: Identifier<Plan>
    public var toVersionID: Identifier<PlanVersion>
    /// Nil: all published and archived ones.
    public var fromVersionIDs: [Identifier<PlanVersion>]?
    /// Nil: every company on one of the versions.
    public var companyIDs: [Identifier<Company>]?
    public var planType: PlanType
    public var input: MigrationInput

    public init(
        planID: Identifier<Plan>, to toVersionID: Identifier<PlanVersion>, planType: PlanType, input: MigrationInput
    ) {
        self.planID = planID
        self.toVersionID = toVersionID
        self.planType = planType
        self.input = input
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersionMigration {
        let plan = try transaction.require(planID, "plan")
        guard plan.type == planType else {
            throw Refusal.invalid(
                "target_plan_type is \(planType.rawValue), but plan \(planID) is of type "
                    + "\(plan.type.rawValue)")
        }
        guard input.strategy != .leave else {
            throw Refusal.invalid("strategy leave migrates nobody: use immediate, scheduled or end_of_billing_period")
        }
        let from = try plan.migrationOrigins(fromVersionIDs, to: toVersionID, transaction)
        return try transaction.beginMigration(of: plan, from: from, to: toVersionID, of: companyIDs, input)
    }
}

extension Plan {
    /// The versions that companies are moved away from, once both ends have been checked.
    package func migrationOrigins(
        _ named: [Identifier<PlanVersion>]?, to target: Identifier<PlanVersion>, _ transaction: Transaction
    ) throws -> [Identifier<PlanVersion>] {
        guard versionIDs.contains(target) else {
            throw Refusal.notFound("plan_version_id_to: plan \"\(name)\" has no version \(target)")
        }
        guard target == publishedVersionID else {
            throw Refusal.conflict("plan_version_id_to: version \(target) of plan \"\(name)\" is not published")
        }
        for version in named ?? [] where version == target || version == draftVersionID || !versionIDs.contains(version)
        {
            throw Refusal.invalid(
                "plan_version_ids_from: \(version) is no other published or archived version of plan \"\(name)\"")
        }
        return named ?? versionIDs.filter { $0 != target && $0 != draftVersionID }
    }
}

extension Transaction {
    /// Writes a migration down and makes its first batch due.
    func beginMigration(
        of plan: Plan, from: [Identifier<PlanVersion>], to: Identifier<PlanVersion>,
        of companyIDs: [Identifier<Company>]? = nil, _ input: MigrationInput
    ) throws -> PlanVersionMigration {
        try input.check(at: now)
        let excluded = try known(input.excludedCompanyIDs, "excluded_company_ids")
        let named = try companyIDs.map { try known($0, "company_ids") }
        var migration = PlanVersionMigration(
            id: newID(), planID: plan.id, from: from, to: to, companyIDs: named, excluding: excluded,
            strategy: input.strategy,
            proration: input.proration ?? (input.strategy == .immediate ? .createProrations : .none),
            scheduledAt: input.scheduledAt, createdAt: now)
        migration.total = try expectedCompanies(of: migration)
        begin(.enrol, of: &migration, at: input.scheduledAt ?? now)
        try put(migration)
        return migration
    }

    /// Makes a pass due, in place of the one that was. The migration is to be put afterwards.
    package func begin(
        _ pass: PlanVersionMigration.Pass, of migration: inout PlanVersionMigration, at instant: Timestamp
    ) {
        withdrawPass(of: &migration)
        migration.pass = pass
        (migration.cursor, migration.end) =
            pass == .enrol ? (0, 0) : (migration.firstRecord, migration.lastRecord + 1)
        continuePass(of: &migration, at: instant)
    }

    package func continuePass(of migration: inout PlanVersionMigration, at instant: Timestamp) {
        migration.dueAt = instant
        schedule(DueItem(at: instant, task: .advanceMigration, ordinal: migration.id.ordinal))
    }

    package func withdrawPass(of migration: inout PlanVersionMigration) {
        if let dueAt = migration.dueAt {
            unschedule(DueItem(at: dueAt, task: .advanceMigration, ordinal: migration.id.ordinal))
        }
        migration.dueAt = nil
        migration.pass = nil
    }

    /// How many companies a migration would move if it ran now.
    package func expectedCompanies(of migration: PlanVersionMigration) throws -> Int64 {
        let excluded = Set(migration.excludedCompanyIDs)
        if let named = migration.companyIDs { return Int64(named.count { !excluded.contains($0) }) }
        let staying = try excluded.count { id in
            try get(id)?.origin(of: migration) != nil
        }
        return try companyCount(on: migration.fromVersionIDs) - Int64(staying)
    }

    /// Companies that a request names, each once. Refuses unknown ones.
    func known(_ ids: [Identifier<Company>], _ field: String) throws -> [Identifier<Company>] {
        guard ids.count <= Limits.namedCompanies else {
            throw Refusal.invalid("\(field) names \(ids.count) companies, at most \(Limits.namedCompanies) are allowed")
        }
        for id in ids where try get(id) == nil {
            throw Refusal.notFound("\(field): company \(id) does not exist")
        }
        return Array(Set(ids)).sorted()
    }
}

extension Company {
    /// The version that it is on and that the migration moves companies away from.
    package func origin(of migration: PlanVersionMigration) -> Identifier<PlanVersion>? {
        assignments.map(\.versionID).first(where: migration.fromVersionIDs.contains)
    }
}

extension MigrationInput {
    /// Refuses times and prorations that the strategy has no use for.
    package func check(at now: Timestamp) throws(Refusal) {
        switch (strategy, scheduledAt) {
        case (.scheduled, nil): throw .invalid("strategy scheduled needs scheduled_at")
        case (.scheduled, let at?) where at <= now:
            throw .invalid("scheduled_at must be later than now, \(now.rfc3339), not \(at.rfc3339)")
        case (.scheduled, _), (_, nil): break
        case (_, _?): throw .invalid("scheduled_at is for strategy scheduled, there is \(strategy.rawValue)")
        }
        if strategy == .endOfBillingPeriod, let proration, proration != .none {
            throw .invalid("proration_behavior must be none at the end of a billing period, not \(proration.rawValue)")
        }
    }
}

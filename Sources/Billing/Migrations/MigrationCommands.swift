public import Basics
internal import Catalog
public import Model
public import Store

/// Stops a migration: companies that wait stay where they are, those that were moved are not moved back.
public struct CancelMigration: Command {
    public static let name = "cancel_migration"

    public let migrationID: Identifier<PlanVersionMigration>

    public init(migrationID: Identifier<PlanVersionMigration>) {
        self.migrationID = migrationID
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersionMigration {
        var migration = try transaction.requireRunning(migrationID, "cancelled")
        migration.status = .cancelled
        if migration.enrolled == 0 {
            transaction.withdrawPass(of: &migration)
            migration.conclude(at: transaction.now)
        } else {
            transaction.begin(.cancel, of: &migration, at: transaction.now)
        }
        migration.updatedAt = transaction.now
        try transaction.put(migration)
        return migration
    }
}

/// Moves those that wait for a time, or for the end of their billing periods, now.
public struct CompleteMigrationNow: Command {
    public static let name = "complete_migration_now"

    public let migrationID: Identifier<PlanVersionMigration>
    /// Nil: as the migration has it.
    public var proration: MigrationProration?

    public init(migrationID: Identifier<PlanVersionMigration>) {
        self.migrationID = migrationID
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersionMigration {
        var migration = try transaction.requireRunning(migrationID, "completed")
        if let proration { migration.proration = proration }
        transaction.begin(migration.status == .pending ? .enrol : .complete, of: &migration, at: transaction.now)
        migration.updatedAt = transaction.now
        try transaction.put(migration)
        return migration
    }
}

/// Tries again to move the companies for which it failed.
public struct RetryMigration: Command {
    public static let name = "retry_migration"

    public let migrationID: Identifier<PlanVersionMigration>
    /// Failures of these kinds only; empty means all.
    public let errorCodes: [MigrationErrorCode]

    public init(migrationID: Identifier<PlanVersionMigration>, errorCodes: [MigrationErrorCode]) {
        self.migrationID = migrationID
        self.errorCodes = errorCodes
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersionMigration {
        var migration = try transaction.require(migrationID, "plan version migration")
        guard migration.pass == nil, migration.failed > 0 else {
            throw Refusal.conflict(
                "migration \(migrationID) is \(migration.status.rawValue) with \(migration.failed) failed companies: "
                    + "there is nothing to try again")
        }
        migration.status = .inProgress
        migration.completedAt = nil
        migration.retriedCodes = errorCodes
        transaction.begin(.retry, of: &migration, at: transaction.now)
        migration.updatedAt = transaction.now
        try transaction.put(migration)
        return migration
    }
}

/// Tries again to move one company.
public struct RetryCompanyMigration: Command {
    public static let name = "retry_company_migration"

    public let recordID: Identifier<CompanyMigration>

    public init(recordID: Identifier<CompanyMigration>) {
        self.recordID = recordID
    }

    public func apply(_ transaction: Transaction) throws -> CompanyMigration {
        let record = try transaction.require(recordID, "company migration")
        guard record.status == .failed else {
            throw Refusal.conflict(
                "company migration \(recordID) is \(record.status.rawValue): only a failed one can be tried again")
        }
        var migration = try transaction.require(record.migrationID, "plan version migration")
        migration.failed -= 1
        if migration.status == .failed { migration.status = .inProgress }
        var run = MigrationRun(migration, record, transaction)
        try run.take(waits: migration.strategy == .endOfBillingPeriod)
        try run.save()
        return try transaction.require(recordID, "company migration")
    }
}

extension Transaction {
    fileprivate func requireRunning(
        _ id: Identifier<PlanVersionMigration>, _ verb: String
    ) throws -> PlanVersionMigration {
        let migration = try require(id, "plan version migration")
        guard migration.status == .pending || migration.status == .inProgress else {
            throw Refusal.conflict(
                "migration \(id) is \(migration.status.rawValue): only a pending one or one in progress can be \(verb)")
        }
        return migration
    }
}

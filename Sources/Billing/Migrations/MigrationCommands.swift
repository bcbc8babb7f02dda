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
        try transaction.change(migrationID) { migration in
            try migration.checkRunning(toBe: "cancelled")
            migration.status = .cancelled
            if migration.enrolled == 0 {
                transaction.withdrawPass(of: &migration)
                migration.conclude(at: transaction.now)
            } else {
                transaction.begin(.cancel, of: &migration, at: transaction.now)
            }
        }
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
        try transaction.change(migrationID) { migration in
            try migration.checkRunning(toBe: "completed")
            if let proration { migration.proration = proration }
            transaction.begin(migration.status == .pending ? .enrol : .complete, of: &migration, at: transaction.now)
        }
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
        try transaction.change(migrationID) { migration in
            guard migration.pass == nil, migration.failed > 0 else {
                throw Refusal.conflict(
                    "migration \(migrationID) is \(migration.status.rawValue) with \(migration.failed) failed "
                        + "companies: there is nothing to try again")
            }
            migration.status = .inProgress
            migration.completedAt = nil
            migration.retriedCodes = errorCodes
            transaction.begin(.retry, of: &migration, at: transaction.now)
        }
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
    fileprivate func change(
        _ id: Identifier<PlanVersionMigration>, _ change: (inout PlanVersionMigration) throws -> Void
    ) throws -> PlanVersionMigration {
        var migration = try require(id, "plan version migration")
        try change(&migration)
        migration.updatedAt = now
        try put(migration)
        return migration
    }
}

extension PlanVersionMigration {
    fileprivate func checkRunning(toBe verb: String) throws(Refusal) {
        guard status == .pending || status == .inProgress else {
            throw .conflict(
                "migration \(id) is \(status.rawValue): only a pending one or one in progress can be \(verb)")
        }
    }
}

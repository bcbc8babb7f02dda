package import Basics
internal import Catalog
package import Model
package import Store

/// The next batch of companies of each of several migrations; a migration with more of them is due again at once.
package struct AdvanceMigrations: Command {
    package static let name = "advance_migrations"

    /// How many companies one batch moves, and how many ordinals it looks at, at most: what a command may take.
    private static let batch = (moved: 100, looked: 2_000)

    package let migrationIDs: [Identifier<PlanVersionMigration>]

    package init(migrationIDs: [Identifier<PlanVersionMigration>]) {
        self.migrationIDs = migrationIDs
    }

    package func apply(_ transaction: Transaction) throws {
        for id in migrationIDs {
            guard let migration = try transaction.get(id), let pass = migration.pass else { continue }
            var walk = MigrationWalk(migration, pass, transaction)
            try walk.advance(Self.batch)
        }
    }
}

/// A pass through the companies of a migration, for the length of one batch.
private struct MigrationWalk {
    private var migration: PlanVersionMigration
    private let pass: PlanVersionMigration.Pass
    private let excluded: Set<Identifier<Company>>
    private let transaction: Transaction

    init(_ migration: PlanVersionMigration, _ pass: PlanVersionMigration.Pass, _ transaction: Transaction) {
        self.migration = migration
        self.pass = pass
        self.transaction = transaction
        excluded = Set(migration.excludedCompanyIDs)
    }

    mutating func advance(_ limit: (moved: Int, looked: Int)) throws {
        if migration.status == .pending { try start() }
        var (moved, looked) = (0, 0)
        while migration.cursor < migration.end, moved < limit.moved, looked < limit.looked {
            let isTaken = pass == .enrol ? try enrol() : try visit()
            if isTaken { moved += 1 }
            looked += 1
            migration.cursor += 1
        }
        let instant = transaction.now
        transaction.withdrawPass(of: &migration)
        if migration.cursor < migration.end {
            migration.pass = pass
            transaction.continuePass(of: &migration, at: instant)
        } else {
            migration.total = migration.enrolled
        }
        migration.conclude(at: instant)
        try transaction.put(migration)
    }

    private mutating func start() throws {
        migration.status = .inProgress
        migration.startedAt = transaction.now
        migration.total = try transaction.expectedCompanies(of: migration)
        if let named = migration.companyIDs {
            (migration.cursor, migration.end) = (0, UInt64(named.count))
        } else {
            (migration.cursor, migration.end) = (1, transaction.lastOrdinal(Company.self) + 1)
        }
    }

    /// Answers whether the company under the cursor is one of the migration's.
    private mutating func enrol() throws -> Bool {
        let named = migration.companyIDs
        let id = named.map { $0[Int(migration.cursor)] } ?? Identifier<Company>(ordinal: migration.cursor)
        guard !excluded.contains(id), let company = try transaction.get(id) else { return false }
        let origin = company.origin(of: migration)
        guard origin != nil || named != nil else { return false }
        let record = CompanyMigration(
            id: transaction.newID(), migrationID: migration.id, companyID: id, fromVersionID: origin,
            createdAt: transaction.now)
        if migration.enrolled == 0 { migration.firstRecord = record.id.ordinal }
        migration.lastRecord = record.id.ordinal
        migration.enrolled += 1
        try take(record, waits: migration.strategy == .endOfBillingPeriod)
        return true
    }

    /// Answers whether the record under the cursor is one that the pass is for.
    private mutating func visit() throws -> Bool {
        guard var record = try transaction.get(Identifier<CompanyMigration>(ordinal: migration.cursor)),
            record.migrationID == migration.id
        else { return false }
        switch pass {
        case .enrol: preconditionFailure("the pass that enrols visits companies, not records")
        case .retry:
            guard record.isRetried(for: migration.retriedCodes) else { return false }
            migration.failed -= 1
            record.completedAt = nil
            try take(record, waits: migration.strategy == .endOfBillingPeriod)
        case .cancel:
            guard record.status == .pending else { return false }
            try release(record)
            var run = MigrationRun(migration, record, transaction)
            run.withdraw()
            run.settle(.cancelled)
            try run.save(withMigration: false)
            migration = run.migration
        case .complete:
            guard record.status == .pending else { return false }
            try release(record)
            var run = MigrationRun(migration, record, transaction)
            run.withdraw()
            try run.take(waits: false)
            try run.save(withMigration: false)
            migration = run.migration
        }
        return true
    }

    private mutating func take(_ record: CompanyMigration, waits: Bool) throws {
        var run = MigrationRun(migration, record, transaction)
        try run.take(waits: waits)
        try run.save(withMigration: false)
        migration = run.migration
    }

    /// The company's subscription waits for the record no longer.
    private func release(_ record: CompanyMigration) throws {
        guard let subscriptionID = try transaction.get(record.companyID)?.subscriptionID,
            var subscription = try transaction.get(subscriptionID), subscription.migrationID == record.id
        else { return }
        subscription.migrationID = nil
        try transaction.put(subscription)
    }
}

extension CompanyMigration {
    /// Whether a retry of failures with these codes is for this one; no codes mean every failure.
    fileprivate func isRetried(for codes: [MigrationErrorCode]) -> Bool {
        status == .failed && (codes.isEmpty || errorCode.map(codes.contains) ?? false)
    }
}

/// The billing periods of companies end now whose close was to migrate them. Those that still wait had none: what they
/// had has ended, or they have another.
package struct MigrateDueCompanies: Command {
    package static let name = "migrate_due_companies"

    package let recordIDs: [Identifier<CompanyMigration>]

    package init(recordIDs: [Identifier<CompanyMigration>]) {
        self.recordIDs = recordIDs
    }

    package func apply(_ transaction: Transaction) throws {
        try transaction.keepAppointments(.migrateCompany, of: recordIDs) { record in
            guard record.status == .pending else { return }
            var run = try MigrationRun(of: record, transaction)
            try run.take(waits: true)
            try run.save()
        }
    }
}

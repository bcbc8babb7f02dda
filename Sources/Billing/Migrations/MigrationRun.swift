internal import Basics
internal import Catalog
internal import Model
internal import Store

/// One company's turn in a migration: the migration, the company's record in it, and what becomes of both.
struct MigrationRun {
    private(set) var migration: PlanVersionMigration
    private(set) var record: CompanyMigration
    private let transaction: Transaction

    init(_ migration: PlanVersionMigration, _ record: CompanyMigration, _ transaction: Transaction) {
        self.migration = migration
        self.record = record
        self.transaction = transaction
    }

    init(of record: CompanyMigration, _ transaction: Transaction) throws {
        self.init(try transaction.require(record.migrationID, "plan version migration"), record, transaction)
    }

    /// Moves the company now, or has it wait for the end of its billing period where the migration does so.
    mutating func take(waits: Bool) throws {
        guard let company = try transaction.get(record.companyID) else {
            return settle(.skipped, .notOnOriginVersion, "the company does not exist any more")
        }
        guard var subscription = try company.subscriptionID.flatMap({ try transaction.get($0) }) else {
            return try move(company)
        }
        try supersede(&subscription)
        if waits, isOnOrigin(company), transaction.now < subscription.period.end {
            subscription.migrationID = record.id
            record.status = .pending
            record.errorCode = nil
            record.error = nil
            record.scheduledFor = subscription.period.end
            transaction.schedule(
                DueItem(at: subscription.period.end, task: .migrateCompany, ordinal: record.id.ordinal))
            try transaction.put(subscription)
        } else {
            try transaction.put(subscription)
            try move(company)
        }
    }

    private mutating func move(_ company: Company) throws {
        guard let choice = try choice(for: company) else { return }
        do {
            try transaction.whole { try choice.migrate(company, migration, transaction) }
            settle(.completed)
        } catch let refusal as Refusal {
            settle(.failed, .permanentConfig, refusal.message)
        } catch let overflow as ArithmeticOverflow {
            settle(.failed, .permanentConfig, "the amount is too large: \(overflow)")
        }
    }

    /// What the company is to come to; nil when it cannot, which the record then says.
    mutating func choice(for company: Company) throws -> PlanChoice? {
        guard isOnOrigin(company) else {
            settle(.skipped, .notOnOriginVersion, "the company is on none of the versions that are migrated")
            return nil
        }
        switch try PlanChoice.version(migration.toVersionID, for: company, transaction) {
        case .success(let choice): return choice
        case .failure(let problem):
            settle(.failed, problem.code, problem.message)
            return nil
        }
    }

    private func isOnOrigin(_ company: Company) -> Bool {
        company.origin(of: migration) != nil
    }

    /// A later migration takes the place of the one that the subscription waits for.
    private mutating func supersede(_ subscription: inout Subscription) throws {
        guard let waiting = subscription.migrationID else { return }
        subscription.migrationID = nil
        guard waiting != record.id, let earlier = try transaction.get(waiting), earlier.status == .pending else {
            return
        }
        var run = try MigrationRun(of: earlier, transaction)
        run.withdraw()
        run.settle(.cancelled, nil, "migration \(migration.id) has taken its place")
        try run.save()
    }

    /// The company waits no longer. Its subscription is to be told by whoever calls.
    mutating func withdraw() {
        guard let at = record.scheduledFor else { return }
        transaction.unschedule(DueItem(at: at, task: .migrateCompany, ordinal: record.id.ordinal))
        record.scheduledFor = nil
    }

    mutating func settle(_ status: CompanyMigrationStatus, _ code: MigrationErrorCode? = nil, _ error: String? = nil) {
        record.status = status
        record.errorCode = code
        record.error = error
        record.startedAt = record.startedAt ?? transaction.now
        record.completedAt = transaction.now
        migration.note(record)
    }

    /// Puts the record; the migration too, unless whoever calls holds it.
    func save(withMigration: Bool = true) throws {
        var record = record
        record.updatedAt = transaction.now
        try transaction.put(record)
        guard withMigration else { return }
        var migration = migration
        migration.conclude(at: transaction.now)
        try transaction.put(migration)
    }
}

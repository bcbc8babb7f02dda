public import Basics

/// When companies come to a new version of their plan.
public enum MigrationStrategy: String, Codable, Sendable, CaseIterable {
    case immediate
    /// They stay where they are.
    case leave
    case scheduled
    /// Each at the end of its own billing period; companies without one at once.
    case endOfBillingPeriod = "end_of_billing_period"
}

/// What becomes of the rest of a running period when the price changes in it.
public enum MigrationProration: String, Codable, Sendable, CaseIterable {
    /// An invoice at once.
    case alwaysInvoice = "always_invoice"
    /// Lines on the next invoice.
    case createProrations = "create_prorations"
    /// The new price counts from the next period on.
    case none
}

public enum MigrationStatus: String, Codable, Sendable, CaseIterable {
    case pending, completed, failed, cancelled
    case inProgress = "in_progress"
}

/// Moves the companies on some versions of a plan to another version, batch by batch.
///
/// It works through the environment's companies, or those that were named, in passes: one to enrol them, later ones to
/// try again, to cancel, or to complete those that wait. `cursor` is how far the pass has come, so that a crash costs
/// no more than the batch that it fell into.
public struct PlanVersionMigration: Codable, Sendable, Identified {
    public static let idPrefix = "plvm"

    /// One way through the companies. All but the first go through the records of the first.
    public enum Pass: String, Codable, Sendable {
        case enrol, retry, cancel, complete
    }

    public let id: Identifier<PlanVersionMigration>
    public let planID: Identifier<Plan>
    public let fromVersionIDs: [Identifier<PlanVersion>]
    public let toVersionID: Identifier<PlanVersion>
    /// Nil: every company on one of the versions.
    public let companyIDs: [Identifier<Company>]?
    public let excludedCompanyIDs: [Identifier<Company>]
    public let strategy: MigrationStrategy
    public var proration: MigrationProration
    public let scheduledAt: Timestamp?
    public var status = MigrationStatus.pending
    /// Nil: no pass is under way.
    public var pass: Pass?
    /// What is looked at next: a company's ordinal, a place among the named ones, or a record's ordinal.
    public var cursor: UInt64 = 0
    /// Where the pass ends: one more than the last of these.
    public var end: UInt64 = 0
    /// When the pass goes on.
    public var dueAt: Timestamp?
    /// Of a pass that tries again: which failures; empty means all.
    public var retriedCodes: [MigrationErrorCode] = []
    /// The first and last record of a company; others' records may stand in between.
    public var firstRecord: UInt64 = 0
    public var lastRecord: UInt64 = 0
    /// How many companies are to be moved: expected until all are enrolled.
    public var total: Int64 = 0
    public var enrolled: Int64 = 0
    public var completed: Int64 = 0
    public var failed: Int64 = 0
    public var skipped: Int64 = 0
    public var cancelled: Int64 = 0
    public var error: String?
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<PlanVersionMigration>, planID: Identifier<Plan>, from: [Identifier<PlanVersion>],
        to: Identifier<PlanVersion>, companyIDs: [Identifier<Company>]?, excluding: [Identifier<Company>],
        strategy: MigrationStrategy, proration: MigrationProration, scheduledAt: Timestamp?, createdAt: Timestamp
    ) {
        self.id = id
        self.planID = planID
        self.fromVersionIDs = from
        self.toVersionID = to
        self.companyIDs = companyIDs
        self.excludedCompanyIDs = excluding
        self.strategy = strategy
        self.proration = proration
        self.scheduledAt = scheduledAt
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }

    /// Companies that were enrolled and whose turn has not come.
    public var waiting: Int64 { enrolled - completed - failed - skipped - cancelled }

    /// Counts a company whose turn has come.
    public mutating func note(_ record: CompanyMigration) {
        switch record.status {
        case .completed: completed += 1
        case .failed: failed += 1
        case .skipped: skipped += 1
        case .cancelled: cancelled += 1
        case .pending, .inProgress: break
        }
    }

    /// Ends the migration when nobody waits and no pass is under way.
    public mutating func conclude(at now: Timestamp) {
        updatedAt = now
        guard pass == nil, waiting == 0 else { return }
        completedAt = now
        error = failed > 0 ? "\(failed) of \(enrolled) companies could not be migrated" : nil
        if status != .cancelled { status = failed > 0 ? .failed : .completed }
    }
}

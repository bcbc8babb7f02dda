public import Basics

public enum CompanyMigrationStatus: String, Codable, Sendable, CaseIterable {
    case pending, completed, failed, skipped, cancelled
    case inProgress = "in_progress"
}

/// Why a company could not be moved, as Schematic names it.
public enum MigrationErrorCode: String, Codable, Sendable, CaseIterable {
    case ambiguousSubscriptionItem = "ambiguous_subscription_item"
    case multipleSubscriptions = "multiple_subscriptions"
    case noPriceForInterval = "no_price_for_interval"
    case notOnOriginVersion = "not_on_origin_version"
    case operationItemNotFound = "operation_item_not_found"
    case permanentConfig = "permanent_config"
    case permanentDecline = "permanent_decline"
    case transientDecline = "transient_decline"
    case transientInfra = "transient_infra"
    case transientStripe = "transient_stripe"
    case unknown
    case wouldLeaveEmptySubscription = "would_leave_empty_subscription"
}

/// What a migration does, or did, with one company.
public struct CompanyMigration: Codable, Sendable, Identified {
    public static let idPrefix = "plcm"

    public let id: Identifier<CompanyMigration>
    public let migrationID: Identifier<PlanVersionMigration>
    public let companyID: Identifier<Company>
    /// The version that the company was on.
    public let fromVersionID: Identifier<PlanVersion>?
    public var status = CompanyMigrationStatus.pending
    /// When its turn comes: the end of its billing period.
    public var scheduledFor: Timestamp?
    public var errorCode: MigrationErrorCode?
    public var error: String?
    public var startedAt: Timestamp?
    public var completedAt: Timestamp?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<CompanyMigration>, migrationID: Identifier<PlanVersionMigration>,
        companyID: Identifier<Company>, fromVersionID: Identifier<PlanVersion>?, createdAt: Timestamp
    ) {
        self.id = id
        self.migrationID = migrationID
        self.companyID = companyID
        self.fromVersionID = fromVersionID
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

/// How many companies are on a plan version: kept, because a command cannot look through all companies. It has the
/// version's ordinal, so that it is found without an index.
public struct PlanVersionUse: Codable, Sendable, Identified {
    public static let idPrefix = "plvu"

    public let id: Identifier<PlanVersionUse>
    public var companies: Int64

    public init(id: Identifier<PlanVersionUse>, companies: Int64) {
        self.id = id
        self.companies = companies
    }
}

public import Basics

/// What an environment is for. Only `development` and `staging` may have a test clock.
public enum EnvironmentType: String, Codable, Sendable, CaseIterable {
    case development, staging, production
}

/// One isolated world of companies, plans and usage inside a store.
public struct Environment: Codable, Sendable, Identified {
    public static let idPrefix = "env"

    public let id: Identifier<Environment>
    public var name: String
    public var type: EnvironmentType
    /// The virtual time of the environment; nil while it follows the real clock. Once set it only moves forward.
    public var testClock: Timestamp?
    /// How often the instant has been parted at which the test clock stands; nil is never. Use that comes now counts
    /// that many milliseconds later than use that came before.
    package var instantParts: Int64?
    public var billing = BillingSettings()
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<Environment>, name: String, type: EnvironmentType, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.type = type
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }

    /// When use counts that comes now; nil while the environment follows the real clock.
    package var useClock: Timestamp? { testClock.map { $0 + TimeSpan(milliseconds: instantParts ?? 0) } }
}

/// How an environment bills its native subscriptions (`/billing/settings`).
public struct BillingSettings: Codable, Sendable, Equatable {
    /// IANA zone of companies that name none of their own.
    public var timezone = "UTC"
    /// How long after a period's end its invoice stays a draft that late events still join.
    public var invoiceGraceSeconds: Int64 = 3600
    /// Whether drafts become open invoices by themselves when the grace is over.
    public var autoFinalize = true
    public var defaultProviderType = BillingProviderType.schematic

    public init() {}
}

/// Who collects the money. `schematic` is native billing.
public enum BillingProviderType: String, Codable, Sendable, CaseIterable {
    case stripe, schematic, metronome, orb
}

public typealias EnvironmentID = Identifier<Environment>

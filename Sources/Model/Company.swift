public import Basics

/// A billed organisation: who usage is counted for, who holds entitlements, who gets invoices.
public struct Company: Codable, Sendable, Identified {
    public static let idPrefix = "comp"

    public let id: Identifier<Company>
    public let environmentID: Identifier<Environment>
    public var name: String
    public var keys: [EntityKey]
    public var traits: [String: TraitValue] = [:]
    /// The base plan; nil when no plan applies (then the fallback plan of the plan group would have been assigned, had
    /// there been one).
    public var plan: PlanAssignment?
    /// What it has beside the base plan, in the order of purchase. Nil in maps of before there were any.
    private var boughtAddOns: [PlanAssignment]?
    public var overrideIDs: [Identifier<CompanyOverride>] = []
    /// The subscription that bills now.
    public var subscriptionID: Identifier<Subscription>?
    /// Those that ended, oldest first: late events may still fall into their periods.
    public var endedSubscriptionIDs: [Identifier<Subscription>] = []
    public var billingProfile: BillingProfile
    /// Nil in maps of before there were any.
    private var keptTrials: [Trial]?
    /// The plan change that waits.
    public var scheduledCheckoutID: Identifier<ScheduledCheckout>?
    public var userCount = 0
    public var lastSeenAt: Timestamp?
    /// Nil where no provider has ever sold it anything.
    public var mirror: CompanyMirror?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<Company>, environmentID: Identifier<Environment>, name: String, keys: [EntityKey],
        billingProfile: BillingProfile, createdAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.name = name
        self.keys = keys
        self.billingProfile = billingProfile
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

extension Company {
    /// What the company has beside its base plan; empty when it has no base plan.
    public var addOns: [PlanAssignment] {
        get { boughtAddOns ?? [] }
        set { boughtAddOns = newValue.isEmpty ? nil : newValue }
    }

    /// The base plan, then the add-ons.
    public var assignments: [PlanAssignment] { (plan.map { [$0] } ?? []) + addOns }

    /// Whether it has the plan, as its base plan or as an add-on.
    public func has(_ planID: Identifier<Plan>) -> Bool { assignments.contains { $0.planID == planID } }

    /// Those it has had, oldest first, and the one that runs.
    public var trials: [Trial] {
        get { keptTrials ?? [] }
        set { keptTrials = newValue.isEmpty ? nil : newValue }
    }
}

/// Which version of which plan a company is on.
public struct PlanAssignment: Codable, Sendable, Equatable {
    public var planID: Identifier<Plan>
    public var versionID: Identifier<PlanVersion>
    public var assignedAt: Timestamp

    public init(planID: Identifier<Plan>, versionID: Identifier<PlanVersion>, assignedAt: Timestamp) {
        self.planID = planID
        self.versionID = versionID
        self.assignedAt = assignedAt
    }
}

/// Whether a company is served whose invoices stay open.
public enum PaymentGating: String, Codable, Sendable, CaseIterable {
    case keepServing = "keep_serving"
    case revokeAfter = "revoke_after"
}

public enum CollectionMethod: String, Codable, Sendable, CaseIterable {
    case chargeAutomatically = "charge_automatically"
    case sendInvoice = "send_invoice"
}

/// How one company is billed (`/billing/profiles`). Every company has one from its creation.
public struct BillingProfile: Codable, Sendable, Identified, Equatable {
    public static let idPrefix = "bprof"

    public let id: Identifier<BillingProfile>
    public var name: String?
    public var collectionMethod = CollectionMethod.sendInvoice
    public var daysUntilDue: Int64 = 30
    /// How long after its due date an open invoice ends the subscription; nil: never.
    public var gatingDays: Int64?
    /// IANA zone that the company's periods are cut in; fixed once its first subscription has started.
    public var timezone: String?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    /// Of every invoice that is issued from now on; nil is none.
    public var taxRates: [TaxRate]?
    /// The one that was chosen among those that a provider knows; it may be gone.
    public var paymentMethodID: Identifier<PaymentMethod>?

    public init(id: Identifier<BillingProfile>, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

public import Basics

/// What changed a company's plan, as Schematic names it.
public enum PlanChangeAction: String, Codable, Sendable, CaseIterable {
    case amendment, checkout, migration, quickstart
    case companyUpsert = "company_upsert"
    case fallbackPlan = "fallback_plan"
    case managePlan = "manage_plan"
    case planBillingProductChanged = "plan_billing_product_changed"
    case planDeleted = "plan_deleted"
    case planTraitChange = "plan_trait_change"
    case planVersionMigration = "plan_version_migration"
    case subscriptionChange = "subscription_change"
}

/// Which rule of the plan group chose the base plan, where nobody named it.
public enum BasePlanAction: String, Codable, Sendable, CaseIterable {
    case fallback, initial, trait
    case trialExpiry = "trial_expiry"
}

/// What a change did to the agreement to pay.
public enum SubscriptionChangeAction: String, Codable, Sendable, CaseIterable {
    case adjustment, downgrade, invalid, subscribe, unsubscribe, upgrade
    case upgradeTrial = "upgrade_trial"
}

/// Who did it.
public enum ActorType: String, Codable, Sendable, CaseIterable {
    case system
    case apiKey = "api_key"
    case appUser = "app_user"
    case stripeApp = "stripe_app"
    case temporaryAccessToken = "temporary_access_token"
}

/// Why a plan changes: what is recorded differently about changes that are otherwise the same.
public struct PlanChangeCause: Codable, Sendable, Equatable {
    public var action: PlanChangeAction
    public var basePlanAction: BasePlanAction?
    public var actorType: ActorType
    /// Of an API key's change.
    public var apiKeyID: Identifier<APIKey>?
    /// Of a migration to another version.
    public var migrationID: Identifier<PlanVersionMigration>?

    public init(_ action: PlanChangeAction, _ basePlanAction: BasePlanAction? = nil, by actorType: ActorType = .apiKey)
    {
        self.action = action
        self.basePlanAction = basePlanAction
        self.actorType = actorType
    }

    public init(_ action: PlanChangeAction, by key: Identifier<APIKey>) {
        self.init(action)
        apiKeyID = key
    }
}

/// That a company came to another plan, another version of it, or other terms: one for each change, never altered.
///
/// Source of the rule: Schematic, plan changes, PC-03.
public struct PlanChange: Codable, Sendable, Identified {
    public static let idPrefix = "plch"

    public let id: Identifier<PlanChange>
    public let companyID: Identifier<Company>
    public let cause: PlanChangeCause
    public var subscriptionChange: SubscriptionChangeAction?
    /// The base plan before and after.
    public var before: PlanSnapshot?
    public var after: PlanSnapshot?
    /// An add-on that came to another version was removed and added.
    public var addOnsAdded: [PlanSnapshot] = []
    public var addOnsRemoved: [PlanSnapshot] = []
    /// What the new plans wrote onto the company.
    public var traits: [PlanTrait] = []
    /// The trial that it began, ended or fell into.
    public var trial: Trial?
    public let createdAt: Timestamp

    public init(
        id: Identifier<PlanChange>, companyID: Identifier<Company>, cause: PlanChangeCause, createdAt: Timestamp
    ) {
        self.id = id
        self.companyID = companyID
        self.cause = cause
        self.createdAt = createdAt
    }

    /// Whether the company came to a later version of the plan that it was on.
    public var isVersionUpgrade: Bool {
        guard let before, let after else { return false }
        return before.planID == after.planID && before.versionNumber < after.versionNumber
    }
}

/// A plan as it was called when a change was recorded. It may have another name since, or be gone.
public struct PlanSnapshot: Codable, Sendable, Equatable {
    public let planID: Identifier<Plan>
    public let name: String
    public let description: String
    public let icon: String
    public let versionID: Identifier<PlanVersion>
    public let versionNumber: Int64

    public init(_ plan: Plan, _ version: PlanVersion) {
        planID = plan.id
        name = plan.name
        description = plan.description
        icon = plan.icon
        versionID = version.id
        versionNumber = version.number
    }
}

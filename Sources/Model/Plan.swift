public import Basics

public enum PlanType: String, Codable, Sendable, CaseIterable {
    case plan
    case addOn = "add_on"
}

public enum ChargeType: String, Codable, Sendable, CaseIterable {
    case free, none
    case oneTime = "one_time"
    case recurring
}

public enum BillingStrategy: String, Codable, Sendable, CaseIterable {
    case schematicManaged = "schematic_managed"
    case providerManaged = "provider_managed"
    case noBilling = "no_billing"
}

/// What a company can be on. Its content lives in versions: at most one draft and one published.
public struct Plan: Codable, Sendable, Identified {
    public static let idPrefix = "plan"

    public let id: Identifier<Plan>
    public let type: PlanType
    public var name: String
    public var description: String
    public var icon: String
    public var draftVersionID: Identifier<PlanVersion>?
    public var publishedVersionID: Identifier<PlanVersion>?
    /// Every version, oldest first.
    public var versionIDs: [Identifier<PlanVersion>] = []
    /// What a billing provider sells the plan as, in all its versions.
    public var billingProductID: Identifier<BillingProduct>?
    /// The product that a provider keeps the plan as; nil: the plan is kept here.
    public var billingLink: BillingLink?
    /// The one company that a custom plan is for; nil: a plan of the catalog.
    public var companyID: Identifier<Company>?
    /// The plan whose content a custom plan began with.
    public var copiedFromID: Identifier<Plan>?
    /// How the custom plan was billed last.
    public var billingID: Identifier<CustomPlanBilling>?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<Plan>, type: PlanType, name: String, description: String, icon: String, createdAt: Timestamp
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.description = description
        self.icon = icon
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

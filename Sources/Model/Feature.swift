public import Basics

public enum FeatureType: String, Codable, Sendable, CaseIterable {
    /// On or off.
    case boolean
    /// Metered by events.
    case event
    /// Metered by a trait of the company, such as seats used.
    case trait
    /// A licence that is bought ahead, such as a seat: metered by a trait, limited by the quantity that was bought.
    case license

    /// Whether a trait of the company says how much of it is used.
    public var isMeteredByTrait: Bool { self == .trait || self == .license }
}

/// How far along a feature is, for people.
public enum FeatureLifecyclePhase: String, Codable, Sendable, CaseIterable {
    case addOn = "add_on"
    case alpha, beta, deprecated, ga, inactive
    case inPlan = "in_plan"
    case internalTesting = "internal_testing"
    case legacy
}

/// Something that a plan grants: on or off, or with an amount. Each feature has a flag of its own that checks ask for.
public struct Feature: Codable, Sendable, Identified {
    public static let idPrefix = "feat"

    public let id: Identifier<Feature>
    public let type: FeatureType
    public var name: String
    public var description: String
    public var icon = ""
    /// The event name that meters an event feature.
    public var eventSubtype: String?
    /// What of the event's events counts; nil for the sum of all their quantities.
    public var measure: Measure?
    /// The meter of that event, or of that measure of it.
    public var meterID: Identifier<Meter>?
    /// The meter that keeps what each event adds, once a percentage is charged of it.
    public var eventsMeterID: Identifier<Meter>?
    /// The company trait that meters a trait feature or counts how many of a licence are in use.
    public var traitID: Identifier<TraitDefinition>?
    /// Of a licence: the company trait that shows how many were bought. Nothing is decided by it.
    public var usageLimitTraitID: Identifier<TraitDefinition>?
    public var lifecyclePhase: FeatureLifecyclePhase?
    public var singularName: String?
    public var pluralName: String?
    public var maintainerAccountMemberID: String?
    /// The meter or product that a provider keeps the feature as; nil: the feature is kept here.
    public var billingLink: BillingLink?
    public var flagID: Identifier<Flag>
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<Feature>, type: FeatureType, name: String, description: String, flagID: Identifier<Flag>,
        createdAt: Timestamp
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.description = description
        self.flagID = flagID
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

public import Basics

/// The catalog's configuration: which plans are live, in which order, and which are given without asking. One per
/// environment.
public struct PlanGroup: Codable, Sendable, Identified {
    public static let idPrefix = "plgr"

    public let id: Identifier<PlanGroup>
    public var planIDs: [Identifier<Plan>] = []
    public var addOnIDs: [Identifier<Plan>] = []
    /// Given to every company at its creation; must need no payment.
    public var initialPlanID: Identifier<Plan>?
    /// Given to a company whose subscription ended.
    public var fallbackPlanID: Identifier<Plan>?
    /// Nil in stores of before there were any.
    private var chosenSettings: PlanGroupSettings?
    /// Settings that Tollgate keeps and shows for the components that read them, by their wire names.
    public var display: [String: TraitValue] = [:]
    /// What a checkout asks for, in order; nil is nothing.
    public var checkoutFields: [CheckoutField]?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(id: Identifier<PlanGroup>, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }

    public var settings: PlanGroupSettings {
        get { chosenSettings ?? PlanGroupSettings() }
        set { chosenSettings = newValue }
    }

    /// Whether a customer has to agree to something before a plan changes.
    public var asksToOptIn: Bool { display["opt_in_enabled"] == .bool(true) }
}

public import Basics

/// How plans change within a plan group: what a trial asks for, where it leads, when a change is billed, and what a
/// customer may not do alone. What was never set has the value that it begins with here.
///
/// Source of the rules: Schematic, plan groups.
public struct PlanGroupSettings: Codable, Sendable, Equatable {
    /// For trialable plans that name no number of days themselves.
    public var trialDays: Int64?
    /// A trial goes on as a paid subscription when it ends and a payment method is there; otherwise it always ends.
    public var trialNeedsPaymentMethod = false
    /// Each plan can be tried once; otherwise a company has one trial in all.
    public var trialOncePerPlan = false
    /// Given when a trial ends without being paid for; nil: the fallback plan.
    public var trialExpiryPlanID: Identifier<Plan>?
    public var trialExpiryPriceID: Identifier<Price>?
    public var initialPriceID: Identifier<Price>?
    public var prorationBehavior = ProrationBehavior.createProrations
    /// A customer cannot change to a plan whose limits are passed already.
    public var preventsDowngradesOverLimit = true
    /// A customer cannot change to a cheaper plan at all; then a button leads elsewhere.
    public var preventsSelfServiceDowngrades = false
    public var downgradeButtonText: String?
    public var downgradeURL: String?
    public var scheduledDowngrades = ScheduledDowngradeBehavior.none
    /// A downgrade to a plan whose limits are passed cannot be scheduled either.
    public var scheduledDowngradesHeedLimits = false
    /// Which plans and add-ons go together; one that is not named as a source fits all.
    public var compatibilities: [PlanCompatibility] = []
    public var customPlanID: Identifier<Plan>?
    public var customPlanConfig: CustomPlanConfig?

    public init() {}

    /// Whether an add-on can be bought to a base plan.
    public func allows(addOn: Identifier<Plan>, with plan: Identifier<Plan>) -> Bool {
        compatibilities.allSatisfy { rule in
            (rule.sourceID != addOn || rule.compatibleIDs.contains(plan))
                && (rule.sourceID != plan || rule.compatibleIDs.contains(addOn))
        }
    }
}

/// When credit and charge of a plan change are billed.
public enum ProrationBehavior: String, Codable, Sendable, CaseIterable {
    case createProrations = "create_prorations"
    case invoiceImmediately = "invoice_immediately"
}

/// When a downgrade takes effect that a customer chooses.
public enum ScheduledDowngradeBehavior: String, Codable, Sendable, CaseIterable {
    case none
    case endOfBillingPeriod = "end_of_billing_period"
}

/// The plans that one add-on can be bought to, or the add-ons that can be bought to one plan.
public struct PlanCompatibility: Codable, Sendable, Equatable {
    public var sourceID: Identifier<Plan>
    public var compatibleIDs: [Identifier<Plan>]

    public init(sourceID: Identifier<Plan>, compatibleIDs: [Identifier<Plan>]) {
        self.sourceID = sourceID
        self.compatibleIDs = compatibleIDs
    }
}

/// What is shown in place of the price of a plan that has to be talked about.
public struct CustomPlanConfig: Codable, Sendable, Equatable {
    public var priceText: String
    public var buttonText: String
    public var website: String

    public init(priceText: String, buttonText: String, website: String) {
        self.priceText = priceText
        self.buttonText = buttonText
        self.website = website
    }
}

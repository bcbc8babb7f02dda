public import Basics
public import Model
public import Store

/// Sets which plans are live and which are given without asking. The whole plan group is replaced.
public struct SetPlanGroup: Command {
    public static var name: String { "set_plan_group" }

    public var planIDs: [Identifier<Plan>] = []
    public var addOnIDs: [Identifier<Plan>] = []
    /// Given to every new company; must be published and need no payment.
    public var initialPlanID: Identifier<Plan>?
    /// Given when a subscription ends; must be published and need no payment.
    public var fallbackPlanID: Identifier<Plan>?
    public var display: [String: TraitValue] = [:]
    /// Nil: what holds where nothing was said.
    public var settings: PlanGroupSettings?
    /// What a checkout asks for; nil is nothing.
    public var checkoutFields: [CheckoutFieldInput]?
    /// Nil makes the environment's plan group, of which there is one.
    public var planGroupID: Identifier<PlanGroup>?

    public init() {}

    public func apply(_ transaction: Transaction) throws -> PlanGroup {
        var group = try group(transaction)
        try check(planIDs, are: .plan, transaction)
        try check(addOnIDs, are: .addOn, transaction)
        group.settings = settings ?? PlanGroupSettings()
        try check(group.settings, transaction)
        try display.check(as: "the plan group's display settings")
        group.planIDs = planIDs
        group.addOnIDs = addOnIDs
        group.initialPlanID = initialPlanID
        group.fallbackPlanID = fallbackPlanID
        group.display = display
        group.checkoutFields = try transaction.checkoutFields(checkoutFields ?? [], of: group)
        for id in [initialPlanID, fallbackPlanID, group.settings.trialExpiryPlanID].compactMap(\.self) {
            let plan = try transaction.require(id, "plan")
            let version = try transaction.publishedVersion(ofBasePlan: plan, as: "given by the plan group")
            try transaction.check(version, of: plan, in: group)
        }
        group.updatedAt = transaction.now
        try transaction.put(group)
        return group
    }

    private func check(_ settings: PlanGroupSettings, _ transaction: Transaction) throws {
        if let days = settings.trialDays, !(0...730).contains(days) {
            throw Refusal.invalid("trial_days must be between 0 and 730, not \(days)")
        }
        try settings.downgradeButtonText?.checkOptional(as: "prevent_self_service_downgrade_button_text")
        try settings.downgradeURL?.checkOptional(as: "prevent_self_service_downgrade_url")
        if let custom = settings.customPlanConfig {
            try custom.priceText.checkOptional(as: "custom_plan_config.price_text")
            try custom.buttonText.checkOptional(as: "custom_plan_config.cta_text")
            try custom.website.checkOptional(as: "custom_plan_config.cta_web_site")
        }
        if let id = settings.customPlanID { _ = try transaction.require(id, "plan") }
        guard settings.compatibilities.count <= Limits.compatibilities else {
            throw Refusal.invalid("add_on_compatibilities has more than \(Limits.compatibilities) rows")
        }
        if let twice = settings.compatibilities.map(\.sourceID).firstDuplicate {
            throw Refusal.invalid("add_on_compatibilities names source_plan_id \(twice) twice")
        }
        for rule in settings.compatibilities {
            let source = try transaction.require(rule.sourceID, "add_on_compatibilities: plan")
            try check(rule.compatibleIDs, are: source.type == .addOn ? .plan : .addOn, transaction)
        }
    }

    private func group(_ transaction: Transaction) throws -> PlanGroup {
        if let planGroupID { return try transaction.require(planGroupID, "plan group") }
        if let existing = try transaction.all(PlanGroup.self).first {
            throw Refusal.conflict("the environment has the plan group \(existing.id) already: change that one")
        }
        return PlanGroup(id: transaction.newID(), createdAt: transaction.now)
    }

    private func check(_ ids: [Identifier<Plan>], are type: PlanType, _ transaction: Transaction) throws {
        if let twice = ids.firstDuplicate { throw Refusal.invalid("plan \(twice) is named twice") }
        for id in ids {
            let plan = try transaction.require(id, "plan")
            guard plan.companyID == nil else {
                throw Refusal.invalid("\"\(plan.name)\" is a custom plan and cannot be in a plan group")
            }
            guard plan.type == type else {
                throw Refusal.invalid("\"\(plan.name)\" is of type \(plan.type.rawValue), not \(type.rawValue)")
            }
        }
    }
}

public import Basics
public import Model
public import Store

/// What one call says of a plan's content: how it is charged, and what it grants.
public struct PlanBundleContent: Codable, Sendable {
    /// One entitlement that is made, replaced or taken away.
    public struct EntitlementChange: Codable, Sendable {
        /// Of the feature that is granted anew.
        public var featureID: Identifier<Feature>?
        /// Of the entitlement that there is.
        public var entitlementID: Identifier<PlanEntitlement>?
        /// Nil takes the entitlement away.
        public var input: EntitlementInput?

        public init(
            featureID: Identifier<Feature>? = nil, entitlementID: Identifier<PlanEntitlement>? = nil,
            input: EntitlementInput? = nil
        ) {
            self.featureID = featureID
            self.entitlementID = entitlementID
            self.input = input
        }
    }

    /// Its plan id does not count. Nil: as it is.
    public var billing: SetBillingProduct?
    public var entitlements: [EntitlementChange] = []

    public init() {}
}

/// Makes a plan, or a custom plan, with its prices and entitlements: all of it or nothing.
public struct CreatePlanBundle: Command {
    public static var name: String { "create_plan_bundle" }

    public var plan: CreatePlan
    public var content: PlanBundleContent

    public init(plan: CreatePlan, content: PlanBundleContent) {
        self.plan = plan
        self.content = content
    }

    public func apply(_ transaction: Transaction) throws -> PlanBundle {
        let plan = try self.plan.apply(transaction)
        return try content.apply(to: plan.id, transaction)
    }
}

/// Changes a plan, its prices and its entitlements in its draft: all of it or nothing.
public struct UpdatePlanBundle: Command {
    public static var name: String { "update_plan_bundle" }

    public var plan: UpdatePlan
    /// The draft or the published version, for those who name one: the change goes to the draft in any case.
    public var versionID: Identifier<PlanVersion>?
    public var content: PlanBundleContent

    public init(plan: UpdatePlan, content: PlanBundleContent) {
        self.plan = plan
        self.content = content
    }

    public func apply(_ transaction: Transaction) throws -> PlanBundle {
        let plan = try self.plan.apply(transaction)
        if let versionID, versionID != plan.draftVersionID, versionID != plan.publishedVersionID {
            guard plan.versionIDs.contains(versionID) else {
                throw Refusal.notFound("plan_version_id: plan \"\(plan.name)\" has no version \(versionID)")
            }
            throw Refusal.conflict(
                "plan_version_id: version \(versionID) of plan \"\(plan.name)\" is archived and cannot change")
        }
        return try content.apply(to: plan.id, transaction)
    }
}

/// A plan as a bundle leaves it.
public struct PlanBundle: Sendable {
    public let plan: Plan
    /// Nil where nothing but names was given, and the plan has no draft.
    public let draft: PlanVersion?
    /// Those that were made or replaced, in the order of the request.
    public let entitlements: [PlanEntitlement]
}

extension PlanBundleContent {
    fileprivate func apply(to planID: Identifier<Plan>, _ transaction: Transaction) throws -> PlanBundle {
        guard entitlements.count <= Limits.bundledEntitlements else {
            throw Refusal.invalid(
                "entitlements has \(entitlements.count) entries, at most \(Limits.bundledEntitlements) are allowed")
        }
        if var billing {
            billing.planID = planID
            try Refusal.naming("billing_product") { _ = try billing.apply(transaction) }
        }
        var changed: [PlanEntitlement] = []
        for (index, change) in entitlements.enumerated() {
            try Refusal.naming("entitlements[\(index)]") {
                if let entitlement = try change.apply(to: planID, transaction) { changed.append(entitlement) }
            }
        }
        let plan = try transaction.require(planID, "plan")
        return PlanBundle(
            plan: plan, draft: try plan.draftVersionID.map { try transaction.require($0, "plan version") },
            entitlements: changed)
    }
}

extension PlanBundleContent.EntitlementChange {
    fileprivate func apply(to planID: Identifier<Plan>, _ transaction: Transaction) throws -> PlanEntitlement? {
        guard let entitlementID else {
            guard let featureID, let input else {
                throw Refusal.invalid("a new entitlement needs a feature and a value")
            }
            return try CreatePlanEntitlement(planID: planID, featureID: featureID, input: input).apply(transaction)
        }
        let named = try transaction.require(entitlementID, "plan entitlement")
        guard named.planID == planID else {
            throw Refusal.notFound("plan \(planID) has no entitlement \(entitlementID)")
        }
        guard let input else {
            try DeletePlanEntitlement(entitlementID: entitlementID).apply(transaction)
            return nil
        }
        if let featureID, featureID != named.featureID {
            throw Refusal.invalid("entitlement \(entitlementID) is to feature \(named.featureID), not \(featureID)")
        }
        return try UpdatePlanEntitlement(entitlementID: entitlementID, input: input).apply(transaction)
    }
}

extension Refusal {
    /// Says which part of a request a refusal is about.
    fileprivate static func naming(_ part: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let refusal as Refusal {
            let sentence = "\(part): \(refusal.message)"
            switch refusal.kind {
            case .invalid: throw Refusal.invalid(sentence)
            case .forbidden: throw Refusal.forbidden(sentence)
            case .notFound: throw Refusal.notFound(sentence)
            case .conflict: throw Refusal.conflict(sentence)
            case .overloaded: throw Refusal.overloaded(sentence)
            }
        }
    }
}

internal import Basics
public import Model
public import Store

/// Makes the plan that a provider's product stands for, or changes what that one is called.
public struct UpsertLinkedPlan: Command {
    public static var name: String { "upsert_linked_plan" }

    /// To a product.
    public var link: BillingLink
    public var name: String
    public var type: PlanType
    /// Unchanged when nil.
    public var description: String?
    public var icon: String?

    public init(link: BillingLink, name: String, type: PlanType) {
        self.link = link
        self.name = name
        self.type = type
    }

    public func apply(_ transaction: Transaction) throws -> Plan {
        try link.version?.checkOptional(as: "external_resource_version", limit: Limits.nameBytes)
        guard let product = try transaction.product(of: link) else { throw link.missing("product") }
        var plan = try plan(soldAs: product, transaction)
        plan.billingProductID = product.id
        plan.billingLink = BillingLink(
            provider: link.provider, resource: product.externalID, version: link.version ?? plan.billingLink?.version)
        try transaction.put(plan)
        return plan
    }

    /// No company changes its plan by it: a product that no plan is sold as gave none, and a new plan has no published
    /// version to give.
    private func plan(soldAs product: BillingProduct, _ transaction: Transaction) throws -> Plan {
        guard let known = try transaction.plan(soldAs: product.id) else {
            var command = CreatePlan(name: name, type: type)
            command.description = description ?? ""
            command.icon = icon ?? ""
            return try command.apply(transaction)
        }
        guard known.type == type else {
            throw Refusal.invalid(
                "plan_type of \(known.id), which is sold as \(product.externalID.cut), is \(known.type.rawValue) and "
                    + "cannot change to \(type.rawValue)")
        }
        var command = UpdatePlan(planID: known.id, name: name)
        command.description = description
        command.icon = icon
        return try command.apply(transaction)
    }
}

extension Transaction {
    func product(of link: BillingLink) throws -> BillingProduct? {
        try find(BillingProduct.self, link.resource).flatMap { $0.details.provider == link.provider ? $0 : nil }
    }

    func meter(of link: BillingLink) throws -> BillingMeter? {
        try find(BillingMeter.self, link.resource).flatMap { $0.details.provider == link.provider ? $0 : nil }
    }

    func price(of link: BillingLink) throws -> MirroredPrice? {
        try find(MirroredPrice.self, link.resource).flatMap { $0.details.provider == link.provider ? $0 : nil }
    }
}

extension BillingLink {
    /// - Parameter what: what the provider may call so.
    func missing(_ what: String) -> Refusal {
        .notFound("external_resource_id: \(provider.rawValue) has no \(what) \(resource.cut) that is known here")
    }
}

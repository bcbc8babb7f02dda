public import Basics
public import Catalog
public import Model
public import Store

/// Publishes a version of a custom plan and, the first time, bills the deal: the company comes to the plan at once, or
/// when it has paid the first invoice.
///
/// A company that is on the plan already comes to the new version as companies of other plans do.
public struct PublishCustomPlan: Command {
    public static let name = "publish_custom_plan"

    /// As long as anybody waits for a payment.
    private static let days: ClosedRange<Int64> = 0...730

    public let publication: PublishPlanVersion
    public var activation: CustomPlanActivation
    /// Also of the company's later invoices; nil: as its billing profile has it.
    public var daysUntilDue: Int64?
    /// What is recorded of the change.
    public var cause: PlanChangeCause

    public init(publication: PublishPlanVersion, activation: CustomPlanActivation, cause: PlanChangeCause) {
        self.publication = publication
        self.activation = activation
        self.cause = cause
    }

    public func apply(_ transaction: Transaction) throws -> PlanVersion {
        if let daysUntilDue, !Self.days.contains(daysUntilDue) {
            throw Refusal.invalid("days_until_due must be between 0 and \(Self.days.upperBound), not \(daysUntilDue)")
        }
        let version = try publication.apply(transaction)
        let plan = try transaction.require(version.planID, "plan")
        guard let companyID = plan.companyID else {
            throw Refusal.invalid("activation_strategy is for custom plans, \"\(plan.name)\" is none")
        }
        var company = try transaction.require(companyID, "company")
        guard !company.has(plan.id) else { return version }
        if let daysUntilDue, daysUntilDue != company.billingProfile.daysUntilDue {
            company.billingProfile.daysUntilDue = daysUntilDue
            company.billingProfile.updatedAt = transaction.now
            try transaction.put(company)
        }
        if let earlier = try plan.billingID.flatMap({ try transaction.get($0) }), earlier.status == .pending {
            try transaction.expire(earlier, as: .expired)
        }
        let billing = CustomPlanBilling(
            id: transaction.newID(), plan: plan.id, version: version.id, company: companyID, activation: activation,
            daysUntilDue: company.billingProfile.daysUntilDue, createdAt: transaction.now)
        try transaction.bill(billing, because: cause)
        return version
    }
}

/// Bills a deal that has lapsed once more.
public struct RetryCustomPlanBilling: Command {
    public static let name = "retry_custom_plan_billing"

    public let billingID: Identifier<CustomPlanBilling>
    /// Nil: as before.
    public var activation: CustomPlanActivation?
    public var daysUntilDue: Int64?
    public var cause: PlanChangeCause

    public init(billingID: Identifier<CustomPlanBilling>, cause: PlanChangeCause) {
        self.billingID = billingID
        self.cause = cause
    }

    public func apply(_ transaction: Transaction) throws -> CustomPlanBilling {
        var billing = try transaction.require(billingID, "custom plan billing")
        guard billing.status == .expired else {
            throw Refusal.conflict(
                "custom plan billing \(billingID) is \(billing.status.rawValue): only an expired one can be tried again"
            )
        }
        if let daysUntilDue, !(0...730).contains(daysUntilDue) {
            throw Refusal.invalid("days_until_due must be between 0 and 730, not \(daysUntilDue)")
        }
        try transaction.withdrawInvoice(of: billing)
        billing.activation = activation ?? billing.activation
        billing.daysUntilDue = daysUntilDue ?? billing.daysUntilDue
        billing.publishedAt = transaction.now
        var company = try transaction.require(billing.companyID, "company")
        company.billingProfile.daysUntilDue = billing.daysUntilDue
        try transaction.put(company)
        try transaction.bill(billing, because: cause)
        return try transaction.require(billingID, "custom plan billing")
    }
}

/// Records that a deal's first invoice was paid elsewhere.
public struct MarkCustomPlanBillingPaid: Command {
    public static let name = "mark_custom_plan_billing_paid"

    public let billingID: Identifier<CustomPlanBilling>

    public init(billingID: Identifier<CustomPlanBilling>) {
        self.billingID = billingID
    }

    public func apply(_ transaction: Transaction) throws -> CustomPlanBilling {
        let billing = try transaction.require(billingID, "custom plan billing")
        if billing.status == .paid { return billing }
        guard billing.status != .expired, let invoiceID = billing.invoiceID else {
            throw Refusal.conflict(
                "custom plan billing \(billingID) is \(billing.status.rawValue) and has no invoice to pay")
        }
        if try transaction.require(invoiceID, "invoice").status == .draft {
            _ = try FinalizeInvoice(invoiceID: invoiceID).apply(transaction)
        }
        _ = try MarkInvoicePaid(invoiceID: invoiceID, idempotencyKey: billingID.description).apply(transaction)
        return try transaction.require(billingID, "custom plan billing")
    }
}

/// Deals whose time to pay is over now.
package struct ExpireCustomPlanBillings: Command {
    package static let name = "expire_custom_plan_billings"

    package let billingIDs: [Identifier<CustomPlanBilling>]

    package init(billingIDs: [Identifier<CustomPlanBilling>]) {
        self.billingIDs = billingIDs
    }

    package func apply(_ transaction: Transaction) throws {
        try transaction.keepAppointments(.expireCustomPlan, of: billingIDs) { billing in
            switch billing.status {
            case .pending: try transaction.expire(billing, as: .expired)
            case .active: try transaction.takeBack(billing)
            case .paid, .expired: break
            }
        }
    }
}

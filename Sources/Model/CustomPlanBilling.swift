public import Basics

/// When a custom plan is the company's.
public enum CustomPlanActivation: String, Codable, Sendable, CaseIterable {
    /// When its first invoice is paid.
    case onPayment = "on_payment"
    /// At once; taken back when the first invoice is not paid in time.
    case onPublish = "on_publish"
}

public enum CustomPlanBillingStatus: String, Codable, Sendable, CaseIterable {
    /// The invoice is not paid, and the company is not on the plan.
    case pending
    /// The company is on the plan, and the invoice is not paid, or there is none.
    case active
    case paid
    /// Not paid in time.
    case expired
}

/// How a custom plan came, or comes, to be its company's: its first invoice and what becomes of it.
public struct CustomPlanBilling: Codable, Sendable, Identified {
    public static let idPrefix = "cpbl"

    public let id: Identifier<CustomPlanBilling>
    public let planID: Identifier<Plan>
    public let versionID: Identifier<PlanVersion>
    public let companyID: Identifier<Company>
    public var activation: CustomPlanActivation
    public var daysUntilDue: Int64
    public var status = CustomPlanBillingStatus.pending
    /// Nil for a plan that costs nothing, and where the plan changed within a running period.
    public var invoiceID: Identifier<Invoice>?
    /// The subscription that begins with the payment.
    public var subscriptionID: Identifier<Subscription>?
    /// When it lapses without a payment.
    public var expiresAt: Timestamp?
    public var paidAt: Timestamp?
    public let createdAt: Timestamp
    public var publishedAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<CustomPlanBilling>, plan: Identifier<Plan>, version: Identifier<PlanVersion>,
        company: Identifier<Company>, activation: CustomPlanActivation, daysUntilDue: Int64, createdAt: Timestamp
    ) {
        self.id = id
        planID = plan
        versionID = version
        companyID = company
        self.activation = activation
        self.daysUntilDue = daysUntilDue
        self.createdAt = createdAt
        publishedAt = createdAt
        updatedAt = createdAt
    }
}

public import Basics
internal import Catalog
public import Model
public import Store

/// Puts a company on a plan: subscribe, change or leave. Replace-style: what is not named is not kept.
///
/// All is checked before anything changes; what stands in the way is returned as problems, and then nothing has
/// changed. Usage and overrides stay. A base price that is not lower keeps the subscription and prorates by the second;
/// a lower one, another interval or another plan currency starts a new subscription, and charges accrued on the old one
/// are dropped (seed "Changing Plans").
public struct ManagePlan: Command {
    public static let name = "manage_plan"

    /// The most units that can be bought ahead of one feature.
    private static let quantityLimit: Int64 = 1_000_000_000

    public let companyID: Identifier<Company>
    /// Nil: the company leaves its plan for the fallback plan.
    public var basePlanID: Identifier<Plan>?
    public var basePlanVersionID: Identifier<PlanVersion>?
    /// Nil: monthly, else quarterly, else yearly, else the first.
    public var basePlanPriceID: Identifier<Price>?
    /// Among several currencies of a plan, the one to pay in.
    public var currency: Currency?
    public var payInAdvance: [PayInAdvanceSelection] = []
    /// What the company is to have beside the base plan; nil is none.
    public var addOns: [AddOnSelection]?
    /// Whether what is unused of the prices paid ahead is credited when the company stops paying. Nil is no.
    public var prorate: Bool?
    /// Without a base plan, false keeps what the company has until its billing period ends. Nil is yes.
    public var cancelImmediately: Bool?
    /// A customer does it: then what a plan group forbids customers counts. Nil is no.
    public var isSelfServe: Bool?
    /// Where a customer does it: to pay at once, without the trial that the plan begins with. Nil is no.
    public var skipsTrial: Bool?
    /// Begins a trial up to then.
    public var trialEnd: Timestamp?
    /// Of a new subscription: what all its periods but the first are counted from.
    public var billingCycleAnchor: Timestamp?
    /// Whether the stub up to there is charged by the second; otherwise it is free. Nil: it is.
    public var proratesFirstPeriod: Bool?
    /// A coupon to redeem, by its external id; `promoCode` counts where this is nil.
    public var couponExternalID: String?
    public var promoCode: String?
    /// Where a customer does it: they have agreed to what the plan group asks them to. Nil is no.
    public var optsIn: Bool?
    /// The payment method that becomes the company's, by the provider's id or ours.
    public var paymentMethod: String?
    /// How invoices are paid from now on, and in how many days; sending them is for a subscription that begins.
    public var collectionMethod: CollectionMethod?
    public var daysUntilDue: Int64?
    /// Where invoices are addressed to.
    public var billingEmail: String?
    /// What the plan group's checkout fields are filled in with.
    public var fieldValues: [CheckoutFieldValue]?
    /// What is recorded of the change: nothing else depends on it. Nil: that somebody managed the plan.
    public var cause: PlanChangeCause?

    public init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> ManagePlanOutcome {
        try apply(transaction, evenIfBlocked: false)
    }

    /// - Parameter evenIfBlocked: a preview shows what a change that usage stands in the way of would cost.
    func apply(_ transaction: Transaction, evenIfBlocked: Bool) throws -> ManagePlanOutcome {
        for selection in payInAdvance where !(0...Self.quantityLimit).contains(selection.quantity) {
            throw Refusal.invalid(
                "quantity must be between 0 and \(Self.quantityLimit), not \(selection.quantity)")
        }
        var company = try transaction.require(companyID, "company")
        try transaction.checkNoProvider(sellsTo: company)
        switch try PlanChoice.resolve(self, company, transaction) {
        case .failure(let problem):
            return ManagePlanOutcome(company: company, problems: [problem])
        case .success(let choice):
            var outcome = ManagePlanOutcome(company: company, problems: [])
            outcome.violations = try choice.violations(of: company, transaction)
            outcome.problems = try choice.problems(
                of: company, outcome.violations, isSelfServe: isSelfServe ?? false, transaction)
            if isSelfServe == true, optsIn != true, try transaction.all(PlanGroup.self).first?.asksToOptIn == true {
                outcome.problems.append(
                    PlanProblem("opt_in_required", "opt_in_accepted must be true: the plan group asks for it"))
            }
            if company.scheduledCheckoutID != nil, try choice.isPurchase(for: company, transaction) {
                outcome.problems.append(
                    PlanProblem(
                        "scheduled_change_blocks_purchase",
                        "a downgrade is scheduled: until then nothing can be added", plan: basePlanID))
            }
            outcome.problems += try formProblems(of: company, choice, transaction)
            guard outcome.success || evenIfBlocked else { return outcome }
            if outcome.success { try takeForm(into: &company, transaction) }
            if isSelfServe == true, let end = try choice.putsOff(for: company, transaction) {
                outcome.scheduled = try transaction.putOff(
                    self, of: company, until: end, because: cause ?? PlanChangeCause(.checkout))
                outcome.company = try transaction.require(companyID, "company")
                return outcome
            }
            outcome.effect = try choice.carryOut(company, because: cause ?? PlanChangeCause(.managePlan), transaction)
            outcome.company = try transaction.require(companyID, "company")
            return outcome
        }
    }
}

public struct PayInAdvanceSelection: Codable, Sendable {
    public let priceID: Identifier<Price>
    public let quantity: Int64

    public init(priceID: Identifier<Price>, quantity: Int64) {
        self.priceID = priceID
        self.quantity = quantity
    }
}

public struct AddOnSelection: Codable, Sendable {
    public let planID: Identifier<Plan>
    /// Nil: the version that the company has of it, else the published one.
    public var versionID: Identifier<PlanVersion>?
    /// Nil: the price for the interval and currency of the base plan's.
    public var priceID: Identifier<Price>?

    public init(planID: Identifier<Plan>) {
        self.planID = planID
    }
}

public struct ManagePlanOutcome: Sendable {
    /// As the change has left it.
    public internal(set) var company: Company
    /// When none of them is blocking the change was carried out.
    public internal(set) var problems: [PlanProblem]
    package internal(set) var violations: [UsageViolation] = []
    /// Nil when nothing was changed.
    package internal(set) var effect: PlanChangeEffect?
    /// The change that was put off instead.
    package internal(set) var scheduled: ScheduledCheckout?

    init(company: Company, problems: [PlanProblem]) {
        self.company = company
        self.problems = problems
    }

    public var success: Bool { !problems.contains { $0.isBlocking } }
}

public import Basics
internal import Catalog
public import Model
public import Store

/// Plans a change of a company's base plan for an instant to come. One can wait at a time.
public struct ScheduleCheckout: Command {
    public static let name = "schedule_checkout"

    public let companyID: Identifier<Company>
    public let fromPlanID: Identifier<Plan>
    public let toPlanID: Identifier<Plan>
    public let executeAfter: Timestamp
    public let cause: PlanChangeCause

    public init(
        companyID: Identifier<Company>, from: Identifier<Plan>, to: Identifier<Plan>, executeAfter: Timestamp,
        cause: PlanChangeCause
    ) {
        self.companyID = companyID
        fromPlanID = from
        toPlanID = to
        self.executeAfter = executeAfter
        self.cause = cause
    }

    public func apply(_ transaction: Transaction) throws -> ScheduledCheckout {
        let company = try transaction.require(companyID, "company")
        try transaction.checkNoProvider(sellsTo: company)
        guard company.plan?.planID == fromPlanID else {
            throw Refusal.invalid("from_plan_id \(fromPlanID) is not the plan of company \(companyID)")
        }
        try ScheduledCheckout.check(executeAfter, transaction)
        var change = ManagePlan(companyID: companyID)
        change.basePlanID = toPlanID
        if case .failure(let problem) = try PlanChoice.resolve(change, company, transaction) {
            throw Refusal.invalid("to_plan_id: \(problem.code): \(problem.message)")
        }
        return try transaction.putOff(change, of: company, until: executeAfter, because: cause)
    }
}

/// Moves a waiting plan change, or calls it off.
public struct UpdateScheduledCheckout: Command {
    public static let name = "update_scheduled_checkout"

    public let checkoutID: Identifier<ScheduledCheckout>
    public var executeAfter: Timestamp?
    /// Only `cancelled` can be asked for.
    public var status: ScheduledCheckoutStatus?

    public init(checkoutID: Identifier<ScheduledCheckout>) {
        self.checkoutID = checkoutID
    }

    public func apply(_ transaction: Transaction) throws -> ScheduledCheckout {
        var checkout = try transaction.require(checkoutID, "scheduled checkout")
        guard status == nil || status == .cancelled || status == checkout.status else {
            throw Refusal.invalid("status can only become cancelled, not \(status!.rawValue)")
        }
        guard checkout.status == .pending else {
            throw Refusal.conflict("scheduled checkout \(checkoutID) is \(checkout.status.rawValue) already")
        }
        if status == .cancelled {
            try transaction.cancelPendingCheckout(of: checkout.companyID)
            return try transaction.require(checkoutID, "scheduled checkout")
        }
        guard let executeAfter else { return checkout }
        try ScheduledCheckout.check(executeAfter, transaction)
        transaction.unschedule(checkout.appointment)
        checkout.executeAfter = executeAfter
        checkout.updatedAt = transaction.now
        transaction.schedule(checkout.appointment)
        try transaction.put(checkout)
        return checkout
    }
}

extension ScheduledCheckout {
    var appointment: DueItem { DueItem(at: executeAfter, task: .executeCheckout, ordinal: id.ordinal) }

    fileprivate static func check(_ executeAfter: Timestamp, _ transaction: Transaction) throws(Refusal) {
        guard transaction.now < executeAfter else {
            throw .invalid("execute_after \(executeAfter.rfc3339) is not in the future")
        }
    }
}

extension Transaction {
    /// The plan change that waits for a company.
    func pendingCheckout(of company: Company) throws -> ScheduledCheckout? {
        try company.scheduledCheckoutID.flatMap { try get($0) }
    }

    /// Makes a plan change wait, in place of one that waits already.
    func putOff(
        _ change: ManagePlan, of company: Company, until instant: Timestamp, because cause: PlanChangeCause
    ) throws -> ScheduledCheckout {
        guard let from = company.plan?.planID, let to = change.basePlanID else {
            preconditionFailure("a change that waits leads from a plan to a plan")
        }
        try cancelPendingCheckout(of: company.id)
        var checkout = ScheduledCheckout(
            id: newID(), companyID: company.id, from: from, to: to, executeAfter: instant, cause: cause, createdAt: now)
        checkout.priceID = change.basePlanPriceID
        checkout.quantities = change.payInAdvance.map {
            ScheduledQuantity(priceID: $0.priceID, quantity: $0.quantity)
        }
        checkout.addOns = (change.addOns ?? []).map { ScheduledAddOn(planID: $0.planID, priceID: $0.priceID) }
        checkout.coupon = change.couponExternalID ?? change.promoCode
        try put(checkout)
        schedule(checkout.appointment)
        var company = try require(company.id, "company")
        company.scheduledCheckoutID = checkout.id
        company.updatedAt = now
        try put(company)
        return checkout
    }

    /// Whoever changes a plan otherwise no longer wants what was waiting. Nothing to do when nothing waits.
    func cancelPendingCheckout(of companyID: Identifier<Company>) throws {
        var company = try require(companyID, "company")
        guard var checkout = try pendingCheckout(of: company) else { return }
        unschedule(checkout.appointment)
        checkout.status = .cancelled
        checkout.completedAt = now
        checkout.updatedAt = now
        try put(checkout)
        company.scheduledCheckoutID = nil
        company.updatedAt = now
        try put(company)
    }
}

package import Basics
internal import Catalog
package import Model
package import Store

/// Carries out several plan changes whose instant has come. One that was called off meanwhile, or whose company has
/// come to another plan, is passed over.
package struct ExecuteCheckouts: Command {
    package static let name = "execute_checkouts"

    package let checkoutIDs: [Identifier<ScheduledCheckout>]

    package init(checkoutIDs: [Identifier<ScheduledCheckout>]) {
        self.checkoutIDs = checkoutIDs
    }

    /// The invoices that were issued.
    package func apply(_ transaction: Transaction) throws -> [Invoice] {
        var invoices: [Invoice] = []
        try transaction.keepAppointments(.executeCheckout, of: checkoutIDs) { checkout in
            guard checkout.status == .pending, checkout.executeAfter == transaction.now else { return }
            var checkout = checkout
            invoices += try checkout.execute(transaction)
        }
        return invoices
    }
}

extension ScheduledCheckout {
    fileprivate mutating func execute(_ transaction: Transaction) throws -> [Invoice] {
        completedAt = transaction.now
        updatedAt = transaction.now
        guard var company = try transaction.get(companyID) else {
            status = .cancelled
            try transaction.put(self)
            return []
        }
        company.scheduledCheckoutID = nil
        try transaction.put(company)
        var invoices: [Invoice] = []
        switch try PlanChoice.resolve(change, company, transaction) {
        case _ where company.plan?.planID != fromPlanID:
            status = .cancelled
            invoices = try transaction.closePeriodThatWaited(of: company)
        case .failure(let problem):
            status = .error
            errorMessage = "\(problem.code): \(problem.message)"
            invoices = try transaction.closePeriodThatWaited(of: company)
        case .success(let choice):
            status = .success
            // A cheaper plan ends the subscription together with its period; whatever else belongs to the next one, of
            // which less than before is paid ahead already.
            let action = try choice.action(for: company, transaction)
            let endsSubscription = try choice.endsSubscription(of: company, transaction)
            let running = company.subscriptionID
            let taken = action == .downgrade && !endsSubscription ? choice.target : nil
            if !endsSubscription {
                invoices = try transaction.closePeriodThatWaited(of: company, taking: taken)
                company = try transaction.require(companyID, "company")
            }
            let effect = try choice.carryOut(
                company, because: cause, as: taken == nil ? nil : action, transaction)
            if endsSubscription { invoices = try transaction.invoicesOfPeriodThatEnds(of: running) }
            invoices += effect.invoices
        }
        try transaction.put(self)
        return invoices
    }

    private var change: ManagePlan {
        var change = ManagePlan(companyID: companyID)
        change.basePlanID = toPlanID
        change.basePlanPriceID = priceID
        change.couponExternalID = coupon
        change.payInAdvance = quantities.map { PayInAdvanceSelection(priceID: $0.priceID, quantity: $0.quantity) }
        change.addOns = addOns.map {
            var addOn = AddOnSelection(planID: $0.planID)
            addOn.priceID = $0.priceID
            return addOn
        }
        return change
    }
}

extension Transaction {
    /// Whether a plan change is to happen right now, so that it decides what becomes of the period that ends.
    func hasCheckoutNow(of company: CompanyBilling?) throws -> Bool {
        guard let checkoutID = company?.scheduledCheckoutID, let checkout = try get(checkoutID) else { return false }
        return checkout.executeAfter == now
    }

    /// What bills the use of the period that ends right now together with its subscription.
    fileprivate func invoicesOfPeriodThatEnds(of id: Identifier<Subscription>?) throws -> [Invoice] {
        guard let billed = try id.flatMap({ try get($0) })?.billedPeriods.last, billed.period.end == now else {
            return []
        }
        return [try require(billed.invoiceID, "invoice")]
    }

    /// Ends the period that ends right now and was left to the plan change.
    ///
    /// - Parameter target: what the next period is paid ahead for; nil: what the ended one was.
    fileprivate func closePeriodThatWaited(
        of company: Company, taking target: PlanChoice.Target? = nil
    ) throws -> [Invoice] {
        guard let id = company.subscriptionID, try get(id)?.period.end == now else { return [] }
        var shelf = TermsShelf()
        let close = ClosePeriod(subscriptionID: id)
        return try close.apply(self, &shelf, .afterGrace(self), taking: target).map { [$0] } ?? []
    }
}

extension PlanChoice {
    /// Whether the company pays less afterwards, or nothing any more.
    func isLess(for company: Company, _ transaction: Transaction) throws -> Bool {
        switch try action(for: company, transaction) {
        case .downgrade: true
        case .unsubscribe: target?.priceOnce == nil
        default: false
        }
    }

    /// Whether the change ends the subscription that the company pays for: another one takes its place, or none.
    func endsSubscription(of company: Company, _ transaction: Transaction) throws -> Bool {
        guard let running = try company.subscriptionID.flatMap({ try transaction.get($0) }) else { return false }
        guard let price = target?.price else { return true }
        return try running.status == .active && price.amount < BillingTerms(of: running, transaction).price.amount
    }

    /// When the change takes effect of a customer who wants less, where the plan group puts that off; nil: at once.
    func putsOff(for company: Company, _ transaction: Transaction) throws -> Timestamp? {
        guard try transaction.all(PlanGroup.self).first?.settings.scheduledDowngrades == .endOfBillingPeriod,
            target != nil, try isLess(for: company, transaction),
            let running = try company.subscriptionID.flatMap({ try transaction.get($0) }), running.status == .active
        else { return nil }
        return running.period.end
    }

    /// Whether it only adds to what the company has: add-ons, or more units.
    func isPurchase(for company: Company, _ transaction: Transaction) throws -> Bool {
        guard let target, target.version.id == company.plan?.versionID,
            let running = try company.subscriptionID.flatMap({ try transaction.get($0) }),
            running.priceID == target.price?.id
        else { return false }
        return try action(for: company, transaction) == .upgrade
    }
}

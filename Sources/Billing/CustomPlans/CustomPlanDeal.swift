internal import Basics
internal import Catalog
internal import Model
internal import Store

extension Transaction {
    /// Issues the first invoice of a deal, and has the company come to the plan now or when that is paid.
    func bill(_ billing: CustomPlanBilling, because cause: PlanChangeCause) throws {
        var billing = billing
        let company = try require(billing.companyID, "company")
        let choice = try billing.choice(for: company, self)
        guard billing.activation == .onPublish || choice.target?.priceOnce == nil else {
            throw Refusal.invalid("activation_strategy must be on_publish for a plan that is paid once")
        }
        billing.updatedAt = now
        if billing.activation == .onPublish || choice.target?.price == nil {
            let effect = try choice.carryOut(company, because: cause, self)
            billing.invoiceID = effect.invoices.last?.id
            billing.status = .active
        } else {
            billing.invoiceID = try issueFirstInvoice(of: &billing, choice, company).id
            billing.status = .pending
        }
        billing.expiresAt = billing.invoiceID == nil ? nil : now + .days(billing.daysUntilDue)
        if let expiresAt = billing.expiresAt {
            schedule(DueItem(at: expiresAt, task: .expireCustomPlan, ordinal: billing.id.ordinal))
        }
        try put(billing)
        var plan = try require(billing.planID, "plan")
        plan.billingID = billing.id
        try put(plan)
        if let invoice = try billing.invoiceID.flatMap({ try get($0) }) { try noteDealPaid(by: invoice) }
    }

    /// The first period is charged for from now on; it begins with the payment, in its full length.
    private func issueFirstInvoice(
        of billing: inout CustomPlanBilling, _ choice: PlanChoice, _ company: Company
    ) throws -> Invoice {
        guard let target = choice.target, let price = target.price else {
            preconditionFailure("a deal without a price has no invoice")
        }
        let id: Identifier<Subscription> = newID()
        billing.subscriptionID = id
        var subscription = try target.subscription(id, price, company, replacing: nil, self)
        let terms = try BillingTerms(of: subscription, self)
        let lines = try subscription.advanceLines(for: subscription.period, terms, self)
        return try subscription.issue(lines, for: subscription.period, .now(self), self)
    }

    /// A payment has completed an invoice: where it is the first of a deal, the company has the plan from now on.
    func noteDealPaid(by invoice: Invoice) throws {
        guard invoice.status == .paid, let planID = invoice.lines.first?.planID,
            let billingID = try get(planID)?.billingID, var billing = try get(billingID),
            billing.invoiceID == invoice.id
        else { return }
        // A company that is gone may still pay what it owes.
        if billing.status == .pending, let company = try get(billing.companyID) { try activate(billing, company) }
        guard billing.status == .pending || billing.status == .active else { return }
        withdrawExpiry(of: billing)
        billing.status = .paid
        billing.paidAt = now
        billing.updatedAt = now
        try put(billing)
    }

    /// What the company had ends now, billed and credited; the deal's subscription begins, its first period paid.
    private func activate(_ billing: CustomPlanBilling, _ company: Company) throws {
        let choice = try billing.choice(for: company, self)
        guard let target = choice.target, let price = target.price, let id = billing.subscriptionID else {
            preconditionFailure("deal \(billing.id) was billed without a price")
        }
        let action = try choice.action(for: company, self)
        let old = try company.subscriptionID.flatMap { try get($0) }
        if var old {
            let unused = try old.unusedAdvance(self)
            try old.endBillingUsage(self)
            try old.credit(unused, self)
        }
        var subscription = try target.subscription(id, price, company, replacing: old, self)
        subscription.advanceInvoices = billing.invoiceID.map { AdvanceInvoices(opening: $0) }
        try put(subscription)
        schedule(subscription.appointment)
        subscription.scheduleOverage(try BillingTerms(of: subscription, self), self)
        var after = try require(company.id, "company")
        (after.plan, after.addOns) = target.assignments(of: company, at: now)
        after.subscriptionID = id
        after.updatedAt = now
        try put(after)
        try notePlanChange(
            of: company.id, from: company, because: PlanChangeCause(.subscriptionChange, by: .system), action)
    }

    /// The deal is off: nobody pays its invoice any more, and what was paid of it is the company's again.
    func expire(_ billing: CustomPlanBilling, as status: CustomPlanBillingStatus) throws {
        var billing = billing
        withdrawExpiry(of: billing)
        if billing.status == .pending { try withdrawInvoice(of: billing) }
        billing.status = status
        billing.updatedAt = now
        try put(billing)
    }

    /// Nobody pays the deal's open invoice any more.
    ///
    /// It is void, with what the balance paid of it returned. One that was paid in part from outside cannot be void: a
    /// credit note over all that is left brings that part to the balance. A company that is gone has no balance, so its
    /// invoice stays as it is.
    func withdrawInvoice(of billing: CustomPlanBilling) throws {
        guard let invoice = try billing.invoiceID.flatMap({ try get($0) }), invoice.status == .open else { return }
        guard invoice.amountPaid > invoice.amountFromBalance else {
            _ = try VoidInvoice(invoiceID: invoice.id).apply(self)
            return
        }
        guard try get(billing.companyID) != nil else { return }
        let parts = invoice.creditableParts
        guard !parts.isEmpty else { return }
        var note = CreateCreditNote(invoiceID: invoice.id, parts: parts)
        note.reason = "the deal lapsed"
        _ = try note.apply(self)
    }

    /// The company has had the plan and has not paid for it: it comes to the fallback plan, and still owes the invoice.
    func takeBack(_ billing: CustomPlanBilling) throws {
        if let company = try get(billing.companyID), company.has(billing.planID) {
            try PlanChoice(target: nil).carryOut(
                company, because: PlanChangeCause(.subscriptionChange, .fallback, by: .system), self)
        }
        try expire(billing, as: .expired)
    }

    private func withdrawExpiry(of billing: CustomPlanBilling) {
        guard let expiresAt = billing.expiresAt else { return }
        unschedule(DueItem(at: expiresAt, task: .expireCustomPlan, ordinal: billing.id.ordinal))
    }
}

extension CustomPlanBilling {
    /// The plan at its first price, with the quantities that it presets.
    fileprivate func choice(for company: Company, _ transaction: Transaction) throws -> PlanChoice {
        var selection = ManagePlan(companyID: companyID)
        selection.basePlanID = planID
        selection.basePlanVersionID = versionID
        switch try PlanChoice.resolve(selection, company, transaction) {
        case .success(let choice): return choice
        case .failure(let problem): throw Refusal.conflict("\(problem.code): \(problem.message)")
        }
    }
}

internal import Basics
internal import Catalog
internal import Model
internal import Store

/// What a plan change says beside plans and prices: how it is paid, whom invoices go to, and what a checkout asks for.
extension ManagePlan {
    /// What stands in the way. Source of the codes: Schematic, `CheckoutProblemCode`.
    func formProblems(
        of company: Company, _ choice: PlanChoice, _ transaction: Transaction
    ) throws -> [PlanProblem] {
        var problems: [PlanProblem] = []
        if let paymentMethod, try transaction.paymentMethod(paymentMethod, of: company) == nil {
            problems.append(
                PlanProblem("selection_invalid", "payment method \"\(paymentMethod)\" is none of the company"))
        }
        if collectionMethod == .sendInvoice { problems += try invoicingProblems(of: company, choice, transaction) }
        let group = try transaction.all(PlanGroup.self).first
        let fields = group?.checkoutFields ?? []
        for value in fieldValues ?? [] where !fields.contains(where: { $0.id == value.fieldID }) {
            problems.append(
                PlanProblem("selection_invalid", "the plan group has no checkout field \(value.fieldID)"))
        }
        guard isSelfServe == true else { return problems }
        for field in fields where field.isRequired {
            let given = fieldValues?.last { $0.fieldID == field.id }?.value
            guard try (given ?? transaction.value(of: field, for: company) ?? "").isEmpty else { continue }
            var problem = PlanProblem("custom_field_required", "\"\(field.name)\" must be filled in")
            problem.fieldID = field.id
            problems.append(problem)
        }
        return problems
    }

    private func invoicingProblems(
        of company: Company, _ choice: PlanChoice, _ transaction: Transaction
    ) throws -> [PlanProblem] {
        var problems: [PlanProblem] = []
        if choice.target?.price == nil {
            problems.append(
                PlanProblem("invoiced_subscription_requires_plan", "only a plan that is billed has invoices to send"))
        }
        if company.subscriptionID != nil {
            problems.append(
                PlanProblem(
                    "invoiced_subscription_needs_new_subscription",
                    "collection_method send_invoice can only be set when a subscription starts"))
        }
        if trialEnd != nil {
            problems.append(
                PlanProblem("invoiced_subscription_conflicts_with_trial", "a trial has no invoices to send"))
        }
        let known = try transaction.get(BillingDetails.id(of: company.id))?.email
        if (billingEmail ?? known ?? "").isEmpty {
            problems.append(PlanProblem("invoice_email_required", "invoices that are sent need a billing_email"))
        }
        return problems
    }

    /// Writes it onto the company.
    func takeForm(into company: inout Company, _ transaction: Transaction) throws {
        let before = company
        if let paymentMethod {
            company.billingProfile.paymentMethodID = try transaction.paymentMethod(paymentMethod, of: company)?.id
        }
        if let collectionMethod { company.billingProfile.collectionMethod = collectionMethod }
        if let daysUntilDue {
            guard (0...365).contains(daysUntilDue) else {
                throw Refusal.invalid("days_until_due must be between 0 and 365, not \(daysUntilDue)")
            }
            guard company.billingProfile.collectionMethod == .sendInvoice else {
                throw Refusal.invalid("days_until_due is for collection_method send_invoice")
            }
            company.billingProfile.daysUntilDue = daysUntilDue
        }
        if company.billingProfile != before.billingProfile { company.billingProfile.updatedAt = transaction.now }
        try transaction.fill(fieldValues ?? [], into: &company)
        if company.billingProfile != before.billingProfile || company.traits != before.traits {
            try transaction.put(company)
        }
        guard let billingEmail else { return }
        var details = UpdateBillingDetails(companyID: company.id)
        details.email = billingEmail
        _ = try details.apply(transaction)
    }
}

package import Basics
internal import Catalog
package import Model
package import Store

extension Transaction {
    /// A company that has not paid comes to the fallback plan: its subscription ends, and what it used is billed.
    /// Nothing to do where none runs and the plan is not one that is paid once. Paying later does not bring the plan
    /// back: somebody has to choose it again.
    ///
    /// Source of the rule: Schematic, plan changes, PC-05.
    func lapse(_ companyID: Identifier<Company>, because cause: PlanChangeCause) throws {
        guard let company = try get(companyID) else { return }
        let isPaidOnce = try company.plan.map { try require($0.versionID, "plan version").chargeType == .oneTime }
        guard company.subscriptionID != nil || isPaidOnce == true else { return }
        try PlanChoice(target: nil).carryOut(company, because: cause, self)
    }

    /// Appoints what happens when an open invoice stays unpaid, for a company that is not served without paying.
    func scheduleRevocation(of invoice: Invoice, to company: CompanyBilling?) {
        guard let dueAt = invoice.dueAt, let days = company?.profile.gatingDays else { return }
        schedule(DueItem(at: dueAt + .days(days), task: .revokeUnpaid, ordinal: invoice.id.ordinal))
    }
}

/// Ends the subscriptions of companies that have left an invoice open for longer than their billing profile allows.
package struct RevokeUnpaid: Command {
    package static let name = "revoke_unpaid"

    package let invoiceIDs: [Identifier<Invoice>]

    package init(invoiceIDs: [Identifier<Invoice>]) {
        self.invoiceIDs = invoiceIDs
    }

    package func apply(_ transaction: Transaction) throws {
        try transaction.keepAppointments(.revokeUnpaid, of: invoiceIDs) { invoice in
            guard invoice.status == .open,
                try transaction.get(invoice.companyID)?.billingProfile.gatingDays != nil
            else { return }
            try transaction.lapse(
                invoice.companyID, because: PlanChangeCause(.subscriptionChange, by: .system))
        }
    }
}

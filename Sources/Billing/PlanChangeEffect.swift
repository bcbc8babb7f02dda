package import Model

/// What a plan change did to the agreement to pay: what a preview tells of it.
package struct PlanChangeEffect: Sendable {
    /// Nil when the agreement stays as it was, or there is none before and after.
    package let action: SubscriptionChangeAction?
    /// Credit and charge for the rest of the running period, wherever they went.
    package var proration: [InvoiceLine] = []
    /// When the proration is billed; nil where there is nothing to bill.
    package var timing: ProrationTiming?
    /// What was issued there and then.
    package var invoices: [Invoice] = []

    init(action: SubscriptionChangeAction?) {
        self.action = action
    }
}

/// When credit and charge of a plan change are billed.
package enum ProrationTiming: Sendable {
    case now, onNextInvoice, never

    /// As the plan group has it.
    init(_ behavior: ProrationBehavior) {
        self =
            switch behavior {
            case .createProrations: .onNextInvoice
            case .invoiceImmediately: .now
            }
    }
}

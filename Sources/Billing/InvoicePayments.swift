public import Basics
public import Model
public import Store

/// Waives an open invoice. Its lines stay as they are; what the company's balance paid goes back to it.
public struct VoidInvoice: Command {
    public static let name = "void_invoice"

    public let invoiceID: Identifier<Invoice>

    public init(invoiceID: Identifier<Invoice>) {
        self.invoiceID = invoiceID
    }

    public func apply(_ transaction: Transaction) throws -> Invoice {
        var invoice = try transaction.require(invoiceID, "invoice")
        let paid = invoice.amountPaid - invoice.amountFromBalance
        guard invoice.status == .open || invoice.status == .uncollectible, paid == 0 else {
            throw Refusal.conflict(
                "invoice \(invoiceID) is \(invoice.status.rawValue) with \(paid) paid: "
                    + "only an open, unpaid invoice can be voided"
            )
        }
        try invoice.returnToBalance(transaction)
        invoice.status = .void
        invoice.updatedAt = transaction.now
        try transaction.put(invoice)
        return invoice
    }
}

/// Gives up hope that an open invoice will be paid, and with that the company's subscription. The invoice may still be
/// paid, voided or credited.
public struct MarkInvoiceUncollectible: Command {
    public static let name = "mark_invoice_uncollectible"

    public let invoiceID: Identifier<Invoice>
    /// What is recorded of the plan change that follows. Nil: that somebody managed it by a key.
    public var cause: PlanChangeCause?

    public init(invoiceID: Identifier<Invoice>) {
        self.invoiceID = invoiceID
    }

    public func apply(_ transaction: Transaction) throws -> Invoice {
        var invoice = try transaction.require(invoiceID, "invoice")
        if invoice.status == .uncollectible { return invoice }
        guard invoice.status == .open else {
            throw Refusal.conflict(
                "invoice \(invoiceID) is \(invoice.status.rawValue): only an open invoice can be uncollectible")
        }
        invoice.status = .uncollectible
        invoice.updatedAt = transaction.now
        try transaction.put(invoice)
        try transaction.lapse(invoice.companyID, because: cause ?? PlanChangeCause(.subscriptionChange))
        return invoice
    }
}

/// Records a payment that was collected elsewhere, whole or in part.
public struct MarkInvoicePaid: Command {
    public static let name = "mark_invoice_paid"

    public let invoiceID: Identifier<Invoice>
    /// The same key again is the same payment: nothing is added.
    public let idempotencyKey: String
    /// Minor units; nil: all that remains.
    public var amount: Int64?
    public var reference: String?
    public var settledAt: Timestamp?

    public init(invoiceID: Identifier<Invoice>, idempotencyKey: String) {
        self.invoiceID = invoiceID
        self.idempotencyKey = idempotencyKey
    }

    public func apply(_ transaction: Transaction) throws -> Invoice {
        var invoice = try transaction.require(invoiceID, "invoice")
        guard !idempotencyKey.isEmpty else { throw Refusal.invalid("idempotency_key must not be empty") }
        if let earlier = invoice.settlements.first(where: { $0.idempotencyKey == idempotencyKey }) {
            guard amount == nil || amount == earlier.amount else {
                throw Refusal.conflict(
                    "idempotency_key \"\(idempotencyKey)\" recorded a payment of \(earlier.amount), not \(amount!)")
            }
            return invoice
        }
        guard invoice.status == .open || invoice.status == .uncollectible else {
            throw Refusal.conflict(
                "invoice \(invoiceID) is \(invoice.status.rawValue): only an open invoice can be paid")
        }
        let paid = amount ?? invoice.amountRemaining
        guard paid > 0, paid <= invoice.amountRemaining else {
            throw Refusal.invalid("amount must be between 1 and \(invoice.amountRemaining), not \(paid)")
        }
        invoice.settlements.append(
            Settlement(
                id: transaction.newID(), amount: paid, reference: reference, idempotencyKey: idempotencyKey,
                settledAt: settledAt ?? transaction.now))
        if invoice.amountRemaining == 0 { invoice.status = .paid }
        invoice.updatedAt = transaction.now
        try transaction.put(invoice)
        try transaction.noteDealPaid(by: invoice)
        return invoice
    }
}

public import Basics
public import Model
public import Store

/// Turns a draft into an open invoice: the last look at its period's usage, then a number; from then on it never
/// changes.
public struct FinalizeInvoice: Command {
    public static let name = "finalize_invoice"

    public let invoiceID: Identifier<Invoice>
    /// Because its grace is over, not because somebody asked: then settings may hold it back, and a second time is no
    /// error.
    private let isDue: Bool

    public init(invoiceID: Identifier<Invoice>) {
        self.init(invoiceID: invoiceID, isDue: false)
    }

    package init(invoiceID: Identifier<Invoice>, isDue: Bool) {
        self.invoiceID = invoiceID
        self.isDue = isDue
    }

    public func apply(_ transaction: Transaction) throws -> Invoice {
        var invoice = try transaction.require(invoiceID, "invoice")
        transaction.unschedule(
            DueItem(at: invoice.finalizesAt, task: .finalizeInvoice, ordinal: invoiceID.ordinal))
        guard invoice.status == .draft else {
            if isDue { return invoice }
            throw Refusal.conflict("invoice \(invoiceID) is \(invoice.status.rawValue): only a draft can be finalised")
        }
        if isDue, try !transaction.environment().billing.autoFinalize { return invoice }
        invoice.lines = try invoice.lines.metered(of: invoice.companyID, transaction)
        try invoice.deriveLines(transaction)
        let company = try transaction.billing(of: invoice.companyID)
        try invoice.finalize(at: transaction.now, to: company, transaction)
        return invoice
    }
}

extension Invoice {
    /// Its lines are what they will always be. Puts it.
    ///
    /// - Parameter company: nil when it is gone.
    mutating func finalize(at instant: Timestamp, to company: CompanyBilling?, _ transaction: Transaction) throws {
        try checkTotal()
        number = try Self.number("INV", transaction.nextNumber("invoice"))
        finalizedAt = instant
        dueAt = collectionMethod == .sendInvoice ? instant + .days(daysUntilDue) : instant
        updatedAt = instant
        status = .open
        let record = try chain(transaction)
        try settleFromBalance(at: instant, transaction)
        if amountRemaining == 0 { status = .paid }
        if status == .open { transaction.scheduleRevocation(of: self, to: company) }
        // What was sealed is what is put, unless something has been paid.
        transaction.put(self, encoded: status == .open && settlements.isEmpty ? record : packed)
    }

    /// As it stands before it becomes final.
    package var draft: Invoice {
        var draft = self
        draft.status = .draft
        draft.number = nil
        draft.finalizedAt = nil
        draft.dueAt = nil
        draft.seal = nil
        draft.settlements = []
        return draft
    }

    /// `INV-000042`: the document's kind and its place among its kind.
    static func number(_ kind: String, _ ordinal: UInt64) -> String {
        let digits = String(ordinal)
        return "\(kind)-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }
}

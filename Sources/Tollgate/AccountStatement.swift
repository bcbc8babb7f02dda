package import Basics
package import Model

/// What a company owed at a time, what changed it, and what it owes at the end: in one currency, in minor units.
///
/// Positive is owed by the company. A final invoice adds its total; a payment, a credit note, the voiding of an invoice
/// and a credit to the balance take away. Payments from the balance change nothing: what they pay is owed no more, and
/// the credit is gone. So what is owed at the end is what remains of all invoices, less the balance.
package struct AccountStatement: Sendable {
    package enum Kind: String, Sendable {
        case invoice, payment, void, credit
        case creditNote = "credit_note"
    }

    package struct Entry: Sendable {
        package let at: Timestamp
        package let kind: Kind
        /// The document's number, the payment's reference, or the credit's reason.
        package let reference: String?
        package let invoiceID: Identifier<Invoice>?
        package let amount: Int64
        /// What is owed after it.
        package fileprivate(set) var balance: Int64 = 0
    }

    package let currency: Currency
    package let opening: Int64
    package let closing: Int64
    /// In `[from, to)`, in order of time.
    package let entries: [Entry]

    fileprivate init(
        _ all: [Entry], _ currency: Currency, from: Timestamp?, to: Timestamp?
    ) throws(ArithmeticOverflow) {
        var owed = Int64(0)
        var opening = Int64(0)
        var entries: [Entry] = []
        // Entries of one instant stay in the order of their documents.
        let sorted = all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        for var entry in sorted where to.map({ entry.at < $0 }) ?? true {
            let (sum, overflow) = owed.addingReportingOverflow(entry.amount)
            guard !overflow else { throw ArithmeticOverflow("the statement's balance \(owed) + \(entry.amount)") }
            owed = sum
            entry.balance = owed
            if from.map({ entry.at < $0 }) ?? false { opening = owed } else { entries.append(entry) }
        }
        self.currency = currency
        self.opening = opening
        self.closing = owed
        self.entries = entries
    }
}

extension ReadView {
    /// A company's account in one currency.
    ///
    /// - Parameter from: nil is its beginning.
    /// - Parameter to: nil is now, all that has happened at this instant included.
    package func statement(
        of company: Company, in currency: Currency, from: Timestamp?, to: Timestamp?
    ) throws -> AccountStatement {
        var entries: [AccountStatement.Entry] = []
        for invoice in try invoices(of: company.id, limit: .max).reversed() where invoice.currency == currency {
            guard let finalizedAt = invoice.finalizedAt else { continue }
            func add(_ kind: AccountStatement.Kind, at: Timestamp, _ reference: String?, _ amount: Int64) {
                entries.append(
                    AccountStatement.Entry(
                        at: at, kind: kind, reference: reference, invoiceID: invoice.id, amount: amount))
            }
            add(.invoice, at: finalizedAt, invoice.number, invoice.total)
            for payment in invoice.settlements where payment.isFromBalance != true {
                add(.payment, at: max(payment.settledAt, finalizedAt), payment.reference, -payment.amount)
            }
            for id in invoice.credits?.noteIDs ?? [] {
                guard let note = try get(id) else { continue }
                add(.creditNote, at: note.createdAt, note.number, -note.total)
            }
            if invoice.status == .void {
                // Nothing changes a void invoice any more.
                add(.void, at: invoice.updatedAt, invoice.number, (invoice.credits?.total ?? 0) - invoice.total)
            }
        }
        let direct = try balanceEntries(of: company, in: currency, offset: 0, limit: .max).reversed()
        for entry in direct where entry.source.invoiceID == nil && entry.source.creditNoteID == nil {
            entries.append(
                AccountStatement.Entry(
                    at: entry.createdAt, kind: .credit, reference: entry.reason, invoiceID: nil,
                    amount: -entry.amount.minorUnits))
        }
        return try AccountStatement(entries, currency, from: from, to: to)
    }
}

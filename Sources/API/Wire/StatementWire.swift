internal import Basics
internal import Model
internal import Tollgate

struct StatementResponseData: WireObject {
    let company: Company
    let statement: AccountStatement
    let from: Timestamp?
    let to: Timestamp?

    func writeFields(to json: inout JSONWriter) {
        json.field("company_id", company.id)
        json.field("currency", statement.currency)
        json.field("from", from)
        json.field("to", to)
        json.field("opening_balance", statement.opening)
        json.field("invoiced", sum(.invoice))
        json.field("paid", -sum(.payment))
        json.field("credited", -sum(.creditNote) - sum(.credit))
        json.field("voided", -sum(.void))
        json.field("closing_balance", statement.closing)
        json.field("entries", statement.entries.map(StatementEntryWire.init))
    }

    private func sum(_ kind: AccountStatement.Kind) -> Int64 {
        // Each sum is a part of the balances, which fit; together they may still not.
        statement.entries.reduce(0) { $1.kind == kind ? $0 &+ $1.amount : $0 }
    }
}

private struct StatementEntryWire: WireObject {
    let entry: AccountStatement.Entry

    func writeFields(to json: inout JSONWriter) {
        json.field("at", entry.at)
        json.field("type", entry.kind)
        json.field("reference", entry.reference)
        json.field("invoice_id", entry.invoiceID)
        json.field("amount", entry.amount)
        json.field("balance", entry.balance)
    }
}

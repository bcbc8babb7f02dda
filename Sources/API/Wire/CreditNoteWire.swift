internal import Basics
internal import Model

struct CreditNoteResponseData: WireObject {
    let note: CreditNote

    func writeFields(to json: inout JSONWriter) {
        json.field("id", note.id)
        json.field("number", note.number)
        json.field("invoice_id", note.invoiceID)
        json.field("company_id", note.companyID)
        json.field("currency", note.currency)
        json.field("lines", note.lines.map(CreditNoteLineWire.init))
        json.field("subtotal", note.subtotal)
        json.field("tax", note.tax)
        json.field("total", note.total)
        json.field("refunded_to_balance", note.refunded)
        json.field("reason", note.reason)
        json.field("created_at", note.createdAt)
    }
}

private struct CreditNoteLineWire: WireObject {
    let line: CreditNoteLine

    func writeFields(to json: inout JSONWriter) {
        json.field("line_id", line.lineID)
        json.field("description", line.description)
        json.field("amount", line.amount)
        json.field("quantity_decimal", line.quantity)
        json.field("tax", line.addedTax + line.containedTax)
        json.field("total", line.total)
    }
}

internal import Basics
internal import Model

/// What stands to a company's credit in one currency, with the changes that made it, newest first.
struct CustomerBalanceResponseData: WireObject {
    let company: Company
    let currency: Currency
    let balance: CustomerBalance?
    let entries: [BalanceEntry]

    func writeFields(to json: inout JSONWriter) {
        json.field("company_id", company.id)
        json.field("balance", balance?.amount(in: currency) ?? 0)
        json.field("currency", currency)
        json.field("balances", (balance?.amounts ?? []).map(CurrencyBalance.init))
        json.field("entries", entries.map(CustomerBalanceEntry.init))
    }
}

private struct CurrencyBalance: WireObject {
    let amount: Money

    func writeFields(to json: inout JSONWriter) {
        json.field("balance", amount.minorUnits)
        json.field("currency", amount.currency)
    }
}

private struct CustomerBalanceEntry: WireObject {
    let entry: BalanceEntry

    func writeFields(to json: inout JSONWriter) {
        json.field("id", entry.id)
        json.field("amount", entry.amount.minorUnits)
        json.field("currency", entry.amount.currency)
        json.field("balance_after", entry.balanceAfter)
        json.field("reason", entry.reason)
        json.field("invoice_id", entry.source.invoiceID)
        json.field("subscription_id", entry.source.subscriptionID)
        json.field("credit_note_id", entry.source.creditNoteID)
        json.field("created_at", entry.createdAt)
    }
}

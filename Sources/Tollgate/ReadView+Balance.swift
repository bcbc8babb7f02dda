package import Model

extension ReadView {
    /// What stands to a company's credit; nil when nothing ever did.
    package func balance(of company: Company) throws -> CustomerBalance? {
        try get(CustomerBalance.id(of: company.id))
    }

    /// The changes of a company's balance in one currency, newest first.
    package func balanceEntries(
        of company: Company, in currency: Currency, offset: Int, limit: Int
    ) throws -> [BalanceEntry] {
        var page = Page<BalanceEntry>(offset: offset, limit: limit)
        var next = limit > 0 ? try balance(of: company)?.lastEntryID : nil
        while let id = next, let entry = try get(id) {
            if entry.amount.currency == currency, !page.take(entry) { break }
            next = entry.previousID
        }
        return page.items
    }
}

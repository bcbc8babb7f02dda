package import Basics
package import Model
package import Store

extension Transaction {
    /// Puts an amount of 1 or more to a company's credit: it pays for the next invoices in this currency as they become
    /// final.
    ///
    /// Writes the company's balance and an entry, not the company.
    /// - Parameter reason: a sentence for people.
    /// - Throws: `ArithmeticOverflow` when the balance cannot hold it.
    package func credit(
        _ companyID: Identifier<Company>, minorUnits: Int64, currency: Currency, reason: String,
        invoice: Identifier<Invoice>? = nil, subscription: Identifier<Subscription>? = nil,
        creditNote: Identifier<CreditNote>? = nil, at instant: Timestamp? = nil
    ) throws {
        precondition(minorUnits > 0, "a balance is credited with something, not with \(minorUnits)")
        try changeBalance(
            of: companyID, by: Money(minorUnits: minorUnits, currency: currency), reason,
            BalanceSource(invoice: invoice, subscription: subscription, creditNote: creditNote), at: instant ?? now)
    }

    /// What stands to a company's credit, in minor units.
    package func balance(of companyID: Identifier<Company>, in currency: Currency) throws -> Int64 {
        try get(CustomerBalance.id(of: companyID))?.amount(in: currency) ?? 0
    }

    /// Takes up to `limit` from a company's balance; answers how much that was.
    fileprivate func drawBalance(
        of companyID: Identifier<Company>, atMost limit: Int64, _ currency: Currency, _ reason: String,
        _ source: BalanceSource, at instant: Timestamp
    ) throws -> Int64 {
        let drawn = min(limit, try balance(of: companyID, in: currency))
        guard drawn > 0 else { return 0 }
        try changeBalance(
            of: companyID, by: Money(minorUnits: -drawn, currency: currency), reason, source, at: instant)
        return drawn
    }

    fileprivate func changeBalance(
        of companyID: Identifier<Company>, by change: Money, _ reason: String, _ source: BalanceSource,
        at instant: Timestamp
    ) throws {
        var balance = try get(CustomerBalance.id(of: companyID)) ?? CustomerBalance(of: companyID)
        let after = try balance.add(change)
        let entry = BalanceEntry(
            id: newID(), companyID: companyID, amount: change, balanceAfter: after, reason: reason, source: source,
            previousID: balance.lastEntryID, createdAt: instant)
        balance.lastEntryID = entry.id
        try put(entry)
        try put(balance)
    }
}

extension Invoice {
    /// As it becomes final: the company's balance pays what it can; a negative total goes to it.
    ///
    /// The balance of a company that was deleted is gone with it.
    mutating func settleFromBalance(at instant: Timestamp, _ transaction: Transaction) throws {
        let total = total
        // Most stores have no balances, so that nobody's is looked for.
        guard total < 0 || total > 0 && transaction.lastOrdinal(BalanceEntry.self) > 0 else { return }
        let source = BalanceSource(invoice: id, subscription: subscriptionID)
        if total < 0 {
            guard try transaction.get(companyID) != nil else { return }
            guard total > .min else { throw ArithmeticOverflow("the balance of company \(companyID) − \(total)") }
            try transaction.changeBalance(
                of: companyID, by: Money(minorUnits: -total, currency: currency), "credit of invoice \(number ?? "")",
                source, at: instant)
            return
        }
        let drawn = try transaction.drawBalance(
            of: companyID, atMost: total, currency, "paid invoice \(number ?? "")", source, at: instant)
        if drawn > 0 { settle(drawn, at: instant, transaction) }
    }

    /// What the balance paid goes back to it.
    mutating func returnToBalance(_ transaction: Transaction) throws {
        let paid = amountFromBalance
        guard paid > 0 else { return }
        settle(-paid, at: transaction.now, transaction)
        try transaction.credit(
            companyID, minorUnits: paid, currency: currency, reason: "invoice \(number ?? "") was voided", invoice: id,
            subscription: subscriptionID)
    }

    private mutating func settle(_ amount: Int64, at instant: Timestamp, _ transaction: Transaction) {
        var settlement = Settlement(
            id: transaction.newID(), amount: amount, reference: "customer balance", idempotencyKey: "",
            settledAt: instant)
        settlement.isFromBalance = true
        settlements.append(settlement)
    }
}

public import Basics

/// What stands to a company's credit, by currency: it pays for invoices as they become final.
///
/// Has its company's ordinal, so that it is found without an index. Entries are records of their own, each naming the
/// one before it: the last one leads to all.
public struct CustomerBalance: Codable, Sendable, Identified {
    public static let idPrefix = "cbal"

    public let id: Identifier<CustomerBalance>
    /// In the company's favour when positive; one for each currency that ever had an entry.
    public private(set) var amounts: [Money] = []
    public var lastEntryID: Identifier<BalanceEntry>?

    public init(of companyID: Identifier<Company>) {
        id = Self.id(of: companyID)
    }

    public static func id(of companyID: Identifier<Company>) -> Identifier<CustomerBalance> {
        Identifier(ordinal: companyID.ordinal)
    }

    /// Minor units.
    public func amount(in currency: Currency) -> Int64 {
        amounts.first { $0.currency == currency }?.minorUnits ?? 0
    }

    /// Adds to one currency's amount, or takes away; answers what it is then.
    public mutating func add(_ change: Money) throws(ArithmeticOverflow) -> Int64 {
        let before = amount(in: change.currency)
        let (after, overflow) = before.addingReportingOverflow(change.minorUnits)
        guard !overflow else { throw ArithmeticOverflow("the customer balance \(before) + \(change.minorUnits)") }
        amounts.removeAll { $0.currency == change.currency }
        amounts.append(Money(minorUnits: after, currency: change.currency))
        return after
    }
}

/// One change of a company's balance, never altered.
public struct BalanceEntry: Codable, Sendable, Identified {
    public static let idPrefix = "cbtx"

    public let id: Identifier<BalanceEntry>
    public let companyID: Identifier<Company>
    /// Positive in the company's favour.
    public let amount: Money
    /// Minor units of the same currency, this entry included.
    public let balanceAfter: Int64
    /// A sentence for people.
    public let reason: String
    /// What it came from or went to, where it was one of these.
    public let source: BalanceSource
    /// The company's entry before this one.
    public let previousID: Identifier<BalanceEntry>?
    public let createdAt: Timestamp

    public init(
        id: Identifier<BalanceEntry>, companyID: Identifier<Company>, amount: Money, balanceAfter: Int64,
        reason: String, source: BalanceSource, previousID: Identifier<BalanceEntry>?, createdAt: Timestamp
    ) {
        self.id = id
        self.companyID = companyID
        self.amount = amount
        self.balanceAfter = balanceAfter
        self.reason = reason
        self.source = source
        self.previousID = previousID
        self.createdAt = createdAt
    }
}

/// What a change of a balance belongs to.
public struct BalanceSource: Codable, Sendable, Equatable {
    public var invoiceID: Identifier<Invoice>?
    public var subscriptionID: Identifier<Subscription>?
    public var creditNoteID: Identifier<CreditNote>?

    public init(
        invoice: Identifier<Invoice>? = nil, subscription: Identifier<Subscription>? = nil,
        creditNote: Identifier<CreditNote>? = nil
    ) {
        invoiceID = invoice
        subscriptionID = subscription
        creditNoteID = creditNote
    }
}

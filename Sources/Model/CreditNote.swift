public import Basics

/// What is taken back of a finalised invoice: its lines never change, so a note says it beside them.
///
/// Its total lowers what remains of the invoice; what was paid already goes to the company's balance.
public struct CreditNote: Codable, Sendable, Identified {
    public static let idPrefix = "cnot"

    public let id: Identifier<CreditNote>
    /// Without gaps per environment.
    public let number: String
    public let invoiceID: Identifier<Invoice>
    public let companyID: Identifier<Company>
    public let currency: Currency
    public let lines: [CreditNoteLine]
    public let reason: String?
    /// The same key again is the same note.
    public let idempotencyKey: String?
    /// The part of the total that went to the company's balance, in minor units.
    public let refunded: Int64
    public let createdAt: Timestamp

    public init(
        id: Identifier<CreditNote>, number: String, invoice: Invoice, lines: [CreditNoteLine], reason: String?,
        idempotencyKey: String?, refunded: Int64, createdAt: Timestamp
    ) {
        self.id = id
        self.number = number
        invoiceID = invoice.id
        companyID = invoice.companyID
        currency = invoice.currency
        self.lines = lines
        self.reason = reason
        self.idempotencyKey = idempotencyKey
        self.refunded = refunded
        self.createdAt = createdAt
    }

    /// Minor units, before tax that comes on top.
    public var subtotal: Int64 { lines.reduce(0) { $0 + $1.amount } }
    /// Minor units, contained tax included.
    public var tax: Int64 { lines.reduce(0) { $0 + $1.addedTax + $1.containedTax } }
    public var total: Int64 { lines.reduce(0) { $0 + $1.total } }
}

/// What is taken back of one line, in positive minor units.
public struct CreditNoteLine: Codable, Sendable, Equatable {
    public let lineID: Identifier<InvoiceLine>
    public let description: String
    public let amount: Int64
    /// Tax on top of the amount.
    public let addedTax: Int64
    /// Tax that is part of the amount.
    public let containedTax: Int64
    /// The part of the line's quantity; nil where an amount was named.
    public let quantity: Decimal?

    public init(
        lineID: Identifier<InvoiceLine>, description: String, amount: Int64, addedTax: Int64, containedTax: Int64,
        quantity: Decimal?
    ) {
        self.lineID = lineID
        self.description = description
        self.amount = amount
        self.addedTax = addedTax
        self.containedTax = containedTax
        self.quantity = quantity
    }

    public var total: Int64 { amount + addedTax }
}

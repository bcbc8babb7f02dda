public import Basics

/// What of an invoice's lines follows from others: kept with it, so that a draft derives them anew by what was agreed
/// when it was issued.
public struct InvoiceTerms: Codable, Sendable, Equatable {
    public let discount: SubscriptionDiscount?
    public let taxRates: [TaxRate]

    /// Nil when nothing is agreed.
    public init?(discount: SubscriptionDiscount?, taxRates: [TaxRate]) {
        guard discount != nil || !taxRates.isEmpty else { return nil }
        self.discount = discount
        self.taxRates = taxRates
    }
}

/// What a commitment, discount or tax line was derived from.
public struct LineDerivation: Codable, Sendable, Equatable {
    /// The line it is for; nil for a discount on the whole invoice.
    public let lineID: Identifier<InvoiceLine>?
    /// Of discounts; nil for what exceeds a maximum.
    public let couponID: Identifier<Coupon>?
    /// Of taxes: the rate, and the tax in minor units, which is the line's amount unless prices contain it.
    public let taxRate: TaxRate?
    public let tax: Int64?

    public init(
        from lineID: Identifier<InvoiceLine>?, coupon couponID: Identifier<Coupon>? = nil, taxRate: TaxRate? = nil,
        tax: Int64? = nil
    ) {
        self.lineID = lineID
        self.couponID = couponID
        self.taxRate = taxRate
        self.tax = tax
    }
}

/// What credit notes have taken back of an invoice so far.
public struct InvoiceCredits: Codable, Sendable, Equatable {
    public private(set) var noteIDs: [Identifier<CreditNote>] = []
    public private(set) var lines: [CreditNoteLine] = []
    /// Minor units: of all notes, and the part of that which lowered what remained to be paid.
    public private(set) var total: Int64 = 0
    public private(set) var lowered: Int64 = 0

    public init() {}

    public mutating func add(_ note: CreditNote) {
        noteIDs.append(note.id)
        for line in note.lines {
            if let index = lines.firstIndex(where: { $0.lineID == line.lineID }) {
                lines[index] = lines[index].adding(line)
            } else {
                lines.append(line)
            }
        }
        total += note.total
        lowered += note.total - note.refunded
    }
}

extension CreditNoteLine {
    /// Both together, of one line.
    public func adding(_ other: CreditNoteLine) -> CreditNoteLine {
        CreditNoteLine(
            lineID: lineID, description: description, amount: amount + other.amount,
            addedTax: addedTax + other.addedTax, containedTax: containedTax + other.containedTax,
            quantity: quantity.flatMap { mine in other.quantity.flatMap { try? mine.adding($0) } })
    }
}

extension Invoice {
    /// The lines that charge for something; all others follow from them.
    public var charges: [InvoiceLine] { lines.filter { !$0.isDerived } }

    /// Minor units: before discounts and taxes.
    public var subtotal: Int64 {
        lines.reduce(0) { $0 + ($1.type == .discount || $1.type == .tax ? 0 : $1.amount) }
    }
    /// Minor units, positive.
    public var discount: Int64 { lines.reduce(0) { $0 - ($1.type == .discount ? $1.amount : 0) } }
    /// Minor units, contained tax included.
    public var tax: Int64 { lines.reduce(0) { $0 + ($1.derivation?.tax ?? 0) } }
}

// MARK: - Records

extension InvoiceTerms: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        discount.pack(into: &writer)
        taxRates.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        discount = try SubscriptionDiscount?(unpacking: &reader)
        taxRates = try [TaxRate](unpacking: &reader)
    }
}

extension LineDerivation: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 4)
        lineID.pack(into: &writer)
        couponID.pack(into: &writer)
        taxRate.pack(into: &writer)
        tax.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(4)
        lineID = try Identifier<InvoiceLine>?(unpacking: &reader)
        couponID = try Identifier<Coupon>?(unpacking: &reader)
        taxRate = try TaxRate?(unpacking: &reader)
        tax = try Int64?(unpacking: &reader)
    }
}

extension InvoiceCredits: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 4)
        noteIDs.pack(into: &writer)
        lines.pack(into: &writer)
        total.pack(into: &writer)
        lowered.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(4)
        noteIDs = try [Identifier<CreditNote>](unpacking: &reader)
        lines = try [CreditNoteLine](unpacking: &reader)
        total = try Int64(unpacking: &reader)
        lowered = try Int64(unpacking: &reader)
    }
}

extension CreditNoteLine: Packed {
    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 6)
        lineID.pack(into: &writer)
        description.pack(into: &writer)
        amount.pack(into: &writer)
        addedTax.pack(into: &writer)
        containedTax.pack(into: &writer)
        quantity.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        let fields = try reader.readFields(5...6)
        lineID = try Identifier<InvoiceLine>(unpacking: &reader)
        description = try String(unpacking: &reader)
        amount = try Int64(unpacking: &reader)
        addedTax = try Int64(unpacking: &reader)
        containedTax = try Int64(unpacking: &reader)
        quantity = fields > 5 ? try Decimal?(unpacking: &reader) : nil
    }
}

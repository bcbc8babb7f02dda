public import Basics
public import Model
internal import Rating
public import Store

/// Takes back a part of a finalised invoice, which itself never changes.
///
/// What is taken back of a line is never more than the line came to after its discounts, and never its tax alone. The
/// total lowers what remains to be paid; what was paid already goes to the company's balance.
public struct CreateCreditNote: Command {
    public static let name = "create_credit_note"

    /// What is taken back of one line: a part of its amount, before tax on top, or of its quantity.
    public struct Part: Codable, Sendable {
        public let lineID: Identifier<InvoiceLine>
        public let amount: Int64?
        public let quantity: Decimal?

        public init(lineID: Identifier<InvoiceLine>, amount: Int64?, quantity: Decimal?) {
            self.lineID = lineID
            self.amount = amount
            self.quantity = quantity
        }
    }

    private static let mostNotes = 100
    private static let mostParts = 1000

    public let invoiceID: Identifier<Invoice>
    public let parts: [Part]
    public var reason: String?
    /// The same key again is the same note.
    public var idempotencyKey: String?

    public init(invoiceID: Identifier<Invoice>, parts: [Part]) {
        self.invoiceID = invoiceID
        self.parts = parts
    }

    public func apply(_ transaction: Transaction) throws -> CreditNote {
        var invoice = try transaction.require(invoiceID, "invoice")
        for id in invoice.credits?.noteIDs ?? [] where idempotencyKey != nil {
            let earlier = try transaction.require(id, "credit note")
            if earlier.idempotencyKey == idempotencyKey { return earlier }
        }
        try check(invoice)
        let before = invoice.credits ?? InvoiceCredits()
        var lines: [CreditNoteLine] = []
        for part in parts {
            let taken = (before.lines + lines).filter { $0.lineID == part.lineID }
            lines.append(try invoice.credit(part, alreadyTaken: taken))
        }
        let total = lines.reduce(Int128(0)) { $0 + Int128($1.total) }
        guard total <= Int128(invoice.total - before.total) else {
            throw Refusal.conflict(
                "invoice \(invoiceID) has \(invoice.total - before.total) left to take back, not \(total)")
        }
        let refunded = max(0, Int64(total) - invoice.amountRemaining)
        if refunded > 0, try transaction.get(invoice.companyID) == nil {
            throw Refusal.conflict(
                "invoice \(invoiceID) is paid, and its company \(invoice.companyID), whose balance a credit note "
                    + "would go to, was deleted")
        }
        let note = CreditNote(
            id: transaction.newID(), number: try Invoice.number("CN", transaction.nextNumber("credit_note")),
            invoice: invoice, lines: lines, reason: reason, idempotencyKey: idempotencyKey, refunded: refunded,
            createdAt: transaction.now)
        if refunded > 0 {
            try transaction.credit(
                invoice.companyID, minorUnits: refunded, currency: invoice.currency,
                reason: "credit note \(note.number)", invoice: invoice.id, subscription: invoice.subscriptionID,
                creditNote: note.id)
        }
        invoice.credits = before
        invoice.credits?.add(note)
        if invoice.amountRemaining == 0 { invoice.status = .paid }
        invoice.updatedAt = transaction.now
        try transaction.put(invoice)
        try transaction.put(note)
        return note
    }

    private func check(_ invoice: Invoice) throws(Refusal) {
        guard (1...Self.mostParts).contains(parts.count) else {
            throw .invalid("lines must have 1 to \(Self.mostParts) elements, not \(parts.count)")
        }
        for (field, text) in [("reason", reason), ("idempotency_key", idempotencyKey)] {
            guard let text else { continue }
            guard (1...1000).contains(text.utf8.count) else {
                throw .invalid("\(field) must have 1 to 1000 bytes, not \(text.utf8.count)")
            }
        }
        guard invoice.status != .draft, invoice.status != .void else {
            throw .conflict(
                "invoice \(invoiceID) is \(invoice.status.rawValue): only a finalised invoice can be credited")
        }
        guard invoice.credits?.noteIDs.count ?? 0 < Self.mostNotes else {
            throw .conflict("invoice \(invoiceID) has \(Self.mostNotes) credit notes, and no more are allowed")
        }
    }
}

extension Invoice {
    /// All of every line that charges, as far as no credit note has taken it back.
    var creditableParts: [CreateCreditNote.Part] {
        lines.filter { $0.amount > 0 && $0.type != .discount && $0.type != .tax }.compactMap { line in
            let taken = credits?.lines.filter { $0.lineID == line.id } ?? []
            let left = taken.reduce(afterDiscounts(line)) { $0 - $1.amount }
            return left > 0 ? CreateCreditNote.Part(lineID: line.id, amount: left, quantity: nil) : nil
        }
    }

    /// What a line comes to with its discounts.
    func afterDiscounts(_ line: InvoiceLine) -> Int64 {
        lines.filter { $0.type == .discount && $0.derivation?.lineID == line.id }.reduce(line.amount) { $0 + $1.amount }
    }

    /// What a credit note says of one line.
    ///
    /// - Parameter alreadyTaken: what earlier ones have said of it.
    fileprivate func credit(
        _ part: CreateCreditNote.Part, alreadyTaken: [CreditNoteLine]
    ) throws -> CreditNoteLine {
        guard let line = lines.first(where: { $0.id == part.lineID }) else {
            throw Refusal.notFound("invoice \(id) has no line \(part.lineID)")
        }
        guard line.amount > 0, line.type != .discount, line.type != .tax else {
            throw Refusal.conflict(
                "line \(line.id) is a \(line.type.rawValue) line of \(line.amount): name the line that charged")
        }
        let off = lines.filter { $0.type == .discount && $0.derivation?.lineID == line.id }
        let net = afterDiscounts(line)
        let left = alreadyTaken.reduce(net) { $0 - $1.amount }
        let amount = try part.amount(of: net, line, alreadyTaken: alreadyTaken)
        guard amount > 0, amount <= left else {
            throw Refusal.conflict("amount: line \(line.id) has \(left) left to take back, not \(amount)")
        }
        // Of its own taxes and those of its discounts.
        let taxed = [line.id] + off.map(\.id)
        var (added, contained) = (Int64(0), Int64(0))
        for tax in lines where tax.type == .tax && tax.derivation?.lineID.map(taxed.contains) == true {
            guard let derivation = tax.derivation, let whole = derivation.tax else { continue }
            if derivation.taxRate?.isInclusive == true { contained += whole } else { added += whole }
        }
        added -= alreadyTaken.reduce(0) { $0 + $1.addedTax }
        contained -= alreadyTaken.reduce(0) { $0 + $1.containedTax }
        // The last part takes what is left of the tax, so that the parts of a line are the line.
        if amount < left {
            let rates = terms?.taxRates ?? []
            let share = try zip(rates, taxes(on: amount, rates)).reduce(into: (added: Int64(0), contained: Int64(0))) {
                if $1.0.isInclusive { $0.contained += $1.1 } else { $0.added += $1.1 }
            }
            (added, contained) = (min(added, share.added), min(contained, share.contained))
        }
        return CreditNoteLine(
            lineID: line.id, description: line.description, amount: amount, addedTax: added, containedTax: contained,
            quantity: part.quantity)
    }
}

extension CreateCreditNote.Part {
    /// The amount that is asked for, in minor units; of a quantity its part of the line, rounded once. The last of the
    /// quantity takes what is left, so that the parts of a line are the line.
    fileprivate func amount(of net: Int64, _ line: InvoiceLine, alreadyTaken: [CreditNoteLine]) throws -> Int64 {
        switch (amount, quantity) {
        case (let amount?, nil):
            guard amount > 0 else { throw Refusal.invalid("amount must be above 0, not \(amount)") }
            return amount
        case (nil, let quantity?):
            let taken = try alreadyTaken.reduce(Optional(Decimal.zero)) { sum, part in
                try sum.flatMap { sum in try part.quantity.map { try sum.adding($0) } }
            }
            let most = try line.quantity.subtracting(taken ?? .zero)
            guard quantity > .zero, quantity <= most else {
                throw Refusal.invalid("quantity must be above 0 and at most the line's \(most), not \(quantity)")
            }
            let left = alreadyTaken.reduce(net) { $0 - $1.amount }
            if taken != nil, quantity == most { return left }
            // As whole numbers of the smaller place: quantity ÷ line's quantity.
            let places = max(quantity.scale, line.quantity.scale)
            let (part, whole) = (quantity.parts(places: places), line.quantity.parts(places: places))
            guard let part, let whole, let product = part.times(Int128(net)) else {
                throw ArithmeticOverflow("\(net) × \(quantity) ÷ \(line.quantity)")
            }
            let rounded =
                try Decimal(coefficient: product.dividedRoundingHalfAway(by: whole), scale: 0)?.roundedToInteger() ?? 0
            // Where no amount was named, only what was rounded up before can leave too little.
            return taken == nil ? rounded : min(rounded, left)
        default:
            throw Refusal.invalid("a line needs an amount or a quantity, one of both")
        }
    }
}

extension Decimal {
    fileprivate func parts(places: Int) -> Int128? {
        (scale..<places).reduce(Optional(coefficient)) { parts, _ in parts?.times(10) }
    }
}

extension Int128 {
    fileprivate func times(_ other: Int128) -> Int128? {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? nil : product
    }
}

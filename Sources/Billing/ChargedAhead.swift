internal import Basics
internal import Model
internal import Rating
internal import Store

/// What invoices have charged ahead for the running period, by what is sold, as prices of a whole period: nobody gets
/// credit for what he was not charged.
///
/// A void invoice has charged nothing, nor has one that was given up, nor one that credit notes took back whole; of a
/// line that they took back in part the rest counts. What waits for the next invoice counts as charged.
struct ChargedAhead {
    /// A plan's base fee, or a quantity of one of its features, of whichever version.
    private struct Thing: Hashable {
        let planID: Identifier<Plan>
        let featureID: Identifier<Feature>?

        init(_ line: InvoiceLine) {
            planID = line.planID
            featureID = line.featureID
        }
    }

    /// Negative where more was credited than charges stand.
    private var prices: [Thing: Decimal] = [:]

    /// Nil when the invoices are not known.
    init?(of subscription: Subscription, _ transaction: Transaction) throws {
        guard let invoices = subscription.advanceInvoices else { return nil }
        try add(try transaction.require(invoices.opening, "invoice")) { $0.type == .base || $0.type == .seat }
        for id in invoices.changes {
            try add(try transaction.require(id, "invoice")) { $0.type.isProration }
        }
        for line in subscription.pendingLines { try add(line, line.wholePrice()) }
    }

    private mutating func add(_ invoice: Invoice, where isAhead: (InvoiceLine) -> Bool) throws {
        guard invoice.hasCharged else { return }
        for line in invoice.lines where isAhead(line) { try add(line, invoice.leftOfPrice(line)) }
    }

    private mutating func add(_ line: InvoiceLine, _ price: Decimal) throws {
        let signed = line.type == .prorationCredit ? price.negated : price
        prices[Thing(line), default: .zero] = try prices[Thing(line), default: .zero].adding(signed)
    }

    /// What may be credited of lines that are given up: at most what was charged for each beyond what is kept of it.
    ///
    /// What was charged for things that the company no longer has, and not credited, makes up for what was not charged
    /// of those that it has, kept ones first. Where such things were credited and their charge did not stand, that
    /// much less is credited.
    ///
    /// - Parameters:
    ///   - credits: at prices of a whole period.
    ///   - all: what the company has been charged for until now by its plan, which the credits are a part of.
    func creditable(_ credits: [InvoiceLine], of all: [InvoiceLine]) throws -> [InvoiceLine] {
        var kept: [Thing: Decimal] = [:]
        for line in all { kept[Thing(line)] = try line.wholePrice() }
        for line in credits { kept[Thing(line)] = try kept[Thing(line)]?.subtracting(line.wholePrice()) }
        var spare = try prices.filter { kept[$0.key] == nil || $0.value < .zero }.values
            .reduce(Decimal.zero) { try $0.adding($1) }
        for (thing, price) in kept where spare > .zero {
            spare = max(.zero, try spare.subtracting(max(.zero, price.subtracting(max(.zero, charged(thing))))))
        }
        return try credits.compactMap { line in
            let wanted = try line.wholePrice()
            var price = try min(wanted, max(.zero, charged(Thing(line)).subtracting(kept[Thing(line), default: .zero])))
            let change = try spare > .zero ? min(spare, wanted.subtracting(price)) : max(spare, price.negated)
            price = try price.adding(change)
            spare = try spare.subtracting(change)
            if price == wanted { return line }
            var less = line
            try less.become(1, at: price)
            return price > .zero ? less : nil
        }
    }

    private func charged(_ thing: Thing) -> Decimal { prices[thing, default: .zero] }
}

extension Invoice {
    /// Whether it charges for anything still: it is neither void nor given up nor taken back whole.
    fileprivate var hasCharged: Bool {
        guard status != .void, status != .uncollectible else { return false }
        return credits.map { $0.total < total } ?? true
    }

    /// The price of a whole period that a line charges for, without the part of it that credit notes have taken back.
    fileprivate func leftOfPrice(_ line: InvoiceLine) throws -> Decimal {
        let taken = credits?.lines.first { $0.lineID == line.id }?.amount ?? 0
        guard taken > 0 else { return try line.wholePrice() }
        let net = afterDiscounts(line)
        return try Decimal(prorate(line.wholePrice().roundedToInteger(), seconds: net - taken, ofSeconds: net))
    }
}

extension InvoiceLine {
    /// What it charges ahead for costs for a whole period, exact.
    fileprivate func wholePrice() throws -> Decimal {
        guard let unitAmount else {
            preconditionFailure("what is charged ahead has a unit amount, line \(id) has none")
        }
        return try quantity.multiplied(by: unitAmount)
    }
}

/// A share in thousandths of a per cent: 8,875 is 8.875 %.
package typealias Share = Int

package struct Tax: Equatable, Sendable {
    package var share: Share
    /// Prices contain it.
    package var isContained: Bool

    package init(share: Share, isContained: Bool) {
        self.share = share
        self.isContained = isContained
    }
}

package struct Coupon: Equatable, Sendable {
    package enum Reduction: Equatable, Sendable {
        case share(Share)
        /// Minor units of each invoice.
        case amount(Int)
    }

    package enum Duration: Equatable, Sendable {
        case once, forever
        case months(Int)
    }

    package var reduction: Reduction
    package var duration: Duration
    /// How many can redeem it; 0: any number.
    package var most: Int

    package init(_ reduction: Reduction, _ duration: Duration, most: Int) {
        self.reduction = reduction
        self.duration = duration
        self.most = most
    }
}

/// A coupon that a subscription has.
struct Discount: Sendable {
    let coupon: Int
    var endsAt: Instant?

    func counts(at instant: Instant) -> Bool { endsAt.map { instant < $0 } ?? true }
}

/// What a credit note takes back of a line: the how-manieth of those that look the same.
package struct CreditPart: Equatable, Sendable {
    package var kind: Line.Kind
    package var feature: Int?
    package var quantity: Int
    package var lineAmount: Int
    package var start: Instant
    package var end: Instant
    package var occurrence: Int
    package var amount: Int
}

/// What credit notes have taken back of a line.
struct Credited: Sendable {
    var amount = 0
    var added = 0
    var contained = 0
}

/// `amount × part ÷ whole`, halves away from zero.
func share(_ amount: Int, _ part: Int, of whole: Int) -> Int {
    let magnitude = (2 * abs(amount) * part + whole) / (2 * whole)
    return amount < 0 ? -magnitude : magnitude
}

private let hundredPerCent: Share = 100_000

/// The tax of each rate on an amount. What prices contain is contained together.
func taxes(on amount: Int, _ rates: [Tax]) -> [Int] {
    let contained = rates.reduce(0) { $0 + ($1.isContained ? $1.share : 0) }
    return rates.map { share(amount, $0.share, of: hundredPerCent + ($0.isContained ? contained : 0)) }
}

extension Invoice {
    /// What a line that charges is followed by: commitments, then discounts, then taxes.
    mutating func derive() {
        lines.removeAll { $0.isDerived }
        let charges = lines
        for (place, charge) in charges.enumerated() {
            guard let least = charge.basis?.minimum, charge.amount < least else { continue }
            follow(place, .commitment, least - charge.amount)
        }
        let off = redeem(charges)
        for place in charges.indices { lines[place].off = off[place] }
        for (place, charge) in charges.enumerated() {
            guard let most = charge.basis?.maximum, charge.amount - off[place] > most else { continue }
            follow(place, .discount, most - charge.amount + off[place])
        }
        for (place, line) in lines.enumerated() where line.amount != 0 {
            for (rate, tax) in zip(taxRates, taxes(on: line.amount, taxRates)) {
                follow(place, .tax, rate.isContained ? 0 : tax)
                lines[lines.count - 1].tax = (tax, rate.isContained)
            }
        }
    }

    /// Follows what a coupon reduces by its discounts; answers what it takes off each charge.
    private mutating func redeem(_ charges: [Line]) -> [Int] {
        switch coupon {
        case nil: return charges.map { _ in 0 }
        case .share(let part):
            return charges.enumerated().map { place, charge in
                guard charge.amount > 0, charge.kind == .base || charge.kind == .usage else { return 0 }
                let off = share(charge.amount, part, of: hundredPerCent)
                follow(place, .discount, -off, isByCoupon: true)
                return off
            }
        case .amount(let most):
            let reducible = lines.map { $0.isReducible ? max(0, $0.amount) : 0 }
            let reduction = min(most, reducible.reduce(0, +), total)
            guard reduction > 0 else { return charges.map { _ in 0 } }
            follow(nil, .discount, -reduction, isByCoupon: true)
            return Array(split(reduction, by: reducible).prefix(charges.count))
        }
    }

    private mutating func follow(_ source: Int?, _ kind: Line.Kind, _ amount: Int, isByCoupon: Bool = false) {
        let of = source.map { lines[$0] }
        var line = Line(
            kind: kind, plan: of?.plan ?? 0, version: of?.version ?? 0, feature: of?.feature, quantity: 1,
            amount: amount, start: of?.start ?? start, end: of?.end ?? end)
        line.source = source
        line.isByCoupon = isByCoupon
        lines.append(line)
    }

    /// By largest remainder, ties to whoever comes first.
    private func split(_ amount: Int, by weights: [Int]) -> [Int] {
        let sum = weights.reduce(0, +)
        var shares = weights.map { amount * $0 / sum }
        for _ in 0..<amount - shares.reduce(0, +) {
            let missing = weights.indices.map { amount * weights[$0] - shares[$0] * sum }
            shares[missing.firstIndex(of: missing.max()!)!] += 1
        }
        return shares
    }
}

extension PlainModel {
    // MARK: - Coupons and taxes

    package mutating func addCoupon(_ coupon: Coupon) {
        coupons.append(coupon)
        redeemed.append(0)
    }

    package mutating func setTaxes(_ taxes: [Tax], of company: Int) {
        runDue(until: now)
        companies[company].taxes = taxes
    }

    /// Whether a company can use a coupon: one that is used up only when it has it already.
    func canRedeem(_ coupon: Int, _ company: Int) -> Bool {
        let most = coupons[coupon].most
        if most == 0 || redeemed[coupon] < most { return true }
        guard let held = companies[company].subscription.flatMap({ subscriptions[$0].discount }) else { return false }
        return held.coupon == coupon && held.counts(at: now)
    }

    mutating func redeem(_ coupon: Int, for number: Int) {
        if let held = subscriptions[number].discount, held.coupon == coupon, held.counts(at: now) { return }
        redeemed[coupon] += 1
        var endsAt: Instant?
        if case .months(let months) = coupons[coupon].duration {
            endsAt = Calendar.adding(months: months, to: now, offset: subscriptions[number].offset)
        }
        subscriptions[number].discount = Discount(coupon: coupon, endsAt: endsAt)
    }

    /// What was agreed on the day of issue. A coupon for one time ends with the first invoice that it reduces.
    mutating func agree(on number: Int, at: Instant) {
        let subscription = invoices[number].subscription
        invoices[number].taxRates = companies[invoices[number].company].taxes
        guard let held = subscriptions[subscription].discount, held.counts(at: at) else {
            invoices[number].derive()
            return
        }
        invoices[number].coupon = coupons[held.coupon].reduction
        invoices[number].derive()
        if coupons[held.coupon].duration == .once,
            invoices[number].lines.contains(where: { $0.isByCoupon && $0.amount < 0 })
        {
            subscriptions[subscription].discount?.endsAt = at
        }
    }

    // MARK: - What becomes of an invoice

    /// A payment that was collected elsewhere; nil: of all that remains. The same key is the same payment.
    package mutating func pay(_ number: Int, amount: Int?, key: String) -> Bool {
        runDue(until: now)
        guard invoices.indices.contains(number) else { return false }
        let invoice = invoices[number]
        if let earlier = invoice.payments[key] { return amount == nil || amount == earlier }
        guard invoice.status == .open || invoice.status == .uncollectible else { return false }
        let paid = amount ?? invoice.remaining
        guard 1...max(1, invoice.remaining) ~= paid, invoice.remaining > 0 else { return false }
        invoices[number].payments[key] = paid
        if invoices[number].remaining == 0 { invoices[number].status = .paid }
        return true
    }

    /// Hope is given up that it will be paid, and the company is no longer served.
    package mutating func giveUp(_ number: Int) -> Bool {
        runDue(until: now)
        guard invoices.indices.contains(number) else { return false }
        if invoices[number].status == .uncollectible { return true }
        guard invoices[number].status == .open else { return false }
        invoices[number].status = .uncollectible
        if let running = companies[invoices[number].company].subscription { stopPaying(running, isCredited: false) }
        return true
    }

    package mutating func credit(_ number: Int, _ part: CreditPart) -> Bool {
        runDue(until: now)
        guard invoices.indices.contains(number) else { return false }
        var invoice = invoices[number]
        guard invoice.status != .draft, invoice.status != .void else { return false }
        let alike = invoice.lines.indices.filter { invoice.lines[$0].isLike(part) }
        guard alike.indices.contains(part.occurrence) else { return false }
        let place = alike[part.occurrence]
        let discounts = invoice.lines.indices.filter {
            invoice.lines[$0].kind == .discount && invoice.lines[$0].source == place
        }
        let net = discounts.reduce(invoice.lines[place].amount) { $0 + invoice.lines[$1].amount }
        var before = invoice.credited[place] ?? Credited()
        guard invoice.lines[place].amount > 0, 1...max(1, net - before.amount) ~= part.amount,
            part.amount <= net - before.amount
        else { return false }
        var (added, contained) = (-before.added, -before.contained)
        for line in invoice.lines where line.source == place || discounts.contains(line.source ?? -1) {
            guard let tax = line.tax else { continue }
            if tax.isContained { contained += tax.amount } else { added += tax.amount }
        }
        if part.amount < net - before.amount {
            let shares = zip(invoice.taxRates, taxes(on: part.amount, invoice.taxRates))
            added = min(added, shares.reduce(0) { $0 + ($1.0.isContained ? 0 : $1.1) })
            contained = min(contained, shares.reduce(0) { $0 + ($1.0.isContained ? $1.1 : 0) })
        }
        let sum = part.amount + added
        guard sum <= invoice.total - invoice.creditedTotal else { return false }
        let refunded = max(0, sum - invoice.remaining)
        companies[invoice.company].balance += refunded
        before.amount += part.amount
        before.added += added
        before.contained += contained
        invoice.credited[place] = before
        invoice.creditedTotal += sum
        invoice.lowered += sum - refunded
        if invoice.remaining == 0 { invoice.status = .paid }
        invoices[number] = invoice
        return true
    }

    /// What a credit note could take back of a line.
    package func creditPart(_ number: Int, line place: Int, amount: Int) -> CreditPart {
        let line = invoices[number].lines[place]
        var part = CreditPart(
            kind: line.kind, feature: line.feature, quantity: line.quantity, lineAmount: line.amount,
            start: line.start, end: line.end, occurrence: 0, amount: amount)
        part.occurrence = invoices[number].lines[..<place].count { $0.isLike(part) }
        return part
    }
}

extension Line {
    fileprivate func isLike(_ part: CreditPart) -> Bool {
        (kind, feature, quantity, amount) == (part.kind, part.feature, part.quantity, part.lineAmount)
            && (start, end) == (part.start, part.end)
    }
}

extension Line {
    /// Whether an amount coupon pays for it.
    fileprivate var isReducible: Bool { kind != .credit && kind != .charge && kind != .correction }
}

internal import Plain
internal import Tollgate

/// Coupons, taxes, payments and credit notes.
extension World {
    func addCoupon(_ coupon: Plain.Coupon) async throws {
        var (amount, percent) = (Int64(0), Decimal(0))
        switch coupon.reduction {
        case .amount(let minorUnits): amount = Int64(minorUnits)
        case .share(let share): percent = self.percent(share)
        }
        var (duration, months) = (CouponDuration.once, Int64(0))
        switch coupon.duration {
        case .once: break
        case .forever: duration = .forever
        case .months(let count): (duration, months) = (.repeating, Int64(count))
        }
        try await run(
            UpsertCoupon(
                externalID: "coupon \(catalog.coupons)", name: "a coupon", amountOff: amount, percentOff: percent,
                duration: duration, months: months, maxRedemptions: Int64(coupon.most), timesRedeemed: 0))
        catalog.coupons += 1
    }

    func tax(_ company: Int, _ taxes: [Tax]) async throws {
        let profileID = try engine.read(environment) { view in
            try view.get(Identifier<Model.Company>(number: company))!.billingProfile.id
        }
        var update = UpdateBillingProfile(profileID: profileID)
        update.taxRates = taxes.enumerated().map { place, tax in
            TaxRate(
                name: "tax \(place)", percent: percent(tax.share), isInclusive: tax.isContained && mutant != .addedTax)
        }
        try await run(update)
    }

    /// Per cent from thousandths of them.
    private func percent(_ share: Share) -> Decimal { Decimal(coefficient: Int128(share), scale: 3)! }

    func pay(_ invoice: Int, _ amount: Int?, _ key: String) async throws {
        var pay = MarkInvoicePaid(
            invoiceID: Identifier(number: invoice), idempotencyKey: mutant == .paidTwice ? unheardKey() : key)
        pay.amount = amount.map { Int64($0) }
        try await run(pay)
    }

    private func unheardKey() -> String {
        keysMade += 1
        return "key \(keysMade)"
    }

    func credit(_ number: Int, _ part: CreditPart) async throws {
        let id = Identifier<Model.Invoice>(number: number)
        let alike = try engine.read(environment) { try $0.get(id)?.lines ?? [] }.filter { line in
            line.type.rawValue == part.kind.rawValue && line.featureID == part.feature.map { catalog.features[$0].id }
                && line.quantity == Decimal(Int64(part.quantity)) && line.amount == Int64(part.lineAmount)
                && line.period.start.instant == part.start && line.period.end.instant == part.end
        }
        guard alike.indices.contains(part.occurrence) else { throw Refusal.notFound("no such line") }
        let note = CreateCreditNote(
            invoiceID: id,
            parts: [.init(lineID: alike[part.occurrence].id, amount: Int64(part.amount), quantity: nil)])
        try await run(note)
        if mutant == .creditedTwice { try await run(note) }
    }
}

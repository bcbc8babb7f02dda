internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addCoupons() {
        get("billing/coupons") { call in
            let page = try call.query.page()
            let isActive: Bool? = try call.query.optional("is_active")
            let search = try call.query.search()
            return try call.answer { view in
                try view.reading.list(Coupon.self, offset: page.offset, limit: page.limit) { coupon in
                    (isActive == nil || isActive == !coupon.isExhausted)
                        && search.allows([coupon.name, coupon.externalID])
                }.map { BillingCouponResponseData(coupon: $0, environmentID: call.environment) }
            }
        }
        post("billing/coupons") { call in
            let body = call.body
            var command = UpsertCoupon(
                externalID: try body.required("external_id"), name: try body.required("name"),
                amountOff: try body.optional("amount_off") ?? 0, percentOff: try body.optional("percent_off") ?? 0,
                duration: try body.required("duration"), months: try body.optional("duration_in_months") ?? 0,
                maxRedemptions: try body.optional("max_redemptions") ?? 0,
                timesRedeemed: try body.optional("times_redeemed") ?? 0)
            command.currency = try body.optional("currency")
            let coupon = try await call.execute(command)
            return call.answer(
                BillingCouponResponseData(coupon: coupon, environmentID: call.environment), .created)
        }
        delete("billing/coupons/:billing_id") { call in
            _ = try await call.execute(DeleteCoupon(couponID: call.path["billing_id"]))
            return call.deleted()
        }
    }

    func addCreditNotes() {
        post("invoices/:invoice_id/credit-notes") { call in
            var parts: [CreateCreditNote.Part] = []
            for line in try call.body.requiredObjects("lines") {
                parts.append(
                    CreateCreditNote.Part(
                        lineID: try line.required("line_id"), amount: try line.optional("amount"),
                        quantity: try line.optional("quantity")))
            }
            var command = CreateCreditNote(invoiceID: try call.id("invoice_id"), parts: parts)
            command.reason = try call.body.optional("reason")
            command.idempotencyKey = try call.body.optional("idempotency_key")
            return call.answer(CreditNoteResponseData(note: try await call.execute(command)), .created)
        }
        get("credit-notes", .company) { call in
            let page = try call.query.page()
            let invoiceID: Identifier<Invoice>? = try call.query.optional("invoice_id")
            let companyID: Identifier<Company>? = try call.query.optional("company_id")
            return try call.answer { view in
                guard let invoiceID else {
                    return try view.reading.list(CreditNote.self, offset: page.offset, limit: page.limit) {
                        companyID == nil || companyID == $0.companyID
                    }.map(CreditNoteResponseData.init)
                }
                guard let invoice = try view.reading.get(invoiceID) else {
                    throw Refusal.missing("invoice_id", invoiceID.description)
                }
                return try (invoice.credits?.noteIDs ?? []).reversed().dropFirst(page.offset).prefix(page.limit)
                    .compactMap { try view.reading.get($0) }
                    .filter { companyID == nil || companyID == $0.companyID }
                    .map(CreditNoteResponseData.init)
            }
        }
    }
}

extension Fields {
    /// Nil when the body does not speak of taxes.
    func taxRates() throws(Refusal) -> [TaxRate]? {
        guard values["tax_rates"] != nil else { return nil }
        var rates: [TaxRate] = []
        for rate in try objects("tax_rates") {
            rates.append(
                TaxRate(
                    name: try rate.required("name"), percent: try rate.required("percent"),
                    isInclusive: try rate.optional("inclusive") ?? false))
        }
        return rates
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    func addMirroredSubscriptions() {
        post("billing/subscription/upsert") { call in
            let subscription = try await call.execute(try call.body.upsertSubscription())
            return call.answer(MirroredSubscriptionResponseData(subscription: subscription), .created)
        }
    }

    func addMirroredInvoices() {
        post("billing/invoices") { call in
            let invoice = try await call.execute(try call.body.upsertInvoice())
            return try call.answer(.created) { InvoiceResponseData(invoice: invoice, view: $0) }
        }
        pages("billing/invoices", Self.invoiceFilter) { InvoiceResponseData(invoice: $0, view: $1) }
        forget("billing/invoices", by: DeleteMirroredInvoice.init(externalID:))
    }

    private static let invoiceFilter: Filter<MirroredInvoice> = { query, view in
        let subscription: String? = try query.optional("subscription_external_id")
        let customers = try query.customers(view)
        return { invoice in
            customers.allows(invoice.customerExternalID)
                && (subscription ?? "" == "" || subscription == invoice.details.subscriptionExternalID)
        }
    }

    func addPaymentMethods() {
        post("billing/payment-methods") { call in
            let method = try await call.execute(try call.body.upsertPaymentMethod())
            return try call.answer(.created) { PaymentMethodResponseData(method: method, view: $0) }
        }
        pages("billing/payment-methods", Self.methodFilter) { PaymentMethodResponseData(method: $0, view: $1) }
        forget("billing/payment-methods", by: DeletePaymentMethod.init(externalID:))
    }

    private static let methodFilter: Filter<PaymentMethod> = { query, view in
        let customers = try query.customers(view)
        return { customers.allows($0.customerExternalID) }
    }
}

extension Query {
    /// The customers that the query names: by a provider's id, which may be empty, or as a company.
    fileprivate func customers(_ view: WireView) throws -> OneOf<String> {
        let named: String? = try optional("customer_external_id")
        let companyID: Identifier<Company>? = try optional("company_id")
        if let named, !named.isEmpty { return OneOf(values: [named]) }
        guard let companyID else { return OneOf(values: nil) }
        let company = view.get(companyID)
        return OneOf(values: Set(company.map { view.customers(of: $0).map(\.externalID) } ?? []))
    }
}

extension Fields {
    fileprivate func upsertSubscription() throws(Refusal) -> UpsertMirroredSubscription {
        var details = MirroredSubscription.Details(
            status: try optional("status") ?? .active, currency: try required("currency"),
            interval: try optional("interval") ?? "month", totalPrice: try required("total_price"),
            provider: try provider())
        details.products = []
        for fields in try requiredObjects("product_external_ids") { details.products.append(try fields.soldProduct()) }
        for fields in try objects("discounts") { details.discounts.append(try fields.mirroredDiscount()) }
        details.startedAt = try optional("started_at")
        details.periodStart = try seconds("period_start")
        details.periodEnd = try seconds("period_end")
        details.trialEnd = try seconds("trial_end")
        details.trialEndSetting = try optional("trial_end_setting")
        details.cancelAt = try seconds("cancel_at")
        details.cancelAtPeriodEnd = try optional("cancel_at_period_end") ?? false
        details.expiredAt = try optional("expired_at")
        details.applicationID = try optional("application_id")
        details.paymentMethodID = try optional("default_payment_method_id")
        details.paymentMethodExternalID = try optional("default_payment_method_external_id")
        details.metadata = try optional("metadata") ?? [:]
        var command = UpsertMirroredSubscription(
            externalID: try required("subscription_external_id"),
            customerExternalID: try required("customer_external_id"), details: details)
        command.companyID = try optional("company_id")
        if command.companyID == nil, let named = details.metadata["schematic_company_id"] {
            command.companyID = Identifier<Company>(named.text) ?? Identifier(ordinal: 0)
        }
        return command
    }

    private func soldProduct() throws(Refusal) -> SoldProduct {
        var sold = SoldProduct(
            productExternalID: try required("product_external_id"), priceExternalID: try required("price_external_id"),
            price: try required("price"), currency: try required("currency"), interval: try required("interval"),
            quantity: try required("quantity"), usageType: try required("usage_type"))
        sold.itemExternalID = try optional("subscription_item_external_id")
        sold.priceDecimal = try optional("price_decimal")
        sold.packageSize = try optional("package_size")
        sold.meterID = try optional("meter_id")
        sold.billingThreshold = try optional("billing_threshold")
        return sold
    }

    private func mirroredDiscount() throws(Refusal) -> MirroredDiscount {
        var discount = MirroredDiscount(
            externalID: try required("external_id"), couponExternalID: try required("coupon_external_id"),
            isActive: try required("is_active"), startedAt: try required("started_at"))
        discount.promoCodeExternalID = try optional("promo_code_external_id")
        discount.customerFacingCode = try optional("customer_facing_code")
        discount.endedAt = try optional("ended_at")
        return discount
    }

    fileprivate func upsertInvoice() throws(Refusal) -> UpsertMirroredInvoice {
        var details = MirroredInvoice.Details(
            status: try optional("status") ?? .open, currency: try required("currency"),
            collectionMethod: try required("collection_method"), amountDue: try required("amount_due"),
            amountPaid: try required("amount_paid"), amountRemaining: try required("amount_remaining"),
            subtotal: try required("subtotal"))
        details.total = try optional("total")
        details.startingBalance = try optional("starting_balance") ?? 0
        details.endingBalance = try optional("ending_balance") ?? 0
        details.subscriptionExternalID = try optional("subscription_external_id")
        details.paymentMethodExternalID = try optional("payment_method_external_id")
        details.dueAt = try optional("due_date")
        details.url = try optional("url")
        return UpsertMirroredInvoice(
            externalID: try required("external_id"), customerExternalID: try required("customer_external_id"),
            details: details)
    }

    fileprivate func upsertPaymentMethod() throws(Refusal) -> UpsertPaymentMethod {
        var details = PaymentMethod.Details(type: try required("payment_method_type"))
        details.accountLast4 = try optional("account_last4")
        details.accountName = try optional("account_name")
        details.bankName = try optional("bank_name")
        details.billingEmail = try optional("billing_email")
        details.billingName = try optional("billing_name")
        details.cardBrand = try optional("card_brand")
        details.cardExpiryMonth = try optional("card_exp_month")
        details.cardExpiryYear = try optional("card_exp_year")
        details.cardLast4 = try optional("card_last4")
        return UpsertPaymentMethod(
            externalID: try required("external_id"), customerExternalID: try required("customer_external_id"),
            details: details)
    }
}

extension ProviderStatus: FieldValue {}
extension TrialEndSetting: FieldValue {}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// What a billing provider says, or a program that plays one: what is sold, to whom, and what became of it.
    func addMirror() {
        addBillingCustomers()
        addBillingProducts()
        addBillingPrices()
        addMirroredSubscriptions()
        addMirroredInvoices()
        addPaymentMethods()
    }

    /// `DELETE path/:id` of something that a provider keeps; the id is the provider's, or ours.
    func forget(_ path: String, by command: @escaping @Sendable (String) -> some Command) {
        delete("\(path)/:billing_id") { call in
            _ = try await call.execute(command(call.path["billing_id"]))
            return call.deleted()
        }
    }

    private func addBillingCustomers() {
        post("billing/customer/upsert") { call in
            var command = UpsertBillingCustomer(
                externalID: try call.body.required("external_id"),
                details: BillingCustomer.Details(
                    name: try call.body.required("name"), email: try call.body.required("email"),
                    provider: try call.body.provider(),
                    defaultPaymentMethodID: try call.body.optional("default_payment_method_id"),
                    meta: try call.body.optional("meta") ?? [:]))
            command.companyID = try call.body.optional("company_id")
            let customer = try await call.execute(command)
            return try call.answer(.created) { BillingCustomerResponseData(customer: customer, view: $0) }
        }
        forget("billing/customer", by: DeleteBillingCustomer.init(externalID:))
        list("billing/customers", Self.customerFilter) {
            BillingCustomerWithSubscriptionsResponseData(customer: $0, view: $1)
        }
    }

    private static let customerFilter: Filter<BillingCustomer> = { query, view in
        let companies: OneOf<Identifier<Company>> = try query.oneOf("company_ids")
        let name: String? = try query.optional("name")
        let providers: OneOf<BillingProviderType> = try query.oneOf(single: "provider_type")
        let search = try query.search()
        return { customer in
            let details = customer.details
            return providers.allows(details.provider) && (name == nil || name == details.name)
                && search.allows([details.name, details.email, customer.externalID])
                && (companies.values == nil || companies.allows(view.company(of: customer)?.id))
        }
    }

    private func addBillingProducts() {
        post("billing/product/upsert") { call in
            let externalID: String = try call.body.required("external_id")
            let product = try await call.execute(
                UpsertBillingProduct(
                    externalID: externalID,
                    details: BillingProduct.Details(
                        name: try call.body.optional("name") ?? externalID,
                        price: try call.body.optional("price") ?? 0,
                        isActive: try call.body.optional("is_active") ?? true, provider: try call.body.provider())))
            return try call.answer(.created) { BillingProductResponseData(product: product, view: $0) }
        }
        forget("billing/product", by: DeleteBillingProduct.init(externalID:))
        get("billing/products") { call in
            let page = try call.query.page()
            return try call.answer { view in
                let prices = view.prices
                let counts = try view.reading.subscriptionCounts()
                let filter = try Self.productFilter(call.query, view, prices)
                return try view.reading.list(BillingProduct.self, offset: page.offset, limit: page.limit, where: filter)
                    .map { product in
                        BillingProductDetailResponseData(
                            product: product, prices: prices[product.id] ?? [],
                            subscriptionCount: counts[product.externalID] ?? 0, view: view)
                    }
            }
        }
        get("billing/products/count") { call in
            try call.answer { view in
                let filter = try Self.productFilter(call.query, view, view.prices)
                return CountResponse(count: try view.reading.count(BillingProduct.self, where: filter))
            }
        }
    }

    private static func productFilter(
        _ query: Query, _ view: WireView, _ prices: [Identifier<BillingProduct>: [MirroredPrice]]
    ) throws -> (BillingProduct) -> Bool {
        let ids: OneOf<String> = try query.oneOf("ids")
        let isActive: Bool? = try query.optional("is_active")
        let name: String? = try query.optional("name")
        let usageTypes: OneOf<PriceUsageType> = try query.oneOf(single: "price_usage_type")
        let providers: OneOf<BillingProviderType> = try query.oneOf(single: "provider_type")
        let recurringOnly: Bool? = try query.optional("recurring_charges_only")
        let oneTime: Bool? = try query.optional("with_one_time_charges")
        let pricesOnly: Bool? = try query.optional("with_prices_only")
        let zeroPrice: Bool? = try query.optional("with_zero_price")
        let notLinked: Bool? = try query.optional("without_linked_to_plan")
        let search = try query.search()
        let linked = Set(view.all(Plan.self) { _ in true }.compactMap(\.billingProductID))
        return { product in
            let prices = (prices[product.id] ?? []).map(\.details)
            return (ids.allows(product.id.description) || ids.allows(product.externalID))
                && (isActive == nil || isActive == product.details.isActive)
                && (name == nil || name == product.details.name) && providers.allows(product.details.provider)
                && search.allows([product.details.name, product.externalID])
                && (usageTypes.values == nil || prices.contains { usageTypes.allows($0.usageType) })
                && (recurringOnly != true || !prices.contains { $0.interval.unit == .oneTime })
                && (oneTime != true || prices.contains { $0.interval.unit == .oneTime })
                && (pricesOnly != true || !prices.isEmpty) && (zeroPrice != true || prices.contains { $0.amount == 0 })
                && (notLinked != true || !linked.contains(product.id))
        }
    }
}

extension WireView {
    /// Those of each product, newest first.
    fileprivate var prices: [Identifier<BillingProduct>: [MirroredPrice]] {
        Dictionary(grouping: all(MirroredPrice.self) { _ in true }) { $0.details.productID }
    }
}

extension Fields {
    /// The provider that speaks; where it does not say, it is Stripe.
    func provider() throws(Refusal) -> BillingProviderType { try optional("provider_type") ?? .stripe }

    /// An instant in Unix seconds.
    func seconds(_ name: String) throws(Refusal) -> Timestamp? {
        guard let seconds: Int64 = try optional(name) else { return nil }
        // The end of the year 9999, the last that has a date of its own in RFC 3339.
        guard (0...253_402_300_799).contains(seconds) else {
            throw .invalid("\(name) must be Unix seconds between 0 and 253402300799, not \(seconds)")
        }
        return Timestamp(milliseconds: seconds * 1000)
    }
}

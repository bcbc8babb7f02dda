internal import Basics
internal import Hummingbird
internal import Model
internal import Store
internal import Tollgate

extension Routes {
    /// Prices and meters of billing providers.
    func addBillingPrices() {
        post("billing/price/upsert") { call in
            let price = try await call.execute(try call.upsertPrice())
            return call.answer(MirroredPriceResponseData(price: price), .created)
        }
        for path in ["billing/price", "billing/product/prices"] {
            pages(path, Self.priceFilter) { MirroredPriceView(price: $0, view: $1) }
        }
        forget("billing/product/prices", by: DeleteMirroredPrice.init(externalID:))
        post("billing/meter/upsert") { call in
            let meter = try await call.execute(
                UpsertBillingMeter(
                    externalID: try call.body.required("external_id"),
                    details: BillingMeter.Details(
                        displayName: try call.body.required("display_name"),
                        eventName: try call.body.required("event_name"),
                        payloadKey: try call.body.required("event_payload_key"),
                        provider: try call.body.provider())))
            return call.answer(BillingMeterResponseData(meter: meter), .created)
        }
        pages("billing/meter", Self.meterFilter) { meter, _ in BillingMeterResponseData(meter: meter) }
    }

    private static let meterFilter: Filter<BillingMeter> = { query, _ in
        let name: String? = try query.optional("display_name")
        return { name == nil || name == $0.details.displayName }
    }

    private static let priceFilter: Filter<MirroredPrice> = { query, view in
        let ids: OneOf<String> = try query.oneOf("ids")
        let products: OneOf<String> = try query.oneOf("product_ids", single: "product_id")
        let versionID: Identifier<PlanVersion>? = try query.optional("plan_version_id")
        let currencies: OneOf<Currency> = try query.oneOf(single: "currency")
        let units: OneOf<PriceInterval.Unit> = try query.oneOf(single: "interval")
        let counts: OneOf<Int64> = try query.oneOf(single: "interval_count")
        let amounts: OneOf<Int64> = try query.oneOf(single: "price")
        let isActive: Bool? = try query.optional("is_active")
        let providers: OneOf<BillingProviderType> = try query.oneOf(single: "provider_type")
        let modes: OneOf<TierMode> = try query.oneOf(single: "tiers_mode")
        let usageTypes: OneOf<PriceUsageType> = try query.oneOf(single: "usage_type")
        let withMeter: Bool? = try query.optional("with_meter")
        let forInitial: Bool? = try query.optional("for_initial_plan")
        let forTrialExpiry: Bool? = try query.optional("for_trial_expiry_plan")
        let search = try query.search()
        let soldAs = versionID.flatMap { view.get($0) }.flatMap { view.get($0.planID) }?.billingProductID
        return { price in
            let details = price.details
            guard ids.allows(price.id.description) || ids.allows(price.externalID), currencies.allows(details.currency),
                units.allows(details.interval.unit), counts.allows(details.interval.count),
                amounts.allows(details.amount), providers.allows(details.provider), modes.allows(details.tiersMode),
                usageTypes.allows(details.usageType), isActive == nil || isActive == details.isActive,
                withMeter == nil || withMeter == (details.meterID != nil),
                versionID == nil || details.productID == soldAs,
                // Plans that are given without asking must cost nothing.
                forInitial != true && forTrialExpiry != true || details.amount == 0
            else { return false }
            guard products.values != nil || search.text != nil else { return true }
            let product = view.get(details.productID)
            return (products.allows(details.productID.description) || products.allows(product?.externalID))
                && search.allows([price.externalID, details.nickname ?? "", product?.details.name ?? ""])
        }
    }
}

extension Call {
    fileprivate func upsertPrice() throws -> UpsertMirroredPrice {
        let productID: String = try body.required("product_external_id")
        let meterID: String? = try body.optional("meter_id")
        let (product, meter) = try engine.read(environment) { view in
            (
                try view.find(BillingProduct.self, productID)?.id,
                try meterID.flatMap { try view.find(BillingMeter.self, $0)?.id }
            )
        }
        guard let product else { throw Refusal.missing("product_external_id", productID) }
        if let meterID, meter == nil { throw Refusal.missing("meter_id", meterID) }
        let interval = PriceInterval(
            try body.required("interval"), count: try body.optional("interval_count") ?? 1)
        var details = MirroredPrice.Details(
            productID: product, amount: try body.required("price"), currency: try body.required("currency"),
            interval: interval, isActive: try body.required("is_active"), scheme: try body.required("billing_scheme"),
            usageType: try body.required("usage_type"), accountID: try body.required("external_account_id"),
            provider: try body.provider())
        details.amountDecimal = try body.optional("price_decimal")
        details.tiersMode = try body.optional("tiers_mode")
        details.tiers = try body.requiredObjects("price_tiers").map { try $0.mirroredTier() }
        details.packageSize = try body.optional("package_size") ?? 1
        details.meterID = meter
        details.nickname = try body.optional("nickname")
        return UpsertMirroredPrice(externalID: try body.required("price_external_id"), details: details)
    }
}

extension Fields {
    fileprivate func mirroredTier() throws(Refusal) -> PriceTier {
        let unit: Int64? = try optional("per_unit_price")
        let exact: Decimal? = try optional("per_unit_decimal")
        let flat: Int64? = try optional("flat_amount")
        let upTo: Int64? = try optional("up_to")
        return PriceTier(
            upTo: upTo.map { Decimal($0) }, unitAmount: exact ?? Decimal(unit ?? 0), flatAmount: Decimal(flat ?? 0))
    }
}

extension PriceUsageType: FieldValue {}
extension PriceScheme: FieldValue {}

internal import Basics
internal import Model
internal import Tollgate

struct BillingCustomerResponseData: WireObject {
    let customer: BillingCustomer
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", customer.id)
        json.field("external_id", customer.externalID)
        json.field("company_id", view.company(of: customer)?.id)
        json.field("name", customer.details.name)
        json.field("email", customer.details.email)
        json.field("provider_type", customer.details.provider)
        json.field("updated_at", customer.updatedAt)
    }
}

struct BillingCustomerWithSubscriptionsResponseData: WireObject {
    let customer: BillingCustomer
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        BillingCustomerResponseData(customer: customer, view: view).writeFields(to: &json)
        json.field("subscriptions") { json in
            json.array { json in
                for details in customer.subscriptionIDs.compactMap({ view.get($0)?.details }) {
                    json.object { write(details, to: &$0) }
                }
            }
        }
    }

    /// BillingCustomerSubscription
    private func write(_ details: MirroredSubscription.Details, to json: inout JSONWriter) {
        json.field("currency", details.currency)
        json.field("expired_at", details.expiredAt)
        json.field("interval", details.interval)
        json.field("metered_usage", details.products.contains { $0.usageType == .metered })
        json.field("per_unit_price", details.products.first?.price ?? 0)
        json.field("total_price", details.totalPrice)
    }
}

struct BillingProductResponseData: WireObject {
    let product: BillingProduct
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("product_id", product.id)
        json.field("external_id", product.externalID)
        json.field("account_id", Account.id)
        json.field("environment_id", view.environment.id)
        json.field("name", product.details.name)
        json.field("price", DecimalNumber(value: product.details.price))
        json.field("price_decimal", product.details.price)
        json.field("quantity", 0)
        json.field("is_active", product.details.isActive)
        json.field("provider_type", product.details.provider)
        json.field("created_at", product.createdAt)
        json.field("updated_at", product.updatedAt)
    }
}

struct BillingProductDetailResponseData: WireObject {
    let product: BillingProduct
    let prices: [MirroredPrice]
    /// Those with access.
    let subscriptionCount: Int
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        BillingProductResponseData(product: product, view: view).writeFields(to: &json)
        json.field("currency", prices.first?.details.currency)
        json.field("prices", prices.map(MirroredPriceResponseData.init))
        json.field("subscription_count", subscriptionCount)
    }
}

/// BillingPriceResponseData of a provider's price.
struct MirroredPriceResponseData: WireObject {
    let price: MirroredPrice

    func writeFields(to json: inout JSONWriter) {
        let details = price.details
        json.field("id", price.id)
        json.field("external_price_id", price.externalID)
        json.field("interval", details.interval.unit)
        json.field("interval_count", details.interval.count)
        json.field("price", details.amount)
        json.field("price_decimal", details.amountDecimal ?? Decimal(details.amount))
        json.field("currency", details.currency)
        json.field("nickname", details.nickname)
        json.field("provider_type", details.provider)
        json.field("scheme", details.scheme)
    }
}

/// BillingPriceView of a provider's price.
struct MirroredPriceView: WireObject {
    let price: MirroredPrice
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let details = price.details
        let product = view.get(details.productID)
        let meter = details.meterID.flatMap { view.get($0) }
        json.field("id", price.id)
        json.field("price_id", price.id)
        json.field("price_external_id", price.externalID)
        json.field("product_id", details.productID)
        json.field("product_external_id", product?.externalID ?? "")
        json.field("product_name", product?.details.name ?? "")
        json.field("interval", details.interval.unit)
        json.field("interval_count", details.interval.count)
        json.field("currency", details.currency)
        json.field("billing_scheme", details.scheme)
        json.field("tiers_mode", details.tiersMode)
        json.field("price_tier", details.tiers.map(BillingProductPriceTierResponseData.init))
        json.field("price", details.amount)
        json.field("price_decimal", details.amountDecimal ?? Decimal(details.amount))
        json.field("package_size", details.packageSize)
        json.field("usage_type", details.usageType)
        json.field("meter_id", details.meterID)
        json.field("meter_event_name", meter?.details.eventName)
        json.field("meter_event_payload_key", meter?.details.payloadKey)
        json.field("nickname", details.nickname)
        json.field("provider_type", details.provider)
        json.field("is_active", details.isActive)
        json.field("created_at", price.createdAt)
        json.field("updated_at", price.updatedAt)
    }
}

struct BillingMeterResponseData: WireObject {
    let meter: BillingMeter

    func writeFields(to json: inout JSONWriter) {
        json.field("id", meter.id)
        // The contract spells it so.
        json.field("dispaly_name", meter.details.displayName)
        json.field("event_name", meter.details.eventName)
        json.field("event_payload_key", meter.details.payloadKey)
        json.field("external_price_id", meter.externalID)
        json.field("provider_type", meter.details.provider)
    }
}

/// What a plan, a feature or an entitlement stands for; only a provider makes such ones.
struct BillingLinkedResourceResponseData: WireObject {
    let link: BillingLink

    func writeFields(to json: inout JSONWriter) {
        json.field("billing_provider", link.provider)
        json.field("external_resource_id", link.resource)
        json.field("originator", link.provider)
    }
}

extension WireView {
    func company(of customer: BillingCustomer) -> Company? {
        attempt(nil) { try reading.company(of: customer) }
    }

    func find<E: External>(_ type: E.Type, _ id: String) -> E? {
        attempt(nil) { try reading.find(type, id) }
    }

    /// Those with access.
    func subscriptionCount(of product: BillingProduct) -> Int {
        attempt(0) { try reading.subscriptionCounts()[product.externalID] ?? 0 }
    }

    func customers(of company: Company) -> [BillingCustomer] {
        attempt([]) { try reading.customers(of: company) }
    }
}

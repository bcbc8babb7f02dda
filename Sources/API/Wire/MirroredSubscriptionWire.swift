internal import Basics
internal import Model
internal import Store
internal import Tollgate

/// BillingSubscriptionResponseData. Instants of its period are Unix seconds, as the contract has it.
struct MirroredSubscriptionResponseData: WireObject {
    let subscription: MirroredSubscription

    func writeFields(to json: inout JSONWriter) {
        let details = subscription.details
        json.field("id", subscription.id)
        json.field("subscription_external_id", subscription.externalID)
        json.field("customer_external_id", subscription.customerExternalID)
        json.field("company_id", subscription.companyID)
        json.field("status", details.status)
        json.field("interval", details.interval)
        json.field("currency", details.currency)
        json.field("total_price", details.totalPrice)
        json.field("period_start", details.periodStart?.seconds ?? 0)
        json.field("period_end", details.periodEnd?.seconds ?? 0)
        json.field("trial_end", details.trialEnd?.seconds)
        json.field("trial_end_setting", details.trialEndSetting)
        json.field("cancel_at", details.cancelAt?.seconds)
        json.field("cancel_at_period_end", details.cancelAtPeriodEnd)
        json.field("expired_at", details.expiredAt)
        json.field("application_id", details.applicationID)
        json.field("default_payment_method_id", details.paymentMethodID)
        json.field("metadata", details.metadata)
        json.field("provider_type", details.provider)
        json.field("created_at", subscription.createdAt)
    }
}

/// BillingSubscriptionView of a provider's subscription.
struct MirroredSubscriptionView: WireObject {
    let subscription: MirroredSubscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        MirroredSubscriptionResponseData(subscription: subscription).writeFields(to: &json)
        MirroredSubscriptionParts(subscription: subscription, view: view).writeFields(to: &json)
    }
}

/// CompanySubscriptionResponseData of a provider's subscription.
struct MirroredCompanySubscription: WireObject {
    let subscription: MirroredSubscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let details = subscription.details
        let mirror = subscription.companyID.flatMap { view.get($0) }?.mirror
        json.field("subscription_external_id", subscription.externalID)
        json.field("customer_external_id", subscription.customerExternalID)
        json.field("status", details.status)
        json.field("interval", details.interval)
        json.field("currency", details.currency)
        json.field("total_price", details.totalPrice)
        json.field("is_initial", mirror?.subscriptionIDs.first == subscription.id)
        json.field("trial_end", details.trialEnd)
        json.field("cancel_at", details.cancelAt)
        json.field("cancel_at_period_end", details.cancelAtPeriodEnd)
        json.field("expired_at", details.expiredAt)
        json.field("provider_type", details.provider)
        MirroredSubscriptionParts(subscription: subscription, view: view).writeFields(to: &json)
    }
}

/// What a subscription is made of: its products, discounts, way to pay.
private struct MirroredSubscriptionParts {
    let subscription: MirroredSubscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("products") { json in
            json.array { json in
                for sold in subscription.details.products { json.object { write(sold, to: &$0) } }
            }
        }
        json.field("discounts") { json in
            json.array { json in
                for discount in subscription.details.discounts { json.object { write(discount, to: &$0) } }
            }
        }
        let method = subscription.details.paymentMethodExternalID ?? subscription.details.paymentMethodID
        json.field("payment_method", method.flatMap { view.find(PaymentMethod.self, $0) }.map(wire))
    }

    private func wire(_ method: PaymentMethod) -> PaymentMethodResponseData {
        PaymentMethodResponseData(method: method, view: view)
    }

    /// BillingProductForSubscriptionResponseData
    private func write(_ sold: SoldProduct, to json: inout JSONWriter) {
        let product = view.find(BillingProduct.self, sold.productExternalID)
        let price = view.find(MirroredPrice.self, sold.priceExternalID)
        json.field("id", product?.id.description ?? sold.productExternalID)
        json.field("external_id", sold.productExternalID)
        json.field("environment_id", view.environment.id)
        json.field("subscription_id", subscription.id)
        json.field("subscription_item_external_id", sold.itemExternalID)
        json.field("name", product?.details.name ?? sold.productExternalID)
        json.field("price", sold.price)
        json.field("price_decimal", sold.priceDecimal ?? Decimal(sold.price))
        json.field("price_id", price?.id.description ?? sold.priceExternalID)
        json.field("price_external_id", sold.priceExternalID)
        json.field("price_tier", (price?.details.tiers ?? []).map(BillingProductPriceTierResponseData.init))
        json.field("billing_scheme", price?.details.scheme ?? .perUnit)
        json.field("billing_threshold", sold.billingThreshold)
        json.field("currency", sold.currency)
        json.field("interval", sold.interval)
        json.field("interval_count", price?.details.interval.count)
        json.field("meter_id", sold.meterID)
        json.field("package_size", sold.packageSize ?? 1)
        json.field("quantity", sold.quantity)
        json.field("usage_type", sold.usageType)
        json.field("provider_type", subscription.details.provider)
        json.field("created_at", product?.createdAt ?? subscription.createdAt)
        json.field("updated_at", product?.updatedAt ?? subscription.updatedAt)
    }

    /// BillingSubscriptionDiscountView. What the coupon takes off is the provider's to know.
    private func write(_ discount: MirroredDiscount, to json: inout JSONWriter) {
        json.field("discount_external_id", discount.externalID)
        json.field("subscription_external_id", subscription.externalID)
        json.field("coupon_id", discount.couponExternalID)
        json.field("coupon_name", discount.couponExternalID)
        json.field("customer_facing_code", discount.customerFacingCode)
        json.field("promo_code_external_id", discount.promoCodeExternalID)
        json.field("duration", "forever")
        json.field("is_active", discount.isActive)
        json.field("started_at", discount.startedAt)
        json.field("ended_at", discount.endedAt)
    }
}

/// InvoiceResponseData of a provider's invoice.
struct InvoiceResponseData: WireObject {
    let invoice: MirroredInvoice
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let details = invoice.details
        view.write(invoice, to: &json) { json in
            json.field("subscription_external_id", details.subscriptionExternalID)
            json.field("payment_method_external_id", details.paymentMethodExternalID)
            json.field("status", details.status)
            json.field("collection_method", details.collectionMethod)
            json.field("currency", details.currency)
            json.field("amount_due", details.amountDue)
            json.field("amount_paid", details.amountPaid)
            json.field("amount_remaining", details.amountRemaining)
            json.field("subtotal", details.subtotal)
            json.field("total", details.total)
            json.field("starting_balance", details.startingBalance)
            json.field("ending_balance", details.endingBalance)
            json.field("due_date", details.dueAt)
            json.field("url", details.url)
        }
    }
}

struct PaymentMethodResponseData: WireObject {
    let method: PaymentMethod
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let details = method.details
        view.write(method, to: &json) { json in
            json.field("payment_method_type", details.type)
            json.field("account_last4", details.accountLast4)
            json.field("account_name", details.accountName)
            json.field("bank_name", details.bankName)
            json.field("billing_email", details.billingEmail)
            json.field("billing_name", details.billingName)
            json.field("card_brand", details.cardBrand)
            json.field("card_exp_month", details.cardExpiryMonth)
            json.field("card_exp_year", details.cardExpiryYear)
            json.field("card_last4", details.cardLast4)
        }
    }
}

extension WireView {
    /// What a provider keeps of a customer: whose it is and since when, around its details.
    fileprivate func write(
        _ noun: some MirroredOfCustomer, to json: inout JSONWriter, details: (inout JSONWriter) -> Void
    ) {
        let customer = find(BillingCustomer.self, noun.customerExternalID)
        json.field("id", noun.id)
        json.field("external_id", noun.externalID)
        json.field("environment_id", environment.id)
        json.field("company_id", customer.flatMap { company(of: $0) }?.id)
        json.field("customer_external_id", noun.customerExternalID)
        details(&json)
        json.field("provider_type", noun.provider)
        json.field("created_at", noun.createdAt)
        json.field("updated_at", noun.updatedAt)
    }
}

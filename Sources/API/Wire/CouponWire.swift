internal import Basics
internal import Model

struct BillingCouponResponseData: WireObject {
    let coupon: Coupon
    let environmentID: EnvironmentID

    func writeFields(to json: inout JSONWriter) {
        json.field("id", coupon.id)
        json.field("external_id", coupon.externalID)
        json.field("account_id", Account.id)
        json.field("environment_id", environmentID)
        json.field("name", coupon.name)
        coupon.reduction.write(to: &json)
        json.field("duration", coupon.duration)
        json.field("duration_in_months", coupon.duration == .repeating ? coupon.months : nil)
        json.field("max_redemptions", coupon.maxRedemptions)
        json.field("times_redeemed", coupon.timesRedeemed)
        json.field("is_active", !coupon.isExhausted)
        json.field("metadata") { $0.object { _ in } }
        json.field("provider_type", BillingProviderType.schematic)
        json.field("created_at", coupon.createdAt)
        json.field("updated_at", coupon.updatedAt)
    }
}

/// BillingSubscriptionDiscountView
struct BillingSubscriptionDiscountView: WireObject {
    let discount: SubscriptionDiscount
    /// Nil in a preview of a subscription that is none yet.
    let subscriptionID: Identifier<Subscription>?
    let now: Timestamp

    func writeFields(to json: inout JSONWriter) {
        json.field("discount_external_id", discount.id)
        json.field("subscription_external_id", subscriptionID)
        json.field("coupon_id", discount.couponID)
        json.field("coupon_external_id", discount.externalID)
        json.field("coupon_name", discount.name)
        json.field("customer_facing_code", discount.externalID)
        discount.reduction.write(to: &json)
        json.field("duration", discount.duration)
        json.field("duration_in_months", discount.duration == .repeating ? discount.months : nil)
        json.field("started_at", discount.startedAt)
        json.field("ended_at", discount.endsAt)
        json.field("is_active", discount.isActive(at: now))
    }
}

extension WireView {
    /// The coupon that a subscription has, or has had last.
    func discounts(of subscription: Subscription) -> [BillingSubscriptionDiscountView] {
        subscription.discount.map {
            [BillingSubscriptionDiscountView(discount: $0, subscriptionID: subscription.id, now: now)]
        } ?? []
    }
}

extension CouponReduction {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .percent(let percent):
            json.field("percent_off", DecimalNumber(value: percent))
        case .amount(let amount):
            json.field("amount_off", amount.minorUnits)
            json.field("currency", amount.currency)
        }
    }
}

struct TaxRateWire: WireObject {
    let rate: TaxRate

    func writeFields(to json: inout JSONWriter) {
        json.field("name", rate.name)
        json.field("percent", rate.percent)
        json.field("inclusive", rate.isInclusive)
    }
}

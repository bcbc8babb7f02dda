internal import Basics
internal import Entitlements
internal import Model
internal import Tollgate

struct FeatureUsageResponseData: WireObject {
    let usage: FeatureUsage
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let value = usage.grant.terms.value
        let isEvent = usage.feature.type == .event
        json.field("feature", FeatureDetailResponseData(feature: usage.feature, view: view))
        json.field("access", usage.access)
        json.field("usage", usage.usage)
        json.field("usage_decimal", usage.exactUsage ?? Decimal(usage.usage))
        json.field("billed_usage", usage.billedUsage)
        json.field("billed_usage_decimal", usage.billedQuantity)
        json.field("allocation", usage.allocation)
        json.field("allocation_type", value.type)
        json.field("has_valid_allocation", usage.isUnlimited || usage.allocation != nil)
        json.field("is_unlimited", usage.isUnlimited)
        json.field("effective_limit", usage.effectiveLimit)
        json.field("soft_limit", usage.softLimit)
        json.field("overuse", usage.overuse)
        json.field("percent_used", percentUsed)
        json.field("period", isEvent ? value.metricPeriod ?? .allTime : nil)
        json.field("month_reset", value.metricPeriodMonthReset)
        json.field("metric_reset_at", usage.resetAt)
        json.field("price_behavior", usage.grant.terms.priceBehavior)
        json.field("effective_price", usage.effectivePrice.map(DecimalNumber.init))
        json.field("monthly_usage_based_price", price(.monthly))
        json.field("quarterly_usage_based_price", price(.quarterly))
        json.field("yearly_usage_based_price", price(.yearly))
        writeSource(to: &json)
    }

    private func writeSource(to json: inout JSONWriter) {
        let terms = usage.grant.terms
        json.field("entitlement_id", terms.entitlementID?.description ?? terms.overrideID?.description ?? "")
        json.field("entitlement_source", terms.source)
        json.field("entitlement_type", terms.source == .plan ? "plan_entitlement" : "company_override")
        json.field("entitlement_expiration_date", terms.expiresAt)
        json.field(
            "plan", usage.planEntitlement.flatMap { view.get($0.planID) }.map(PlanResponseData.init))
        json.field(
            "plan_entitlement", usage.planEntitlement.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
        json.field("company_override", usage.override.map { CompanyOverrideResponseData(override: $0, view: view) })
    }

    private func price(_ interval: PriceInterval) -> BillingPriceView? {
        guard let entitlement = usage.planEntitlement,
            let price = entitlement.meteredPrices.first(where: { $0.interval == interval })
        else { return nil }
        return BillingPriceView(price: price, entitlement: entitlement, view: view)
    }

    /// Of the limit that counts, cut to two places; nil where there is none or it is 0.
    private var percentUsed: DecimalNumber? {
        guard let limit = usage.effectiveLimit, limit > 0 else { return nil }
        return Decimal(coefficient: Int128(usage.usage) * 10_000 / Int128(limit), scale: 2).map(DecimalNumber.init)
    }
}

struct FeatureUsageDetailResponseData: WireObject {
    let usages: [FeatureUsage]
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("features", usages.map { FeatureUsageResponseData(usage: $0, view: view) })
    }
}

struct FeatureCompanyResponseData: WireObject {
    let company: Company
    let usage: FeatureUsage
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        FeatureUsageResponseData(usage: usage, view: view).writeFields(to: &json)
        json.field("company", CompanyDetailResponseData(company: company, view: view))
    }
}

struct FeatureCompanyUserResponseData: WireObject {
    let user: User
    let company: Company
    let usage: FeatureUsage
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        FeatureCompanyResponseData(company: company, usage: usage, view: view).writeFields(to: &json)
        json.field("user", UserResponseData(user: user))
    }
}

struct FeatureUsageHistoryResponseData: WireObject {
    let bucket: UsageBucket

    func writeFields(to json: inout JSONWriter) {
        json.field("company_id", bucket.company)
        json.field("feature_id", bucket.feature)
        json.field("event_subtype", bucket.eventSubtype)
        json.field("period_start", bucket.period.start)
        json.field("period_end", bucket.period.end)
        json.field("usage", bucket.usage)
    }
}

/// The answer to `POST /usage/consume`.
struct ConsumeResponseData: WireObject {
    let answer: ConsumeAnswer

    func writeFields(to json: inout JSONWriter) {
        json.field("allowed", answer.allowed)
        json.field("recorded", answer.recorded)
        json.field("usage", answer.usage)
        json.field("reserved", answer.reserved)
        json.field("allocation", answer.allocation)
        json.field("remaining", answer.remaining)
        json.field("reset_at", answer.resetAt)
        json.field("reason", answer.reason)
    }
}

/// The answer about a reservation. Id, status and expiry are null where there is none: it was not allowed.
struct ReservationResponseData: WireObject {
    let answer: HoldAnswer

    func writeFields(to json: inout JSONWriter) {
        json.field("allowed", answer.allowed)
        json.field("id", answer.id)
        json.field("status", answer.status)
        json.field("quantity", answer.quantity)
        json.field("committed", answer.committed)
        json.field("usage", answer.usage)
        json.field("reserved", answer.reserved)
        json.field("allocation", answer.allocation)
        json.field("remaining", answer.remaining)
        json.field("expires_at", answer.expiresAt)
        json.field("reason", answer.reason)
    }
}

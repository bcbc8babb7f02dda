internal import Basics
internal import Model
internal import Tollgate

struct PlanEntitlementResponseData: WireObject {
    let entitlement: PlanEntitlement
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let value = entitlement.value
        json.field("id", entitlement.id)
        json.field("environment_id", view.environment.id)
        json.field("plan_id", entitlement.planID)
        json.field("plan", view.get(entitlement.planID).map(PlanResponseData.init))
        json.field("plan_version_id", entitlement.versionID)
        json.field("feature_id", entitlement.featureID)
        json.field("feature", view.get(entitlement.featureID).map(FeatureResponseData.init))
        EntitlementValueFields(value: value, view: view).writeFields(to: &json)
        json.field("price_behavior", entitlement.priceBehavior)
        json.field("soft_limit", entitlement.softLimit)
        json.field("usage_quantity", entitlement.usageQuantity)
        json.field("tier_mode", entitlement.tierMode)
        json.field("flat_at_zero", entitlement.meteredPrices.contains { $0.model.flatAtZero })
        json.field("package_size", entitlement.packageSize)
        json.field("package_rounding", entitlement.packageRounding)
        json.field("free_quantity", entitlement.freeQuantity?.rounded)
        json.field("free_quantity_decimal", entitlement.freeQuantity)
        json.field("billing_threshold", entitlement.billingThreshold)
        json.field("overage_billing_cadence", entitlement.overageCadence)
        json.field("overage_invoice_anchor", entitlement.overageAnchor)
        if let price = entitlement.meteredPrices.first {
            PriceTermsWire(price: price).writeFields(to: &json)
        }
        writeCadences(of: prices.filter { $0.price.currency == prices.first?.price.currency }, prefix: true, to: &json)
        json.field("currency_prices") { json in
            json.array { json in
                for currency in Set(prices.map(\.price.currency)).sorted(by: { $0.code < $1.code }) {
                    let prices = prices.filter { $0.price.currency == currency }
                    json.object {
                        $0.field("currency", currency)
                        PriceTermsWire(price: prices[0].price).writeFields(to: &$0)
                        writeCadences(of: prices, prefix: false, to: &$0)
                    }
                }
            }
        }
        json.field("billing_linked_resource", entitlement.billingLink.map(BillingLinkedResourceResponseData.init))
        json.field("rule_id", entitlement.ruleID)
        json.field("rule_id_usage_exceeded", entitlement.usageExceededRuleID)
        json.emptyLists("warning_tiers")
        json.field("created_at", entitlement.createdAt)
        json.field("updated_at", entitlement.updatedAt)
    }

    private var prices: [BillingPriceView] {
        entitlement.meteredPrices.map { BillingPriceView(price: $0, entitlement: entitlement, view: view) }
    }

    private func writeCadences(of prices: [BillingPriceView], prefix: Bool, to json: inout JSONWriter) {
        func price(_ interval: PriceInterval) -> BillingPriceView? { prices.first { $0.price.interval == interval } }
        json.field(prefix ? "metered_monthly_price" : "monthly_price", price(.monthly))
        json.field(prefix ? "metered_quarterly_price" : "quarterly_price", price(.quarterly))
        json.field(prefix ? "metered_yearly_price" : "yearly_price", price(.yearly))
    }
}

/// What a price says whatever its interval.
struct PriceTermsWire: WireObject {
    let price: MeteredPrice

    func writeFields(to json: inout JSONWriter) {
        json.field("percentage") { json in
            guard let percentage = price.model.percentage else { return json.null() }
            json.object {
                $0.field("rate", percentage.rate)
                $0.field("fixed_amount", MinorUnits(amount: percentage.fixedAmount))
                $0.field("free_events", percentage.freeEvents)
                $0.field("free_amount", percentage.freeAmount.map(MinorUnits.init))
                $0.field("min_amount", percentage.minimumAmount.map(MinorUnits.init))
                $0.field("max_amount", percentage.maximumAmount.map(MinorUnits.init))
            }
        }
        json.field("minimum_amount", price.minimumAmount)
        json.field("maximum_amount", price.maximumAmount)
    }
}

/// An amount that may be given as a whole number or, as text, with places: it is shown as it was given.
private struct MinorUnits: JSONWritable {
    let amount: Decimal

    func write(to json: inout JSONWriter) {
        if amount.scale == 0 { json.raw(amount.description.utf8) } else { amount.write(to: &json) }
    }
}

/// What plan entitlements and overrides grant, which both show alike.
struct EntitlementValueFields {
    let value: EntitlementValue
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("value_type", value.type)
        json.field("value_bool", value.bool)
        json.field("value_numeric", value.numeric)
        json.field("value_trait_id", value.traitID)
        json.field("value_trait", value.traitID.flatMap { view.get($0) }.map(EntityTraitDefinitionResponseData.init))
        json.field("metric_period", value.metricPeriod)
        json.field("metric_period_month_reset", value.metricPeriodMonthReset)
    }
}

/// The price of a feature's use, for one interval of the plan.
struct BillingPriceView: WireObject {
    let price: MeteredPrice
    let entitlement: PlanEntitlement
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let model = price.model
        json.field("id", price.id)
        json.field("price_id", price.id)
        json.field("price_external_id", price.id)
        json.field("product_id", entitlement.featureID)
        json.field("product_external_id", entitlement.featureID)
        json.field("product_name", view.get(entitlement.featureID)?.name ?? "")
        json.field("interval", price.interval.unit)
        json.field("interval_count", price.interval.count)
        json.field("currency", price.currency)
        json.field("billing_scheme", model.tiers == nil ? "per_unit" : "tiered")
        json.field("tiers_mode", entitlement.tierMode)
        json.field("price_tier", (model.tiers ?? []).map(BillingProductPriceTierResponseData.init))
        json.field("price", model.unitAmount?.rounded ?? 0)
        json.field("price_decimal", model.unitAmount)
        json.field("package_size", entitlement.packageSize ?? 1)
        json.field("usage_type", entitlement.priceBehavior == .payInAdvance ? "licensed" : "metered")
        json.field("provider_type", BillingProviderType.schematic)
        json.field("is_active", true)
        json.field("created_at", entitlement.createdAt)
        json.field("updated_at", entitlement.updatedAt)
    }
}

struct BillingProductPriceTierResponseData: WireObject {
    let tier: PriceTier

    func writeFields(to json: inout JSONWriter) {
        json.field("up_to", tier.upTo?.rounded)
        json.field("up_to_decimal", tier.upTo)
        json.field("per_unit_price", tier.unitAmount.rounded)
        json.field("per_unit_price_decimal", tier.unitAmount)
        json.field("flat_amount", tier.flatAmount.rounded)
        json.field("flat_amount_decimal", tier.flatAmount)
    }
}

extension PriceModel {
    fileprivate var flatAtZero: Bool {
        switch self {
        case .graduated(_, let flatAtZero), .volume(_, let flatAtZero): flatAtZero
        case .above(_, let model): model.flatAtZero
        case .perUnit, .overage, .package, .percentage: false
        }
    }
}

extension Decimal {
    /// For integer fields that a decimal field accompanies; nil beyond 64 bits.
    var rounded: Int64? { try? roundedToInteger() }
    /// Towards zero, as counts are shown.
    var whole: Int64? { MeterUnit.count(self, places: 0) }
}

struct DuplicatePlanEntitlementsResponseResponseData: WireObject {
    let outcome: DuplicatePlanEntitlements.Outcome
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("data", outcome.copies.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
        json.field("skipped", outcome.skipped.map { SkippedEntitlementResponseData(entitlement: $0, view: view) })
        json.emptyLists("issues")
    }
}

/// Skipped because the target grants the feature already, the only reason that there is.
struct SkippedEntitlementResponseData: WireObject {
    let entitlement: PlanEntitlement
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("entitlement_id", entitlement.id)
        json.field("feature_id", entitlement.featureID)
        json.field("feature_name", view.get(entitlement.featureID)?.name ?? "")
        json.field("errors") { json in
            json.array { json in
                json.object { $0.field("message", "the target plan grants the feature already") }
            }
        }
    }
}

internal import Model
internal import Tollgate

extension Fields {
    /// What a plan is to grant of a feature, and at what price: the body of an entitlement, of its own or in a bundle.
    func entitlement() throws(Refusal) -> EntitlementInput {
        try refuseUnsupported(
            "credit_consumption_rate", "monthly_metered_price_id", "quantity_rates", "quarterly_metered_price_id",
            "value_credit_id", "warning_tiers", "yearly_metered_price_id")
        var input = EntitlementInput(valueType: try required("value_type"))
        input.valueBool = try optional("value_bool")
        input.valueNumeric = try optional("value_numeric")
        input.valueTraitID = try optional("value_trait_id")
        input.metricPeriod = try optional("metric_period")
        input.metricPeriodMonthReset = try optional("metric_period_month_reset")
        input.priceBehavior = try optional("price_behavior")
        input.softLimit = try optional("soft_limit")
        input.usageQuantity = try optional("usage_quantity")
        input.tierMode = try optional("tier_mode")
        input.flatAtZero = try optional("flat_at_zero") ?? false
        input.packageSize = try optional("package_size")
        input.packageRounding = try optional("package_rounding")
        input.freeQuantity = try optional("free_quantity")
        input.currency = try optional("currency")
        input.unitPrices = try unitPrices()
        input.tiers = try priceTiers()
        input.percentage = try percentage()
        input.minimumAmount = try optional("minimum_amount")
        input.maximumAmount = try optional("maximum_amount")
        input.billingThreshold = try optional("billing_threshold")
        // Schematic's own programs send 0 for none.
        if input.billingThreshold == 0 { input.billingThreshold = nil }
        input.overageCadence = try optional("overage_billing_cadence")
        input.overageAnchor = try optional("overage_invoice_anchor")
        let others = try currencyPrices()
        input.currencyPrices = others.isEmpty ? nil : others
        return input
    }

    private func currencyPrices() throws(Refusal) -> [EntitlementInput.CurrencyPrices] {
        var prices: [EntitlementInput.CurrencyPrices] = []
        for fields in try objects("currency_prices") {
            var price = EntitlementInput.CurrencyPrices(
                currency: try fields.required("currency"), unitPrices: try fields.unitPrices(),
                tiers: try fields.priceTiers())
            price.percentage = try fields.percentage()
            price.minimumAmount = try fields.optional("minimum_amount")
            price.maximumAmount = try fields.optional("maximum_amount")
            prices.append(price)
        }
        return prices
    }

    private func unitPrices() throws(Refusal) -> EntitlementInput.UnitPrices {
        EntitlementInput.UnitPrices(
            monthly: try amount("monthly_unit_price"), quarterly: try amount("quarterly_unit_price"),
            yearly: try amount("yearly_unit_price"))
    }

    private func priceTiers() throws(Refusal) -> EntitlementInput.Tiers {
        EntitlementInput.Tiers(
            all: try tiers("price_tiers"), monthly: try tiers("monthly_price_tiers"),
            quarterly: try tiers("quarterly_price_tiers"), yearly: try tiers("yearly_price_tiers"))
    }

    /// A free allowance of 0 is none.
    private func percentage() throws(Refusal) -> PercentagePrice? {
        guard let fields = try object("percentage") else { return nil }
        var price = PercentagePrice(rate: try fields.required("rate"))
        price.fixedAmount = try fields.optional("fixed_amount") ?? 0
        price.freeEvents = try fields.optional("free_events")
        if price.freeEvents == 0 { price.freeEvents = nil }
        price.freeAmount = try fields.optional("free_amount")
        if price.freeAmount == 0 { price.freeAmount = nil }
        price.minimumAmount = try fields.optional("min_amount")
        price.maximumAmount = try fields.optional("max_amount")
        return price
    }

    /// A price in minor units: `name_decimal` where it is given, else the integer `name`.
    private func amount(_ name: String) throws(Refusal) -> Decimal? {
        let integer: Int64? = try optional(name)
        return try optional("\(name)_decimal") ?? integer.map { Decimal($0) }
    }

    /// Nil when the list is absent or empty.
    private func tiers(_ name: String) throws(Refusal) -> [PriceTier]? {
        var tiers: [PriceTier] = []
        for tier in try objects(name) {
            let upTo: Int64? = try tier.optional("up_to")
            tiers.append(
                PriceTier(
                    upTo: try tier.optional("up_to_decimal") ?? upTo.map { Decimal($0) },
                    unitAmount: try tier.amount("per_unit_price") ?? 0,
                    flatAmount: try tier.amount("flat_amount") ?? 0))
        }
        return tiers.isEmpty ? nil : tiers
    }
}

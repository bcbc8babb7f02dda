internal import Model

extension EntitlementInput {
    /// What use costs in one currency.
    struct Prices {
        let currency: Currency
        /// The price of each of the three common intervals that one is given for.
        var byInterval: [(interval: PriceInterval, price: CommonPrice)] = []
        /// What counts for every interval that has none of its own.
        var common: CommonPrice?

        var isPercentage: Bool { common?.model.percentage != nil }
    }

    /// The price of the feature's use in each currency that one is given for: the first is the input's own.
    ///
    /// - Parameter currency: the input's own.
    func prices(for feature: Feature, in currency: Currency) throws(Refusal) -> [Prices] {
        guard let priceBehavior else { return [] }
        guard feature.type != .boolean else {
            throw .invalid("a price is for event and trait features, \"\(feature.name)\" is a boolean feature")
        }
        try checkPercentage(of: feature)
        let own = CurrencyPrices(currency: currency, unitPrices: unitPrices, tiers: tiers)
        let others = currencyPrices ?? []
        if let twice = ([currency] + others.map(\.currency)).firstDuplicate, own.areGiven || twice != currency {
            throw .invalid("currency_prices names \(twice.code) twice")
        }
        var prices: [Prices] = []
        for given in [own] + others {
            let some = try self.prices(given, priceBehavior, of: feature)
            if !some.byInterval.isEmpty { prices.append(some) }
        }
        guard !prices.isEmpty else {
            let need = priceBehavior == .tier ? "price_tiers" : "a unit price, as monthly_unit_price"
            throw .invalid("price_behavior \(priceBehavior.rawValue) needs \(need)")
        }
        return prices
    }

    private func prices(
        _ given: CurrencyPrices, _ behavior: PriceBehavior, of feature: Feature
    ) throws(Refusal) -> Prices {
        var prices = Prices(currency: given.currency)
        if behavior == .tier {
            guard let tierMode else { throw .invalid("price_behavior tier needs a tier_mode") }
            func price(_ tiers: [PriceTier], _ field: String) throws(Refusal) -> CommonPrice {
                try self.price(tierMode.model(of: tiers, flatAtZero: flatAtZero), given, field, feature)
            }
            for (interval, field, tiers) in given.tiers.byInterval {
                if let tiers { prices.byInterval.append((interval, try price(tiers, field))) }
            }
            prices.common = try given.tiers.all.map { tiers throws(Refusal) in try price(tiers, "price_tiers") }
        } else if let percentage = given.percentage ?? percentage {
            let price = try price(.percentage(percentage), given, "percentage", feature)
            prices.common = price
            prices.byInterval = [.monthly, .quarterly, .yearly].map { ($0, price) }
        } else {
            for (interval, field, unit) in given.unitPrices.byInterval {
                guard let unit else { continue }
                prices.byInterval.append((interval, try price(model(of: unit, behavior), given, field, feature)))
            }
        }
        return prices
    }

    private func model(of unit: Decimal, _ behavior: PriceBehavior) throws(Refusal) -> PriceModel {
        var included = Decimal.zero
        if behavior == .overage {
            guard let softLimit else { throw .invalid("price_behavior overage needs a soft_limit") }
            included = Decimal(softLimit)
        }
        if let packageSize, behavior != .payInAdvance {
            let package = PriceModel.package(size: packageSize, rounding: packageRounding ?? .up, unit: unit)
            return included == .zero ? package : .above(free: included, package)
        }
        return behavior == .overage ? .overage(included: included, unit: unit) : .perUnit(unit: unit)
    }

    /// With all that counts whatever the interval, once it can be used.
    ///
    /// - Parameter field: where it was given.
    private func price(
        _ model: PriceModel, _ given: CurrencyPrices, _ field: String, _ feature: Feature
    ) throws(Refusal) -> CommonPrice {
        let model = freeQuantity.map { $0 == .zero ? model : .above(free: $0, model) } ?? model
        let limit = max(valueNumeric ?? 0, usageQuantity ?? 0)
        if let refusal = model.refusal(upTo: limit) {
            throw .invalid("\(field) of \"\(feature.name)\" cannot be used: \(refusal)")
        }
        let price = CommonPrice(
            currency: given.currency, model: model, minimumAmount: given.minimumAmount ?? minimumAmount,
            maximumAmount: given.maximumAmount ?? maximumAmount)
        for (name, amount) in [("minimum_amount", price.minimumAmount), ("maximum_amount", price.maximumAmount)] {
            if let amount, amount < 0 { throw .invalid("\(name) cannot be negative, as \(amount) is") }
        }
        if let minimum = price.minimumAmount, let maximum = price.maximumAmount, minimum > maximum {
            throw .invalid("minimum_amount of \(minimum) lies above maximum_amount of \(maximum)")
        }
        return price
    }

    /// A percentage is of the quantities of single events: of what only counts or compares them there is none.
    private func checkPercentage(of feature: Feature) throws(Refusal) {
        guard percentage != nil || currencyPrices?.contains(where: { $0.percentage != nil }) == true else { return }
        guard priceBehavior == .payAsYouGo else {
            throw .invalid("percentage is for price_behavior pay_as_you_go")
        }
        guard feature.type == .event, (feature.measure?.aggregation ?? .sum) == .sum else {
            throw .invalid("percentage is for event features that sum, \"\(feature.name)\" does not")
        }
        let areMixed = unitPrices.areGiven || currencyPrices?.contains { $0.unitPrices.areGiven } == true
        guard !areMixed, packageSize ?? 1 == 1, freeQuantity ?? 0 == 0 else {
            throw .invalid("percentage takes the place of unit prices, package_size and free_quantity")
        }
    }
}

extension EntitlementInput.UnitPrices {
    /// The price of each interval, and where it was given.
    fileprivate var byInterval: [(PriceInterval, String, Decimal?)] {
        let own: [(PriceInterval, String, Decimal?)] = [
            (.monthly, "monthly_unit_price", monthly), (.quarterly, "quarterly_unit_price", quarterly),
            (.yearly, "yearly_unit_price", yearly),
        ]
        let given = own.filter { $0.2 != nil }
        return given.count == 1 ? own.map { ($0.0, given[0].1, given[0].2) } : own
    }

    var areGiven: Bool { monthly != nil || quarterly != nil || yearly != nil }
}

extension EntitlementInput.Tiers {
    /// The tiers of each interval, and where they were given.
    fileprivate var byInterval: [(PriceInterval, String, [PriceTier]?)] {
        let own: [(PriceInterval, String, [PriceTier]?)] = [
            (.monthly, "monthly_price_tiers", monthly), (.quarterly, "quarterly_price_tiers", quarterly),
            (.yearly, "yearly_price_tiers", yearly),
        ]
        return own.map { $0.2 == nil ? ($0.0, "price_tiers", all) : $0 }
    }

    var areGiven: Bool { all != nil || monthly != nil || quarterly != nil || yearly != nil }
}

extension TierMode {
    fileprivate func model(of tiers: [PriceTier], flatAtZero: Bool) -> PriceModel {
        switch self {
        case .graduated: .graduated(tiers: tiers, flatAtZero: flatAtZero)
        case .volume: .volume(tiers: tiers, flatAtZero: flatAtZero)
        }
    }
}

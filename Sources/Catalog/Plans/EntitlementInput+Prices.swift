internal import Model

extension EntitlementInput {
    /// The price of the feature's use for each of the three common intervals that one is given for.
    func priceModels(for feature: Feature) throws(Refusal) -> [(PriceInterval, PriceModel)] {
        guard let priceBehavior else { return [] }
        guard feature.type != .boolean else {
            throw .invalid("a price is for event and trait features, \"\(feature.name)\" is a boolean feature")
        }
        let candidates: [(PriceInterval, PriceModel?)]
        switch priceBehavior {
        case .payInAdvance, .payAsYouGo:
            candidates = unitPrices.byInterval.map { interval, unit in (interval, unit.map { .perUnit(unit: $0) }) }
        case .overage:
            guard let softLimit else { throw .invalid("price_behavior overage needs a soft_limit") }
            candidates = unitPrices.byInterval.map { interval, unit in
                (interval, unit.map { .overage(included: Decimal(softLimit), unit: $0) })
            }
        case .tier:
            guard let tierMode else { throw .invalid("price_behavior tier needs a tier_mode") }
            candidates = tiers.byInterval.map { interval, tiers in
                (interval, tiers.map { tierMode.model(of: $0, flatAtZero: flatAtZero) })
            }
        }
        let models = candidates.compactMap { interval, model in model.map { (interval, $0) } }
        guard !models.isEmpty else {
            let need = priceBehavior == .tier ? "price tiers" : "a unit price"
            throw .invalid("price_behavior \(priceBehavior.rawValue) needs \(need)")
        }
        for (interval, model) in models {
            if let refusal = model.refusal {
                throw .invalid("the price of \"\(feature.name)\" for a \(interval.text) cannot be used: \(refusal)")
            }
        }
        return models
    }
}

extension EntitlementInput.UnitPrices {
    fileprivate var byInterval: [(PriceInterval, Decimal?)] {
        let given = [monthly, quarterly, yearly].compactMap { $0 }
        let only = given.count == 1 ? given[0] : nil
        return [(.monthly, monthly ?? only), (.quarterly, quarterly ?? only), (.yearly, yearly ?? only)]
    }

    var areGiven: Bool { monthly != nil || quarterly != nil || yearly != nil }
}

extension EntitlementInput.Tiers {
    fileprivate var byInterval: [(PriceInterval, [PriceTier]?)] {
        [(.monthly, monthly ?? all), (.quarterly, quarterly ?? all), (.yearly, yearly ?? all)]
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

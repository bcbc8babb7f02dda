internal import Plain
internal import Tollgate

/// Features, plans and prices in the engine's words. Made without trouble.
extension World {
    func add(_ feature: Plain.Feature) async throws {
        let type: FeatureType = feature.event != nil ? .event : feature.trait != nil ? .trait : .boolean
        var create = CreateFeature(name: feature.key, description: "", type: type)
        create.eventSubtype = feature.event
        if let trait = feature.trait {
            create.traitID = try await run(
                DefineTrait(entityType: .company, hierarchy: [trait], traitType: .number)
            ).id
        }
        catalog.features.append((feature, try await run(create).id))
    }

    func addPlan(_ version: Version, isAddOn: Bool) async throws {
        let number = catalog.plans.count
        let create = CreatePlan(name: "plan \(number)", type: isAddOn ? .addOn : .plan)
        catalog.plans.append(try await run(create).id)
        if isAddOn { catalog.addOns.insert(number) }
        catalog.versions.append([])
        try await publish(version, of: number)
    }

    func setPlanGroup(initial: Int?, fallback: Int?, expiry: Int?, billsChangesAtOnce: Bool) async throws {
        var group = SetPlanGroup()
        group.planIDs = catalog.plans.indices.filter { !catalog.addOns.contains($0) }.map { catalog.plans[$0] }
        group.addOnIDs = catalog.addOns.sorted().map { catalog.plans[$0] }
        var settings = PlanGroupSettings()
        if billsChangesAtOnce { settings.prorationBehavior = .invoiceImmediately }
        settings.trialExpiryPlanID = expiry.map { catalog.plans[$0] }
        group.settings = settings
        group.initialPlanID = initial.map { catalog.plans[$0] }
        group.fallbackPlanID = fallback.map { catalog.plans[$0] }
        _ = try await run(group)
    }

    func publish(_ version: Version, of plan: Int) async throws {
        let planID = catalog.plans[plan]
        var billing = SetBillingProduct(planID: planID, chargeType: version.base == nil ? .free : .recurring)
        billing.prices =
            version.base.map { base in
                [PriceInput(interval: base.interval.words, amount: Int64(base.amount), currency: .usd)]
            } ?? []
        billing.isTrialable = version.base != nil
        let draft = try await run(billing)
        let copied = try engine.read(environment) { view in
            try draft.entitlementIDs.compactMap { try view.get($0) }
        }
        for old in copied where !version.terms.contains(where: { catalog.features[$0.feature].id == old.featureID }) {
            _ = try await run(DeletePlanEntitlement(entitlementID: old.id))
        }
        var ahead: [Int: Identifier<Model.Price>] = [:]
        for terms in version.terms {
            let featureID = catalog.features[terms.feature].id
            let input = input(for: terms)
            let made: PlanEntitlement
            if let old = copied.first(where: { $0.featureID == featureID }) {
                made = try await run(UpdatePlanEntitlement(entitlementID: old.id, input: input))
            } else {
                made = try await run(CreatePlanEntitlement(planID: planID, featureID: featureID, input: input))
            }
            guard terms.price?.isAhead == true, let base = version.base else { continue }
            ahead[terms.feature] = made.meteredPrices.first { $0.interval == base.interval.words }?.id
        }
        _ = try await run(PublishPlanVersion(versionID: draft.id, migrationStrategy: .leave))
        catalog.versions[plan].append(WorldVersion(id: draft.id, aheadPrices: ahead))
    }

    private func input(for terms: Terms) -> EntitlementInput {
        var input = EntitlementInput(valueType: terms.allowance.type)
        input.valueBool = terms.allowance.bool
        input.valueNumeric = terms.allowance.limit
        (input.metricPeriod, input.metricPeriodMonthReset) = terms.span.words
        switch terms.price {
        case nil: break
        case .perUnit(let unit):
            input.priceBehavior = .payAsYouGo
            input.unitPrices = .init(monthly: money(unit))
        case .overage(let included, let unit):
            input.priceBehavior = .overage
            input.softLimit = Int64(included)
            input.unitPrices = .init(monthly: money(unit))
        case .graduated(let tiers):
            input.priceBehavior = .tier
            input.tierMode = .graduated
            input.tiers = .init(all: tiers.map(priceTier))
        case .volume(let tiers):
            input.priceBehavior = .tier
            input.tierMode = .volume
            input.tiers = .init(all: tiers.map(priceTier))
        case .ahead(let quantity, let unit):
            input.valueNumeric = nil
            input.priceBehavior = .payInAdvance
            input.usageQuantity = Int64(quantity)
            input.unitPrices = .init(monthly: money(unit))
        }
        input.minimumAmount = terms.minimum.map { Int64($0) }
        input.maximumAmount = terms.maximum.map { Int64($0) + (mutant == .maximumOff ? 1 : 0) }
        input.billingThreshold = terms.threshold.map { Int64($0) * (mutant == .thresholdOff ? 2 : 1) }
        if let cadence = terms.cadence {
            input.overageCadence = cadence.months == 1 ? .monthly : .quarterly
            input.overageAnchor = cadence.isOfCalendar ? .monthEnd : .billingPeriodStart
        }
        return input
    }

    private func priceTier(_ tier: Tier) -> PriceTier {
        let off: Int64 = mutant == .tierOff ? 1 : 0
        return PriceTier(
            upTo: tier.upTo.map { Decimal(Int64($0) + off) }, unitAmount: money(tier.unit),
            flatAmount: money(tier.flat))
    }

    /// Minor units from hundredths of them.
    private func money(_ hundredths: Int) -> Decimal {
        Decimal(coefficient: Int128(hundredths), scale: 2)!
    }

    func value(for terms: Terms) -> EntitlementValue {
        var value = EntitlementValue(type: terms.allowance.type)
        value.bool = terms.allowance.bool
        value.numeric = terms.allowance.limit
        (value.metricPeriod, value.metricPeriodMonthReset) = terms.span.words
        return value
    }
}

extension Allowance {
    fileprivate var type: EntitlementValueType {
        switch self {
        case .off, .on: .boolean
        case .limited: .numeric
        case .unlimited: .unlimited
        }
    }

    fileprivate var bool: Bool? {
        switch self {
        case .off: false
        case .on: true
        case .limited, .unlimited: nil
        }
    }

    fileprivate var limit: Int64? { if case .limited(let limit) = self { Int64(limit) } else { nil } }
}

extension Span? {
    fileprivate var words: (MetricPeriod?, MetricPeriodMonthReset?) {
        switch self {
        case nil: (nil, nil)
        case .allTime: (.allTime, nil)
        case .day: (.currentDay, nil)
        case .week: (.currentWeek, nil)
        case .month: (.currentMonth, .firstOfMonth)
        case .cycle: (.currentMonth, .billingCycle)
        }
    }
}

extension Interval {
    fileprivate var words: PriceInterval {
        switch self {
        case .days(let count) where count % 7 == 0: PriceInterval(.week, count: Int64(count / 7))
        case .days(let count): PriceInterval(.day, count: Int64(count))
        case .months(12): .yearly
        case .months(let count): PriceInterval(.month, count: Int64(count))
        }
    }
}

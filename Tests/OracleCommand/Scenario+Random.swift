internal import Basics
internal import Entitlements
internal import Model
internal import TestSupport

/// Random scenarios in which the vendor's engine and ours have to agree: where they are known to differ is left out
/// here, and each such case stands in the acceptance test's table.
extension Scenario {
    init(_ random: inout SplitMix) {
        self.init(random.one(FeatureType.allCases))
        now = Timestamp(milliseconds: Int64.random(in: 1_700_000_000_000...1_900_000_000_000, using: &random))
        for (place, type) in TraitType.allCases.enumerated() {
            for (shift, entity) in [EntityType.company, .company, .user, .user].enumerated() {
                define(UInt64(place * 4 + shift + 1), type, of: entity)
            }
        }
        if feature.type == .trait { feature.traitID = random.one(traits(of: .company, .number)) }
        flag.defaultValue = Bool.random(using: &random)
        preflight = random.preflight()
        if !random.chance(1, of: 10) { company = randomCompany(&random) }
        if random.chance(1, of: 2) { user = randomTraits(of: .user, &random) }
        let count = random.one([0, 1, 2, 4, 8])
        flag.rules = (0..<count).map { randomRule($0, &random) }
    }

    private func traits(of entity: EntityType, _ type: TraitType) -> [Identifier<TraitDefinition>] {
        definitions.values.filter { $0.entityType == entity && $0.traitType == type }.map(\.id).sorted()
    }

    private func randomTraits(of entity: EntityType, _ random: inout SplitMix) -> TraitTexts {
        var texts: TraitTexts = [:]
        for definition in definitions.values.sorted(by: { $0.id < $1.id }) where definition.entityType == entity {
            if !random.chance(1, of: 5) { texts[definition.id] = random.text(definition.traitType) }
        }
        return texts
    }

    private func randomCompany(_ random: inout SplitMix) -> Company {
        var company = Company()
        if !random.chance(1, of: 5) { company.basePlanID = .init(ordinal: 1) }
        company.addOnIDs = random.some([2, 3]).map { Identifier(ordinal: $0) }
        let plans = (company.basePlanID.map { [$0] } ?? []) + company.addOnIDs
        company.versionIDs = plans.map { Identifier(ordinal: $0.ordinal) }
        company.productIDs = random.some(["prod_1", "prod_2"])
        company.traits = randomTraits(of: .company, &random)
        for plan in plans where random.chance(1, of: 4) {
            company.entitlements.append(randomEntitlement(plan, &random))
            company.purchased[company.entitlements.last!.id] = random.one([nil, 2, 6])
        }
        if random.chance(1, of: 4) {
            company.override = CompanyOverride(
                id: .init(ordinal: 1), companyID: Self.companyID, featureID: feature.id, value: randomValue(&random),
                ruleID: .init(ordinal: 1000), usageExceededRuleID: .init(ordinal: 1001), createdAt: now)
        }
        // The vendor's engine does not know that a period which has ended is followed by another one.
        if random.chance(2, of: 3) {
            let start = now - .days(Int64.random(in: -60...300, using: &random))
            let end = max(start, now) + .days(Int64.random(in: 1...200, using: &random))
            company.period = Period(start: start, end: end)
        }
        for event in Self.meters.keys.sorted() {
            for span in UsageSpan.allCases where !random.chance(1, of: 4) {
                company.counters[Counter(event: event, span: span)] = Int64.random(in: -2...9, using: &random)
            }
        }
        return company
    }

    private func randomEntitlement(_ plan: Identifier<Plan>, _ random: inout SplitMix) -> PlanEntitlement {
        var entitlement = PlanEntitlement(
            id: .init(ordinal: plan.ordinal), planID: plan, versionID: .init(ordinal: plan.ordinal),
            featureID: feature.id, value: randomValue(&random), ruleID: .init(ordinal: plan.ordinal * 10),
            usageExceededRuleID: .init(ordinal: plan.ordinal * 10 + 1), createdAt: now)
        if feature.type != .boolean, random.chance(1, of: 3) {
            entitlement.priceBehavior = random.one(PriceBehavior.allCases)
            entitlement.usageQuantity = random.one([nil, 4])
        }
        return entitlement
    }

    private func randomValue(_ random: inout SplitMix) -> EntitlementValue {
        let types: [EntitlementValueType] = [.numeric, .numeric, .trait, .unlimited, .boolean]
        var value = EntitlementValue(type: feature.type == .boolean ? .boolean : random.one(types))
        switch value.type {
        case .boolean: value.bool = Bool.random(using: &random)
        case .numeric: value.numeric = Int64.random(in: 0...8, using: &random)
        case .trait: value.traitID = random.one(traits(of: .company, .number))
        case .unlimited: break
        }
        if feature.type == .event { (value.metricPeriod, value.metricPeriodMonthReset) = random.period() }
        return value
    }

    private func randomRule(_ place: Int, _ random: inout SplitMix) -> Rule {
        let type = random.chance(1, of: 6) ? random.one([RuleType.default, .default, .globalOverride]) : .standard
        let groups = (0..<random.one([0, 0, 1, 2])).map { group in
            ConditionGroup(
                id: .init(ordinal: UInt64(group + 1)),
                conditions: (0..<random.one([1, 2, 3])).map { _ in randomCondition(&random) })
        }
        return Rule(
            id: .init(ordinal: UInt64(100 + place)), type: type, name: "Rule \(place)",
            priority: random.one([-1, 0, 0, 1, 2]), value: Bool.random(using: &random),
            conditions: (0..<random.one([0, 1, 1, 2])).map { _ in randomCondition(&random) },
            conditionGroups: groups, createdAt: now)
    }

    /// Credits have no conditions yet.
    private func randomCondition(_ random: inout SplitMix) -> Condition {
        let type = random.one(ConditionType.allCases.filter { $0 != .credit })
        let comparison =
            switch type {
            case .metric, .trait: random.one(ComparableOperator.allCases)
            case .basePlan: random.one([ComparableOperator.eq, .ne, .isEmpty, .notEmpty])
            default: random.one([ComparableOperator.eq, .ne])
            }
        var condition = Condition(id: .init(ordinal: 1), type: type, operator: comparison)
        func ids<Noun: Identified>(_: Noun.Type) -> [String] {
            let ordinals: [UInt64] = [1, 2, 3, 9]
            return [Identifier<Noun>(ordinal: random.one(ordinals)), Identifier(ordinal: random.one(ordinals))]
                .map(\.description)
        }
        switch type {
        case .company: condition.resourceIDs = ids(Model.Company.self)
        case .user: condition.resourceIDs = ids(User.self)
        case .plan, .basePlan: condition.resourceIDs = ids(Plan.self)
        case .planVersion: condition.resourceIDs = ids(PlanVersion.self)
        case .billingProduct: condition.resourceIDs = [random.one(["prod_1", "prod_2", "prod_9"])]
        case .metric: fillMetric(&condition, &random)
        case .trait: fillTrait(&condition, &random)
        case .credit: break
        }
        if let agreed = agreedOperator(of: condition, &random) { condition.operator = agreed }
        return condition
    }

    private func fillMetric(_ condition: inout Condition, _ random: inout SplitMix) {
        condition.eventSubtype = random.one(Self.meters.keys.sorted())
        (condition.metricPeriod, condition.metricPeriodMonthReset) = random.period()
        condition.metricValue = Int64.random(in: -2...8, using: &random)
        if random.chance(1, of: 3) { condition.comparisonTraitID = random.one(traits(of: .company, .number)) }
    }

    private func fillTrait(_ condition: inout Condition, _ random: inout SplitMix) {
        let type = random.one(TraitType.allCases)
        let entity = random.one(EntityType.allCases)
        condition.traitID = random.one(traits(of: entity, type))
        condition.traitValue = random.text(type)
        if random.chance(1, of: 3) { condition.comparisonTraitID = random.one(traits(of: entity, type)) }
    }

    /// Another operator, where the two engines are known to disagree on what is empty.
    private func agreedOperator(of condition: Condition, _ random: inout SplitMix) -> ComparableOperator? {
        guard condition.operator == .isEmpty || condition.operator == .notEmpty else { return nil }
        let others: [ComparableOperator] = [.eq, .ne, .gt, .gte, .lt, .lte]
        if let event = condition.eventSubtype {
            let span = UsageSpan(condition.metricPeriod, monthReset: condition.metricPeriodMonthReset)
            let used = company?.counters[Counter(event: event, span: span)] ?? 0
            return used < 0 ? random.one(others) : nil
        }
        guard let trait = condition.traitID, let definition = definitions[trait] else { return nil }
        let text = (definition.entityType == .user ? user : company?.traits)?[trait] ?? ""
        let agree =
            switch definition.traitType {
            case .boolean: !text.isEmpty
            case .date: text.isEmpty || text.hasSuffix("Z")
            case .number, .currency: text.isEmpty ? preflight == .none : Int64(text)! > 0
            case .string, .url: true
            }
        return agree ? nil : random.one(others)
    }
}

extension SplitMix {
    fileprivate mutating func one<Element>(_ elements: [Element]) -> Element {
        elements.randomElement(using: &self)!
    }

    fileprivate mutating func some<Element>(_ elements: [Element]) -> [Element] {
        elements.filter { _ in chance(1, of: 2) }
    }

    fileprivate mutating func chance(_ count: Int, of all: Int) -> Bool {
        Int.random(in: 0..<all, using: &self) < count
    }

    fileprivate mutating func period() -> (MetricPeriod?, MetricPeriodMonthReset?) {
        let period = one([nil] + MetricPeriod.allCases.map(Optional.some))
        return (period, period == .currentMonth ? one([nil, .firstOfMonth, .billingCycle]) : nil)
    }

    fileprivate mutating func preflight() -> Preflight {
        guard chance(1, of: 3) else { return .none }
        let event = Preflight.EventUsage(
            event: one(["api-call", "login"]), quantity: Int64.random(in: 0...4, using: &self))
        let usage = Int64.random(in: 0...4, using: &self)
        guard let preflight = try? Preflight(usage: usage, eventUsage: chance(1, of: 2) ? event : nil) else {
            preconditionFailure("a preflight of \(usage) and \(event) is not negative")
        }
        return preflight
    }

    /// A trait's text that both engines read alike.
    fileprivate mutating func text(_ type: TraitType) -> String {
        switch type {
        case .boolean: one(["true", "false", "1", "0", "yes"])
        case .currency, .number: one(["-3", "0", "1", "2", "+4", "5"])
        case .date:
            one([
                "2026-08-01T00:00:00Z", "2026-08-01T02:00:00+02:00", "2026-08-01T00:00:00.500Z",
                "2019-01-01T12:00:00Z", "2031-12-31T23:59:59Z", "soon",
            ])
        case .string, .url: one(["", "a", "b", "B", "10", "9", "é", "ÿ", "Ā"])
        }
    }
}

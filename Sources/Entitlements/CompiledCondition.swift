internal import Basics
internal import Model

/// A condition with its ids read, its constant parsed and its trait's type known.
enum CompiledCondition: Sendable {
    case company(ids: NameSet<Identifier<Company>>, negated: Bool)
    case user(ids: NameSet<Identifier<User>>, negated: Bool)
    case plan(ids: NameSet<Identifier<Plan>>, negated: Bool)
    case planVersion(ids: NameSet<Identifier<PlanVersion>>, negated: Bool)
    case billingProduct(ids: NameSet<String>, negated: Bool)
    case basePlan(ids: NameSet<Identifier<Plan>>, ComparableOperator)
    case metric(MetricTest)
    case trait(TraitTest)
    /// What cannot hold: tests of credits, of which nobody has any; of a trait that is not defined or a metric that is
    /// not named.
    case never

    /// Ids that are not of the condition's kind name nothing and are left out.
    init(
        _ condition: Condition, _ definitions: [Identifier<TraitDefinition>: TraitDefinition],
        _ meters: [String: Meter]
    ) {
        func ids<Noun>() -> NameSet<Identifier<Noun>> { NameSet(condition.resourceIDs.compactMap { Identifier($0) }) }
        let isNegated = condition.operator == .ne
        self =
            switch condition.type {
            case .company: .company(ids: ids(), negated: isNegated)
            case .user: .user(ids: ids(), negated: isNegated)
            case .plan: .plan(ids: ids(), negated: isNegated)
            case .planVersion: .planVersion(ids: ids(), negated: isNegated)
            case .billingProduct: .billingProduct(ids: NameSet(condition.resourceIDs), negated: isNegated)
            case .basePlan: .basePlan(ids: ids(), condition.operator)
            case .metric: MetricTest(condition, meters: meters).map(CompiledCondition.metric) ?? .never
            case .trait: TraitTest(condition, definitions: definitions).map(CompiledCondition.trait) ?? .never
            case .credit: .never
            }
    }
}

/// `counter operator limit`.
final class MetricTest: Sendable {
    let event: String
    let meter: Identifier<Meter>
    let span: UsageSpan
    let comparison: ComparableOperator
    let limit: Int64
    /// A company trait whose integer takes the place of `limit`.
    let comparisonTrait: Identifier<TraitDefinition>?

    init?(_ condition: Condition, meters: [String: Meter]) {
        guard let event = condition.eventSubtype, let meter = meters[event]?.id,
            condition.metricValue != nil || condition.comparisonTraitID != nil
        else {
            return nil
        }
        self.event = event
        self.meter = meter
        span = UsageSpan(condition.metricPeriod, monthReset: condition.metricPeriodMonthReset)
        comparison = condition.operator
        limit = condition.metricValue ?? 0
        comparisonTrait = condition.comparisonTraitID
    }

    /// Held units and the preflight count as used. A counter is empty at 0.
    func holds(_ reading: UsageReading, traits: TraitTexts, preflight: Preflight) -> Bool {
        let left = reading.usage.addingSaturated(reading.held).addingSaturated(preflight.extra(of: event))
        let right = comparisonTrait.map { traits.integer($0) } ?? limit
        return switch comparison {
        case .isEmpty: left == 0
        case .notEmpty: left != 0
        default: comparison.holds(equal: left == right, less: left < right)
        }
    }
}

/// `trait operator constant`, or another trait of the same company or user.
final class TraitTest: Sendable {
    let trait: Identifier<TraitDefinition>
    let entityType: EntityType
    let type: ComparableType
    let comparison: ComparableOperator
    let constant: ComparableValue
    let comparisonTrait: Identifier<TraitDefinition>?

    init?(_ condition: Condition, definitions: [Identifier<TraitDefinition>: TraitDefinition]) {
        guard let trait = condition.traitID, let definition = definitions[trait] else { return nil }
        self.trait = trait
        entityType = definition.entityType
        type = ComparableType(definition.traitType)
        comparison = condition.operator
        constant = ComparableValue(condition.traitValue ?? "", as: type)
        comparisonTrait = condition.comparisonTraitID
    }

    /// Only integers grow by held units and the preflight.
    var isCount: Bool { type == .int }

    /// A missing trait reads as "", which is 0, false, no date. `extra` is added to an integer.
    func holds(in traits: TraitTexts, extra: Int64) -> Bool {
        let text = traits[trait] ?? ""
        switch comparison {
        case .isEmpty: return text.isEmpty
        case .notEmpty: return !text.isEmpty
        default: break
        }
        var left = ComparableValue(text, as: type)
        if case .int(let number) = left { left = .int(number.addingSaturated(extra)) }
        let right = comparisonTrait.map { ComparableValue(traits[$0] ?? "", as: type) } ?? constant
        return left.satisfies(comparison, right)
    }
}

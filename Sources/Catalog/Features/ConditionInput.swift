public import Basics
public import Model
internal import Store

/// A condition as people write it. Fields that its type has no use for are dropped.
public struct ConditionInput: Codable, Sendable {
    public var type: ConditionType
    public var `operator`: ComparableOperator
    public var resourceIDs: [String] = []
    public var eventSubtype: String?
    public var metricPeriod: MetricPeriod?
    public var metricPeriodMonthReset: MetricPeriodMonthReset?
    public var metricValue: Int64?
    public var traitID: Identifier<TraitDefinition>?
    public var traitValue: String?
    public var comparisonTraitID: Identifier<TraitDefinition>?

    public init(type: ConditionType, operator: ComparableOperator) {
        self.type = type
        self.operator = `operator`
    }
}

extension ConditionInput {
    /// The condition, once everything that its type needs is there and exists.
    func condition(ofRule rule: String, _ transaction: Transaction) throws -> Condition {
        let check = ConditionCheck(input: self, rule: rule, transaction: transaction)
        try check.operatorFits()
        var condition = Condition(id: transaction.newID(), type: type, operator: `operator`)
        switch type {
        case .company: condition.resourceIDs = try check.resources(Company.self)
        case .user: condition.resourceIDs = try check.resources(User.self)
        case .plan, .basePlan: condition.resourceIDs = try check.resources(Plan.self)
        case .planVersion: condition.resourceIDs = try check.resources(PlanVersion.self)
        case .billingProduct: condition.resourceIDs = try check.resourceNames()
        case .metric: try check.fillMetric(&condition)
        case .trait: try check.fillTrait(&condition)
        case .credit: throw check.refusal("tests credits, which this release does not have")
        }
        return condition
    }
}

/// One condition being checked.
private struct ConditionCheck {
    let input: ConditionInput
    let rule: String
    let transaction: Transaction

    func refusal(_ problem: String) -> Refusal {
        .invalid("a \(input.type.rawValue) condition of rule \"\(rule)\" \(problem)")
    }

    /// Emptiness is asked of one value, everything else compares two.
    private var asksForEmptiness: Bool { input.operator == .isEmpty || input.operator == .notEmpty }

    func operatorFits() throws(Refusal) {
        let allowed: [ComparableOperator] =
            switch input.type {
            case .company, .user, .plan, .planVersion, .billingProduct: [.eq, .ne]
            case .basePlan: [.eq, .ne, .isEmpty, .notEmpty]
            case .metric, .trait, .credit: ComparableOperator.allCases
            }
        guard allowed.contains(input.operator) else {
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            throw refusal("takes the operators \(names), not \(input.operator.rawValue)")
        }
    }

    func resources<R: Record>(_ type: R.Type) throws -> [String] {
        let texts = try resourceNames()
        for text in texts {
            guard let id = Identifier<R>(text), try transaction.get(id) != nil else {
                throw refusal("names \(text), which does not exist")
            }
        }
        return texts
    }

    func resourceNames() throws(Refusal) -> [String] {
        if asksForEmptiness { return [] }
        guard !input.resourceIDs.isEmpty else { throw refusal("needs resource_ids") }
        guard input.resourceIDs.count <= Limits.resourceIDs else {
            throw refusal("names \(input.resourceIDs.count) resources, at most \(Limits.resourceIDs) are allowed")
        }
        for text in input.resourceIDs { try text.check(as: "a resource id") }
        return input.resourceIDs
    }

    func fillMetric(_ condition: inout Condition) throws {
        guard let event = input.eventSubtype else { throw refusal("needs an event_subtype") }
        guard input.metricPeriodMonthReset == nil || input.metricPeriod == .currentMonth else {
            throw refusal("has a metric_period_month_reset, which only current_month knows")
        }
        if let trait = input.comparisonTraitID { try checkTrait(trait, of: .company) }
        guard input.metricValue != nil || input.comparisonTraitID != nil || asksForEmptiness else {
            throw refusal("needs a metric_value or a comparison trait")
        }
        _ = try Meters.ensure(transaction, eventSubtype: event)
        condition.eventSubtype = event
        condition.metricPeriod = input.metricPeriod
        condition.metricPeriodMonthReset = input.metricPeriodMonthReset
        condition.metricValue = input.metricValue ?? 0
        condition.comparisonTraitID = input.comparisonTraitID
    }

    func fillTrait(_ condition: inout Condition) throws {
        guard let trait = input.traitID else { throw refusal("needs a trait_id") }
        let definition = try transaction.require(trait, "trait")
        if definition.traitType == .boolean, ![.eq, .ne, .isEmpty, .notEmpty].contains(input.operator) {
            throw refusal(
                "compares the boolean trait \"\(definition.displayName)\", which takes eq, ne, is_empty and "
                    + "not_empty only"
            )
        }
        if let other = input.comparisonTraitID { try checkTrait(other, of: definition.entityType) }
        guard input.traitValue != nil || input.comparisonTraitID != nil || asksForEmptiness else {
            throw refusal("needs a trait_value or a comparison trait")
        }
        try input.traitValue?.checkOptional(as: "a trait value")
        condition.traitID = trait
        condition.traitValue = input.traitValue
        condition.comparisonTraitID = input.comparisonTraitID
    }

    private func checkTrait(_ id: Identifier<TraitDefinition>, of type: EntityType) throws {
        let definition = try transaction.require(id, "trait")
        guard definition.entityType == type else {
            throw refusal("compares with \"\(definition.displayName)\", a trait of \(definition.entityType.plural)")
        }
    }
}

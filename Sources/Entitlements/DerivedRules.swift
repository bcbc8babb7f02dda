package import Basics
package import Model

/// Entitlements and overrides as rules: what `GET /flags/{id}` shows. Deciding a flag gives what evaluating these would
/// give.
///
/// With a limit there are two rules: yes while usage < limit, and no from usage ≥ limit on. Without one there is the
/// first only. Rule: Schematic, "Features, flags, rules".
extension PlanEntitlement {
    /// `purchased` is the quantity that one company has bought ahead; nil shows the quantity of those who name none.
    package func rules(for feature: Feature, purchased: Int64? = nil) -> [Rule] {
        derivedRules(
            GrantTerms(self, feature: feature), feature, holder: (.planVersion, versionID.description),
            purchased: purchased ?? usageQuantity ?? 0, dates: (createdAt, updatedAt))
    }
}

extension CompanyOverride {
    /// An expired override has no rules: no condition could say that, so ask for live ones only.
    package func rules(for feature: Feature) -> [Rule] {
        derivedRules(
            GrantTerms(self, feature: feature), feature, holder: (.company, companyID.description),
            purchased: 0, dates: (createdAt, updatedAt))
    }
}

extension Grant {
    /// The rules by which this grant decides for one company, with that company's own limit in them.
    package func rules(for feature: Feature, of company: Identifier<Company>) -> [Rule] {
        let epoch = Timestamp(milliseconds: 0)
        return derivedRules(
            terms, feature, event: feature.counterName, holder: (.company, company.description),
            purchased: allocation.limit ?? 0, dates: (epoch, epoch))
    }
}

/// `event` names the feature's counter; nil for the event's own name.
private func derivedRules(
    _ terms: GrantTerms, _ feature: Feature, event: String? = nil, holder: (type: ConditionType, id: String),
    purchased: Int64,
    dates: (created: Timestamp, updated: Timestamp)
) -> [Rule] {
    func rule(_ face: RuleFace, value: Bool, limit: Condition?) -> Rule {
        var belongs = Condition(id: conditionID(0, of: face.id), type: holder.type, operator: .eq)
        belongs.resourceIDs = [holder.id]
        var rule = Rule(
            id: face.id, type: face.type, name: face.name, priority: 0, value: value,
            conditions: [belongs] + (limit.map { [$0] } ?? []), conditionGroups: [], createdAt: dates.created)
        rule.updatedAt = dates.updated
        return rule
    }
    func limit(
        _ comparison: ComparableOperator, of face: RuleFace, constant: Int64, trait: Identifier<TraitDefinition>?
    )
        -> Condition
    {
        let id = conditionID(1, of: face.id)
        var condition: Condition
        if feature.type.isMeteredByTrait, let counted = feature.traitID {
            condition = Condition(id: id, type: .trait, operator: comparison)
            condition.traitID = counted
            condition.traitValue = String(constant)
        } else {
            condition = Condition(id: id, type: .metric, operator: comparison)
            condition.eventSubtype = event ?? feature.eventSubtype
            condition.metricPeriod = terms.value.metricPeriod
            condition.metricPeriodMonthReset = terms.value.metricPeriodMonthReset
            // Engines refuse a metric condition without a value, even where a trait takes its place.
            condition.metricValue = constant
        }
        condition.comparisonTraitID = trait
        return condition
    }
    func pair(constant: Int64, trait: Identifier<TraitDefinition>? = nil) -> [Rule] {
        let (yes, no) = (terms.rule, terms.usageExceededRule)
        return [
            rule(yes, value: true, limit: limit(.lt, of: yes, constant: constant, trait: trait)),
            rule(no, value: false, limit: limit(.gte, of: no, constant: constant, trait: trait)),
        ]
    }
    return switch LimitOrigin(terms.value, terms.priceBehavior) {
    case .switched(let isOn): [rule(terms.rule, value: isOn, limit: nil)]
    case .constant(let constant): pair(constant: constant)
    case .purchased: pair(constant: purchased)
    case .trait(let trait): pair(constant: 0, trait: trait)
    case .none: [rule(terms.rule, value: true, limit: nil)]
    }
}

/// Derived conditions are not stored, so their ids follow from the rule's. The top bit keeps them apart from stored
/// ones.
private func conditionID(_ place: UInt64, of rule: Identifier<Rule>) -> Identifier<Condition> {
    Identifier(ordinal: rule.ordinal << 3 | place | 1 << 63)
}

internal import Basics
internal import Model
internal import Tollgate

struct FlagResponseData: WireObject {
    let flag: Flag

    func writeFields(to json: inout JSONWriter) {
        json.field("id", flag.id)
        json.field("key", flag.key)
        json.field("name", flag.name)
        json.field("description", flag.description)
        json.field("flag_type", "boolean")
        json.field("default_value", flag.defaultValue)
        json.field("feature_id", flag.featureID)
        json.field("maintainer_account_member_id", flag.maintainerAccountMemberID)
        json.field("created_at", flag.createdAt)
        json.field("updated_at", flag.updatedAt)
    }
}

/// `FlagDetailResponseData`, and with the same fields `FlagInPlanResponseData`.
struct FlagDetailResponseData: WireObject {
    let flag: Flag
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        FlagResponseData(flag: flag).writeFields(to: &json)
        json.field("feature", flag.featureID.flatMap { view.get($0) }.map(FeatureResponseData.init))
        json.field("last_checked_at", view.lastCheck(of: flag))
        json.field("rules", RuleDetailResponseData.all(of: flag, view))
    }
}

struct RulesDetailResponseData: WireObject {
    let flag: Flag
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("flag", FlagResponseData(flag: flag))
        json.field("rules", RuleDetailResponseData.all(of: flag, view))
    }
}

extension RuleDetailResponseData {
    static func all(of flag: Flag, _ view: WireView) -> [RuleDetailResponseData] {
        view.rules(of: flag).map { RuleDetailResponseData(rule: $0, flag: flag, view: view) }
    }
}

struct RuleDetailResponseData: WireObject {
    let rule: Rule
    let flag: Flag
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", rule.id)
        json.field("flag_id", flag.id)
        json.field("environment_id", view.environment.id)
        json.field("rule_type", rule.type)
        json.field("name", rule.name)
        json.field("priority", rule.priority)
        json.field("value", rule.value)
        json.field("conditions", rule.conditions.map { condition($0) })
        json.field("condition_groups") { json in
            json.array { json in
                for group in rule.conditionGroups { write(group, to: &json) }
            }
        }
        json.field("created_at", rule.createdAt)
        json.field("updated_at", rule.updatedAt)
    }

    /// RuleConditionGroupDetailResponseData
    private func write(_ group: ConditionGroup, to json: inout JSONWriter) {
        json.object {
            $0.field("id", group.id)
            $0.field("rule_id", rule.id)
            $0.field("flag_id", flag.id)
            $0.field("environment_id", view.environment.id)
            $0.field("conditions", group.conditions.map { condition($0, in: group.id) })
            $0.field("created_at", rule.createdAt)
            $0.field("updated_at", rule.updatedAt)
        }
    }

    private func condition(
        _ condition: Condition, in group: Identifier<ConditionGroup>? = nil
    ) -> RuleConditionDetailResponseData {
        RuleConditionDetailResponseData(condition: condition, groupID: group, rule: rule, flag: flag, view: view)
    }
}

struct RuleConditionDetailResponseData: WireObject {
    let condition: Condition
    let groupID: Identifier<ConditionGroup>?
    let rule: Rule
    let flag: Flag
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let trait = condition.traitID.flatMap { view.get($0) }
        let comparisonTrait = condition.comparisonTraitID.flatMap { view.get($0) }
        json.field("id", condition.id)
        json.field("rule_id", rule.id)
        json.field("flag_id", flag.id)
        json.field("environment_id", view.environment.id)
        json.field("condition_group_id", groupID)
        json.field("condition_type", condition.type)
        json.field("operator", condition.operator)
        json.field("resource_ids", condition.resourceIDs)
        json.field("resources", condition.resourceIDs.compactMap { view.preview($0) })
        if condition.type == .planVersion {
            let versions = condition.resourceIDs.compactMap { Identifier<PlanVersion>($0) }.compactMap { view.get($0) }
            json.field("plan_versions", versions.map { RuleConditionPlanVersionResponseData(version: $0, view: view) })
        }
        json.field("event_subtype", condition.eventSubtype)
        json.field("metric_period", condition.metricPeriod)
        json.field("metric_period_month_reset", condition.metricPeriodMonthReset)
        json.field("metric_value", condition.metricValue)
        json.field("trait_id", condition.traitID)
        json.field("trait", trait.map(EntityTraitDefinitionResponseData.init))
        json.field("trait_entity_type", trait?.entityType)
        json.field("trait_value", condition.traitValue ?? "")
        json.field("comparison_trait_id", condition.comparisonTraitID)
        json.field("comparison_trait", comparisonTrait.map(EntityTraitDefinitionResponseData.init))
        json.field("created_at", rule.createdAt)
        json.field("updated_at", rule.updatedAt)
    }
}

struct RuleConditionPlanVersionResponseData: WireObject {
    let version: PlanVersion
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", version.id)
        json.field("name", view.get(version.planID)?.name ?? "")
        json.field("status", version.status)
        json.field("version", version.number)
    }
}

extension WireView {
    /// What a condition names by id, if it still exists.
    fileprivate func preview(_ id: String) -> PreviewObject? {
        if let company = Identifier<Company>(id).flatMap({ get($0) }) {
            return PreviewObject(id: id, name: company.name)
        }
        if let user = Identifier<User>(id).flatMap({ get($0) }) { return PreviewObject(id: id, name: user.name) }
        if let plan = Identifier<Plan>(id).flatMap({ get($0) }) { return PreviewObject(id: id, name: plan.name) }
        guard let version = Identifier<PlanVersion>(id).flatMap({ get($0) }) else { return nil }
        return PreviewObject(id: id, name: get(version.planID).map { "\($0.name) v\(version.number)" } ?? id)
    }
}

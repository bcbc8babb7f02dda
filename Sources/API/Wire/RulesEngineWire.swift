internal import Basics
internal import Entitlements
internal import Model
internal import NIOCore
internal import Tollgate

/// A flag as other engines decide it: `rulesengine.Flag`, with the rules that people wrote. Those of entitlements and
/// overrides come with each company.
struct RulesEngineFlag: WireObject {
    let flag: Flag
    let environment: EnvironmentID
    let definitions: [Identifier<TraitDefinition>: TraitDefinition]

    func writeFields(to json: inout JSONWriter) {
        json.field("id", flag.id)
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("key", flag.key)
        json.field("default_value", flag.defaultValue)
        json.field(
            "rules",
            flag.rules.map {
                RulesEngineRule(rule: $0, flagID: flag.id, environment: environment, definitions: definitions)
            })
    }
}

/// `rulesengine.Rule`
struct RulesEngineRule: WireObject {
    let rule: Rule
    let flagID: Identifier<Flag>
    let environment: EnvironmentID
    let definitions: [Identifier<TraitDefinition>: TraitDefinition]

    func writeFields(to json: inout JSONWriter) {
        json.field("id", rule.id)
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("flag_id", flagID)
        json.field("name", rule.name)
        json.field("rule_type", rule.type)
        json.field("priority", rule.priority)
        json.field("value", rule.value)
        json.field("conditions", rule.conditions.map(condition))
        json.field("condition_groups") { json in
            json.array { json in
                for group in rule.conditionGroups {
                    json.object { $0.field("conditions", group.conditions.map(condition)) }
                }
            }
        }
    }

    private func condition(_ condition: Condition) -> RulesEngineCondition {
        RulesEngineCondition(condition: condition, environment: environment, definitions: definitions)
    }
}

/// `rulesengine.Condition`. Engines tell a field that is null from one that is absent, so what has no value is left
/// away.
struct RulesEngineCondition: WireObject {
    let condition: Condition
    let environment: EnvironmentID
    let definitions: [Identifier<TraitDefinition>: TraitDefinition]

    func writeFields(to json: inout JSONWriter) {
        let trait = condition.traitID.flatMap { definitions[$0] }
        json.field("id", condition.id)
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("condition_type", condition.type)
        json.field("operator", condition.operator)
        json.field("resource_ids", condition.resourceIDs)
        json.field("trait_value", plain(condition.traitValue ?? "", like: trait))
        if let event = condition.eventSubtype {
            let span = UsageSpan(condition.metricPeriod, monthReset: condition.metricPeriodMonthReset)
            json.field("event_subtype", event)
            json.field("metric_period", span.period)
            json.field("metric_period_month_reset", span.monthReset ?? .firstOfMonth)
        }
        if let limit = condition.metricValue { json.field("metric_value", limit) }
        if let trait { json.field("trait_definition", RulesEngineTraitDefinition(definition: trait)) }
        if let trait = condition.comparisonTraitID.flatMap({ definitions[$0] }) {
            json.field("comparison_trait_definition", RulesEngineTraitDefinition(definition: trait))
        }
    }

    private func plain(_ text: String, like trait: TraitDefinition?) -> String {
        trait.map { $0.traitType.plain(text) } ?? text
    }
}

/// `rulesengine.TraitDefinition`
struct RulesEngineTraitDefinition: WireObject {
    let definition: TraitDefinition

    func writeFields(to json: inout JSONWriter) {
        json.field("id", definition.id)
        json.field("comparable_type", comparableType)
        json.field("entity_type", definition.entityType)
    }

    private var comparableType: String {
        switch definition.traitType {
        case .boolean: "bool"
        case .date: "date"
        case .number, .currency: "int"
        case .string, .url: "string"
        }
    }
}

/// `rulesengine.Trait`
struct RulesEngineTrait: WireObject {
    let trait: (definition: TraitDefinition, text: String)

    func writeFields(to json: inout JSONWriter) {
        json.field("trait_definition", RulesEngineTraitDefinition(definition: trait.definition))
        json.field("value", trait.text)
    }
}

/// `rulesengine.CompanyMetric`
struct RulesEngineMetric: WireObject {
    let metric: CompanyUse.Metric
    let company: Identifier<Company>
    let environment: EnvironmentID
    let createdAt: Timestamp

    func writeFields(to json: inout JSONWriter) {
        json.field("account_id", Account.id)
        json.field("environment_id", environment)
        json.field("company_id", company)
        json.field("event_subtype", metric.event)
        json.field("period", metric.span.period)
        json.field("month_reset", metric.span.monthReset ?? .firstOfMonth)
        json.field("value", metric.value)
        json.field("created_at", createdAt)
        if let end = metric.resetsAt { json.field("valid_until", end) }
    }
}

/// `rulesengine.User`
struct RulesEngineUser: WireObject {
    let picture: UserPicture

    func writeFields(to json: inout JSONWriter) {
        json.field("id", picture.user.id)
        json.field("account_id", Account.id)
        json.field("environment_id", picture.user.environmentID)
        json.field("keys", picture.user.keys.named)
        json.field("traits", picture.traits.map(RulesEngineTrait.init))
        json.emptyLists("rules")
    }
}

extension [EntityKey] {
    var named: [String: String] { Dictionary(map { ($0.name, $0.value) }) { _, last in last } }
}

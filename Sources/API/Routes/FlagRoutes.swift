internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addFlags() {
        list("flags", Self.flagFilter) { FlagDetailResponseData(flag: $0, view: $1) }
        one("flags", id: "flag_id") { FlagDetailResponseData(flag: $0, view: $1) }
        delete("flags", id: "flag_id") { DeleteFlag(flagID: $0) }
        post("flags") { call in
            let command = CreateFlag(input: try call.body.flag(), featureID: try call.body.optional("feature_id"))
            let flag = try await call.execute(command)
            return try call.answer(.created) { FlagDetailResponseData(flag: flag, view: $0) }
        }
        put("flags/:flag_id") { call in
            let command = UpdateFlag(
                flagID: try call.id("flag_id"), input: try call.body.flag(),
                featureID: try call.body.optional("feature_id"))
            let flag = try await call.execute(command)
            return try call.answer { FlagDetailResponseData(flag: flag, view: $0) }
        }
        put("flags/:flag_id/rules") { call in
            let rules: [Fields] = try call.body.requiredObjects("rules")
            let command = SetFlagRules(flagID: try call.id("flag_id"), rules: try rules.map { try $0.rule() })
            let flag = try await call.execute(command)
            return try call.answer { RulesDetailResponseData(flag: flag, view: $0) }
        }
    }

    private static let flagFilter: Filter<Flag> = { query, _ in
        let ids: OneOf<Identifier<Flag>> = try query.oneOf("ids")
        let features: OneOf<Identifier<Feature>> = try query.oneOf(single: "feature_id")
        let search = try query.search()
        return { ids.allows($0.id) && features.allows($0.featureID) && search.allows([$0.name, $0.key]) }
    }
}

extension Fields {
    fileprivate func rule() throws(Refusal) -> RuleInput {
        var rule = RuleInput(
            name: try required("name"), priority: try required("priority"), value: try required("value"))
        rule.id = try optional("id")
        rule.type = try optional("rule_type")
        for condition in try objects("conditions") { rule.conditions.append(try condition.condition()) }
        for group in try objects("condition_groups") {
            var conditions: [ConditionInput] = []
            for condition in try group.objects("conditions") { conditions.append(try condition.condition()) }
            rule.conditionGroups.append(conditions)
        }
        return rule
    }

    private func condition() throws(Refusal) -> ConditionInput {
        try refuseUnsupported("credit_id", "credit_cost")
        var condition = ConditionInput(type: try required("condition_type"), operator: try required("operator"))
        condition.resourceIDs = try optional("resource_ids") ?? []
        condition.eventSubtype = try optional("event_subtype")
        condition.metricPeriod = try optional("metric_period")
        condition.metricPeriodMonthReset = try optional("metric_period_month_reset")
        condition.metricValue = try optional("metric_value")
        condition.traitID = try optional("trait_id")
        condition.traitValue = try optional("trait_value")
        condition.comparisonTraitID = try optional("comparison_trait_id")
        return condition
    }
}

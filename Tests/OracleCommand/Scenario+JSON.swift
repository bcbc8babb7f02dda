internal import Basics
internal import Entitlements
internal import Model

/// What the vendor's rules engine takes. Shapes: Schematic, `Rulesengine…` of its SDKs.
extension Scenario {
    var envelope: [String: Any] {
        object([
            "flag": object(
                [
                    "id": flag.id, "key": flag.key, "default_value": flag.defaultValue,
                    "rules": flag.rules.map { json($0) },
                ], isOwned: true),
            "company": company.map { json($0) },
            "user": user.map { traits in
                object(
                    [
                        "id": Self.userID, "keys": object([:]), "rules": [Any](),
                        "traits": traits.map { json($0, $1) },
                    ], isOwned: true)
            },
            "options": preflight == .none
                ? nil
                : object([
                    "usage": preflight.usage,
                    "event_usage": preflight.eventUsage.map {
                        object(["event_subtype": $0.event, "quantity": $0.quantity])
                    },
                ]),
        ])
    }

    private func json(_ company: Company) -> [String: Any] {
        object(
            [
                "id": Self.companyID, "keys": object([:]), "credit_balances": object([:]),
                "base_plan_id": company.basePlanID,
                "plan_ids": ((company.basePlanID.map { [$0] } ?? []) + company.addOnIDs).map(\.description),
                "plan_version_ids": company.versionIDs.map(\.description),
                "billing_product_ids": company.productIDs,
                "rules": derivedRules(of: company).map { json($0) },
                "traits": company.traits.map { json($0, $1) },
                "subscription": company.period.map {
                    object([
                        "id": "subs_1", "period_start": $0.start.rfc3339, "period_end": $0.end.rfc3339,
                    ])
                },
                "metrics": company.counters.map { counter, usage in
                    object(
                        [
                            "company_id": Self.companyID, "created_at": now.rfc3339, "event_subtype": counter.event,
                            "period": counter.span.period.rawValue,
                            "month_reset": (counter.span.monthReset ?? .firstOfMonth).rawValue, "value": usage,
                        ], isOwned: true)
                },
            ], isOwned: true)
    }

    private func json(_ rule: Rule) -> [String: Any] {
        object(
            [
                "id": rule.id, "flag_id": flag.id, "rule_type": rule.type.rawValue, "name": rule.name,
                "priority": rule.priority, "value": rule.value, "conditions": rule.conditions.map { json($0) },
                "condition_groups": rule.conditionGroups.map { group in
                    object(["conditions": group.conditions.map { json($0) }])
                },
            ], isOwned: true)
    }

    private func json(_ condition: Condition) -> [String: Any] {
        object(
            [
                "id": condition.id, "condition_type": condition.type.rawValue,
                "operator": condition.operator.rawValue, "resource_ids": condition.resourceIDs,
                "event_subtype": condition.eventSubtype, "metric_value": condition.metricValue,
                "metric_period": condition.metricPeriod?.rawValue,
                "metric_period_month_reset": condition.metricPeriodMonthReset?.rawValue,
                "trait_value": condition.traitValue ?? "",
                "trait_definition": condition.traitID.map { json($0) },
                "comparison_trait_definition": condition.comparisonTraitID.map { json($0) },
            ], isOwned: true)
    }

    private func json(_ trait: Identifier<TraitDefinition>, _ text: String) -> [String: Any] {
        object(["trait_definition": json(trait), "value": text])
    }

    private func json(_ trait: Identifier<TraitDefinition>) -> [String: Any] {
        let definition = definitions[trait]!
        let type =
            switch definition.traitType {
            case .boolean: "bool"
            case .date: "date"
            case .currency, .number: "int"
            case .string, .url: "string"
            }
        return object(["id": trait, "entity_type": definition.entityType.rawValue, "comparable_type": type])
    }

    /// What our engine decided, under the names that the vendor's gives its answer.
    var decision: [String: Any] {
        let decision = decide()
        let limit = decision.matchedLimit
        return object([
            "value": decision.value, "reason": decision.reason, "ruleId": decision.rule?.id,
            "ruleType": decision.rule?.type.rawValue, "featureUsage": limit?.usage,
            "featureAllocation": limit?.allocation, "featureUsageEvent": limit?.event,
            "featureUsagePeriod": limit?.span?.period.rawValue, "featureUsageResetAt": limit?.resetsAt?.rfc3339,
        ])
    }

    /// A JSON object of the fields that are there, ids in their wire form. What the vendor's model gives an owner has
    /// one here.
    private func object(_ fields: [String: Any?], isOwned: Bool = false) -> [String: Any] {
        var object = fields.compactMapValues { value -> Any? in
            guard let value else { return nil }
            return (value as? any WireID)?.description ?? value
        }
        if isOwned {
            object["account_id"] = "acct_1"
            object["environment_id"] = "env_1"
        }
        return object
    }
}

private protocol WireID: CustomStringConvertible {}

extension Identifier: WireID {}

public import Basics

/// The kinds of rule, in the order in which they are asked.
public enum RuleType: String, Codable, Sendable, CaseIterable {
    case globalOverride = "global_override"
    case companyOverride = "company_override"
    case planEntitlement = "plan_entitlement"
    case companyOverrideUsageExceeded = "company_override_usage_exceeded"
    case planEntitlementUsageExceeded = "plan_entitlement_usage_exceeded"
    case standard
    case `default`
}

/// "When all of this holds, the flag is `value`."
public struct Rule: Codable, Sendable, Identified, Equatable {
    public static let idPrefix = "rule"

    public let id: Identifier<Rule>
    public var type: RuleType
    public var name: String
    /// Among standard rules the smallest is asked first.
    public var priority: Int64
    public var value: Bool
    /// All must hold.
    public var conditions: [Condition]
    /// In each group at least one must hold.
    public var conditionGroups: [ConditionGroup]
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<Rule>, type: RuleType, name: String, priority: Int64, value: Bool, conditions: [Condition],
        conditionGroups: [ConditionGroup], createdAt: Timestamp
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.priority = priority
        self.value = value
        self.conditions = conditions
        self.conditionGroups = conditionGroups
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

public struct ConditionGroup: Codable, Sendable, Identified, Equatable {
    public static let idPrefix = "cgrp"

    public let id: Identifier<ConditionGroup>
    public var conditions: [Condition]

    public init(id: Identifier<ConditionGroup>, conditions: [Condition]) {
        self.id = id
        self.conditions = conditions
    }
}

public enum ConditionType: String, Codable, Sendable, CaseIterable {
    case basePlan = "base_plan"
    case billingProduct = "billing_product"
    case company, credit, metric, plan
    case planVersion = "plan_version"
    case trait, user
}

public enum ComparableOperator: String, Codable, Sendable, CaseIterable {
    case eq, ne, gt, gte, lt, lte
    case isEmpty = "is_empty"
    case notEmpty = "not_empty"
}

/// One test of a rule. Which fields count depends on `type`.
public struct Condition: Codable, Sendable, Identified, Equatable {
    public static let idPrefix = "cond"

    public let id: Identifier<Condition>
    public var type: ConditionType
    public var `operator`: ComparableOperator
    /// Ids in their wire form: companies, users, plans, versions.
    public var resourceIDs: [String] = []
    public var eventSubtype: String?
    public var metricPeriod: MetricPeriod?
    public var metricPeriodMonthReset: MetricPeriodMonthReset?
    public var metricValue: Int64?
    public var traitID: Identifier<TraitDefinition>?
    public var traitValue: String?
    /// Compare with this trait of the company instead of the constant.
    public var comparisonTraitID: Identifier<TraitDefinition>?

    public init(id: Identifier<Condition>, type: ConditionType, operator: ComparableOperator) {
        self.id = id
        self.type = type
        self.operator = `operator`
    }
}

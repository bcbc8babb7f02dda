public import Basics
public import Model
public import Store

/// A rule as people write it.
public struct RuleInput: Codable, Sendable {
    /// Of a rule that the flag has and that is to be kept, changed.
    public var id: Identifier<Rule>?
    /// Nil: that of the rule that is kept, else `standard`.
    public var type: RuleType?
    public var name: String
    public var priority: Int64
    public var value: Bool
    public var conditions: [ConditionInput] = []
    public var conditionGroups: [[ConditionInput]] = []

    public init(name: String, priority: Int64, value: Bool) {
        self.name = name
        self.priority = priority
        self.value = value
    }
}

/// Replaces the rules that people wrote for a flag. Those of entitlements and overrides are not among them.
public struct SetFlagRules: Command {
    public static var name: String { "set_flag_rules" }

    public var flagID: Identifier<Flag>
    public var rules: [RuleInput]

    public init(flagID: Identifier<Flag>, rules: [RuleInput]) {
        self.flagID = flagID
        self.rules = rules
    }

    public func apply(_ transaction: Transaction) throws -> Flag {
        var flag = try transaction.require(flagID, "flag")
        guard rules.count <= Limits.rules else {
            throw Refusal.invalid("a flag has at most \(Limits.rules) rules, not \(rules.count)")
        }
        if let twice = rules.compactMap(\.id).firstDuplicate {
            throw Refusal.invalid("rule \(twice) is given twice")
        }
        let existing = flag.rules
        flag.rules = try rules.map { try $0.rule(existing, flag, transaction) }
        flag.updatedAt = transaction.now
        try transaction.put(flag)
        return flag
    }
}

extension RuleInput {
    fileprivate func rule(_ existing: [Rule], _ flag: Flag, _ transaction: Transaction) throws -> Rule {
        try name.check(as: "a rule's name")
        var kept: Rule?
        if let id {
            kept = existing.first { $0.id == id }
            guard kept != nil else { throw Refusal.notFound("flag \"\(flag.key)\" has no rule \(id)") }
        }
        let type = type ?? kept?.type ?? .standard
        switch type {
        case .standard, .globalOverride, .default: break
        case .companyOverride, .planEntitlement, .companyOverrideUsageExceeded, .planEntitlementUsageExceeded:
            throw Refusal.invalid(
                "rule \"\(name)\" is of type \(type.rawValue): such rules are made from entitlements and overrides")
        }
        let count = conditionGroups.reduce(conditions.count) { $0 + $1.count }
        guard count <= Limits.conditions else {
            throw Refusal.invalid("rule \"\(name)\" has \(count) conditions, at most \(Limits.conditions) are allowed")
        }
        guard conditionGroups.allSatisfy({ !$0.isEmpty }) else {
            throw Refusal.invalid(
                "rule \"\(name)\" has a condition group without conditions, which nothing can satisfy")
        }
        var rule = Rule(
            id: kept?.id ?? transaction.newID(), type: type, name: name, priority: priority, value: value,
            conditions: try conditions.map { try $0.condition(ofRule: name, transaction) },
            conditionGroups: try conditionGroups.map { group in
                ConditionGroup(
                    id: transaction.newID(),
                    conditions: try group.map { try $0.condition(ofRule: name, transaction) })
            },
            createdAt: kept?.createdAt ?? transaction.now)
        rule.updatedAt = transaction.now
        return rule
    }
}

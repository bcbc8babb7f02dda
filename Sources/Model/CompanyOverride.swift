public import Basics

/// An exception for one company and feature. Where it is less generous than the plan, the plan applies; a boolean
/// override always applies.
public struct CompanyOverride: Codable, Sendable, Identified {
    public static let idPrefix = "cmov"

    public let id: Identifier<CompanyOverride>
    public let companyID: Identifier<Company>
    public let featureID: Identifier<Feature>
    public var value: EntitlementValue
    /// From this instant on the override no longer applies; it stays listed.
    public var expiresAt: Timestamp?
    public var notes: [OverrideNote] = []
    public let ruleID: Identifier<Rule>
    public let usageExceededRuleID: Identifier<Rule>
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: Identifier<CompanyOverride>, companyID: Identifier<Company>, featureID: Identifier<Feature>,
        value: EntitlementValue, ruleID: Identifier<Rule>, usageExceededRuleID: Identifier<Rule>, createdAt: Timestamp
    ) {
        self.id = id
        self.companyID = companyID
        self.featureID = featureID
        self.value = value
        self.ruleID = ruleID
        self.usageExceededRuleID = usageExceededRuleID
        self.createdAt = createdAt
        self.updatedAt = createdAt
    }
}

public struct OverrideNote: Codable, Sendable, Identified {
    public static let idPrefix = "note"

    public let id: Identifier<OverrideNote>
    public let text: String
    public let createdAt: Timestamp

    public init(id: Identifier<OverrideNote>, text: String, createdAt: Timestamp) {
        self.id = id
        self.text = text
        self.createdAt = createdAt
    }
}

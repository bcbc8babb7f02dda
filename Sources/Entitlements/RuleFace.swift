package import Basics
package import Model

/// What a decision shows of the rule that matched. A class, so that handing it out costs one reference.
package final class RuleFace: Sendable {
    package let id: Identifier<Rule>
    package let type: RuleType
    package let name: String
    /// Why the flag has the rule's value, in the words that Schematic's SDKs show.
    package let reason: String

    init(_ type: RuleType, _ id: Identifier<Rule>, name: String) {
        self.id = id
        self.type = type
        self.name = name
        self.reason = "Matched \(type.words) rule \"\(name)\" (\(id))"
    }

    /// A rule derived from an entitlement or override, such as `Plan entitlement usage exceeded for "API calls"`.
    convenience init(_ type: RuleType, _ id: Identifier<Rule>, of feature: Feature) {
        let title = type.words.prefix(1).uppercased() + type.words.dropFirst()
        self.init(type, id, name: "\(title) for \"\(feature.name)\"")
    }
}

extension RuleType {
    fileprivate var words: String {
        String(rawValue.map { $0 == "_" ? " " : $0 })
    }
}

package import Basics
package import Model

/// A flag made ready for decisions: its rules in the order in which they are asked, their ids read, their reasons
/// spelled out.
///
/// Made once when the flag, its feature, a trait definition or the meters change, and shared.
package final class CompiledFlag: Sendable {
    package let id: Identifier<Flag>
    package let key: String
    package let featureID: Identifier<Feature>?
    let defaultValue: Bool
    let basis: UsageBasis
    /// The event that counts the feature's use.
    package let event: String?
    /// The name of that counter for other engines.
    let counterName: String?
    /// Global overrides and defaults hold for everyone, so the first of each is all that can ever decide.
    let globalOverride: CompiledRule?
    let standard: StandardRules
    let fallback: CompiledRule?
    /// Told by whoever asks for a decision that counts as a check; a decision does not touch it.
    package let lastCheck: LatestTime

    /// `feature` is the one that the flag belongs to. Rules of entitlements and overrides are not a flag's own and come
    /// from `CompanyFacts`. `lastCheck` is that of the flag as it was compiled before.
    package init(
        _ flag: Flag, feature: Feature?, traits definitions: [Identifier<TraitDefinition>: TraitDefinition],
        meters: [String: Meter], lastCheck: LatestTime = LatestTime()
    ) {
        precondition(
            flag.rules.allSatisfy { $0.type == .globalOverride || $0.type == .standard || $0.type == .default },
            "flag \(flag.key) stores a rule of an entitlement or override, which must be derived")
        func rules(_ type: RuleType) -> [Rule] { flag.rules.filter { $0.type == type } }
        id = flag.id
        key = flag.key
        featureID = feature?.id
        defaultValue = flag.defaultValue
        basis = feature.map { UsageBasis($0, meters: meters) } ?? .none
        event = feature?.type == .event ? feature?.eventSubtype : nil
        counterName = feature?.type == .event ? feature?.counterName : nil
        globalOverride = rules(.globalOverride).first.map(CompiledRule.init)
        standard = StandardRules(rules(.standard), definitions, meters)
        fallback = rules(.default).first.map(CompiledRule.init)
        self.lastCheck = lastCheck
    }
}

/// What a rule that someone wrote answers when it decides.
final class CompiledRule: Sendable {
    let face: RuleFace
    let value: Bool

    init(_ rule: Rule) {
        face = RuleFace(rule.type, rule.id, name: rule.name)
        value = rule.value
    }
}

package import Basics
internal import Model

/// Who a check is about: nobody was named, somebody who is not known, or these facts.
package enum Subject<Facts: Sendable>: Sendable {
    case unnamed
    case unknown
    case known(Facts)

    package var facts: Facts? {
        if case .known(let facts) = self { facts } else { nil }
    }
}

/// The answer of a flag check, and why.
package struct FlagDecision: Sendable {
    package let value: Bool
    /// The rule that matched; nil when none did.
    package let rule: RuleFace?
    /// The numbers of the matched rule, where it is an entitlement's or override's with a limit. Not the merged
    /// entitlement's.
    package let matchedLimit: MatchedLimit?
    /// The company's effective entitlement to the flag's feature, whichever rule matched; nil when it has none.
    package let entitlement: EntitlementUse?
    /// The reason when no rule matched.
    private let reasonWithoutRule: Reason

    /// `grants` are those of the company's standing.
    init(_ verdict: Verdict, of flag: CompiledFlag, grants: [Grant]) {
        var limit: MatchedLimit?
        var reason = Reason.noRulesMatched
        switch verdict.decider {
        case .grant(let match):
            let terms = grants[match.place].terms
            rule = match.outcome == .exceeded ? terms.usageExceededRule : terms.rule
            if let reading = match.reading, let allocation = grants[match.place].allocation.limit {
                limit = MatchedLimit(usage: reading.usage, allocation: allocation)
                if let event = flag.event {
                    limit?.event = event
                    limit?.span = terms.span
                    limit?.resetsAt = reading.resetsAt
                }
            }
        case .globalOverride: rule = flag.globalOverride?.face
        case .standard(let place): rule = flag.standard.rules[place].face
        case .fallback: rule = flag.fallback?.face
        case .nobody(let why):
            rule = nil
            reason = why
        }
        value = verdict.value
        matchedLimit = limit
        entitlement = verdict.entitlement.map { EntitlementUse(grant: grants[$0.place], reading: $0.reading) }
        reasonWithoutRule = reason
    }

    /// Whether it is on because an entitlement or override says so.
    package var isGranted: Bool { value && (rule?.type == .planEntitlement || rule?.type == .companyOverride) }

    /// Why, in the words that Schematic's SDKs show.
    package var reason: String { rule?.reason ?? reasonWithoutRule.rawValue }
}

/// What the flat fields `feature_usage…` show.
package struct MatchedLimit: Equatable, Sendable {
    package var usage: Int64
    package var allocation: Int64
    /// Nil for features that a trait meters.
    package var event: String?
    package var span: UsageSpan?
    package var resetsAt: Timestamp?
}

/// An effective entitlement and how much of it is used.
package struct EntitlementUse: Sendable {
    package let grant: Grant
    /// Nil for features that nothing meters.
    package let reading: UsageReading?
}

/// The reasons of answers that no rule gave.
enum Reason: String, Sendable {
    case noRulesMatched = "No rules matched; default value for flag"
    case noCompanyOrUser = "No company or user context; default value for flag"
    case companyNotFound = "Company not found"
    case userNotFound = "User not found"

    static func withoutRule(_ company: Subject<CompanyFacts>, _ user: Subject<UserFacts>) -> Reason {
        switch (company, user) {
        case (.unknown, _): .companyNotFound
        case (_, .unknown): .userNotFound
        case (.unnamed, .unnamed): .noCompanyOrUser
        default: .noRulesMatched
        }
    }
}

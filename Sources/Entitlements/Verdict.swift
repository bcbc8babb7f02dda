/// How a flag was decided, in numbers and places: to find it, nothing is copied that is counted by reference.
/// `FlagDecision` says the same in words.
struct Verdict {
    enum Decider {
        case grant(Match)
        case globalOverride
        /// The place of a standard rule.
        case standard(Int)
        case fallback
        /// The flag's default value stands.
        case nobody(Reason)
    }

    /// The grant whose rule matched.
    struct Match {
        enum Outcome {
            case granted, switchedOff, exceeded
        }

        /// Among the grants of the company's standing.
        let place: Int
        let outcome: Outcome
        /// What was held against the grant's limit; nil when it has none.
        var reading: UsageReading?

        var value: Bool { outcome == .granted }
    }

    /// The company's effective entitlement, whichever rule matched.
    struct Entitlement {
        let place: Int
        /// Nil for features that nothing meters.
        let reading: UsageReading?
    }

    let value: Bool
    let decider: Decider
    let entitlement: Entitlement?
}

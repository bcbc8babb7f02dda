/// A track event as it is sent.
package struct Use: Equatable, Sendable {
    package var company: [String: String]
    package var user: [String: String] = [:]
    package var event: String
    package var quantity: Int
    package var key: String?
    package var sentAt: Instant?
    package var isTrusted = false
    package var isBackfill = false

    package init(company: [String: String], event: String, quantity: Int) {
        self.company = company
        self.event = event
        self.quantity = quantity
    }

    package var isTimed: Bool { isTrusted || isBackfill }
}

package struct TrackOutcome: Equatable, Sendable {
    package var accepted = 0
    package var duplicates = 0
    package var conflicts = 0
    package var rejected: [Int] = []
    /// Indices of events for periods that have ended, and whether their invoice is final.
    package var late: [Int: Bool] = [:]

    package init() {}
}

/// A consume as it is sent.
package struct Consumption: Equatable, Sendable {
    package enum Target: Equatable, Sendable {
        case feature(Int)
        case event(String)
    }

    package var company: [String: String]
    package var target: Target
    package var quantity: Int
    package var key: String?

    package init(company: [String: String], target: Target, quantity: Int, key: String?) {
        self.company = company
        self.target = target
        self.quantity = quantity
        self.key = key
    }
}

package enum ConsumeOutcome: Equatable, Sendable {
    /// Not carried out at all.
    case refused
    case answered(Numbers)

    package struct Numbers: Equatable, Sendable {
        package var isAllowed: Bool
        package var usage: Int
        package var allocation: Int?
        package var remaining: Int?
        package var resetAt: Instant?

        package init(isAllowed: Bool, usage: Int, allocation: Int?, remaining: Int?, resetAt: Instant?) {
            self.isAllowed = isAllowed
            self.usage = usage
            self.allocation = allocation
            self.remaining = remaining
            self.resetAt = resetAt
        }
    }
}

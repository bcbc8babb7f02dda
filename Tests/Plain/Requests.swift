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
    /// The hold that it settles.
    package var hold: Int?

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

/// A plan change as it is asked for.
package struct PlanRequest: Sendable {
    /// Nil: to leave the plan.
    package var plan: Int?
    /// The published versions; else a company stays on the versions that it has.
    package var isNewest = true
    /// Quantities bought ahead, where they are not the preset ones.
    package var bought: [Seat: Int] = [:]
    package var addOns: [Int] = []
    /// Of a new subscription: what its periods are counted from, and whether what is before that is free.
    package var anchor: Instant?
    package var isStubFree = false
    /// What is unused of what was paid ahead is credited when the company stops paying.
    package var isCredited = false
    /// Who leaves its plan keeps it until the period ends.
    package var waitsForEnd = false
    package var coupon: Int?
    /// Begins a trial up to then, or moves the end of the one that runs.
    package var trialEnd: Instant?

    package init(plan: Int?) { self.plan = plan }
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

/// A reservation as it is sent.
package struct Reservation: Equatable, Sendable {
    package var use: Consumption
    package var expiresAt: Instant?

    package init(use: Consumption, expiresAt: Instant?) {
        self.use = use
        self.expiresAt = expiresAt
    }
}

package enum HoldOutcome: Equatable, Sendable {
    /// Not carried out at all.
    case refused
    case answered(Numbers)

    package struct Numbers: Equatable, Sendable {
        /// The how-manieth hold it is; nil when nothing is held.
        package var number: Int?
        package var status: String?
        package var quantity: Int
        package var committed: Int?
        package var usage = 0
        package var reserved = 0
        package var allocation: Int?
        package var remaining: Int?
        package var expiresAt: Instant?

        package init(quantity: Int) { self.quantity = quantity }

        package var line: String {
            func text(_ number: Int?) -> String { number.map { "\($0)" } ?? "none" }
            return "hold \(text(number)) \(status ?? "none") \(text(committed)) of \(quantity) until "
                + "\(text(expiresAt)), used \(usage) held \(reserved) of \(text(allocation)) left \(text(remaining))"
        }
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

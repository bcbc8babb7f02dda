package import Basics
package import Model
package import Store

/// Moves the clock of a development or staging environment. What falls due in between has been done before, by the
/// engine.
package struct SetTestClock: Command {
    package static let name = "set_test_clock"

    package let now: Timestamp
    /// The environment holds no events and no subscriptions yet, so its clock may start anywhere.
    package let isFresh: Bool

    package init(now: Timestamp, isFresh: Bool) {
        self.now = now
        self.isFresh = isFresh
    }

    package func apply(_ transaction: Transaction) throws {
        var environment = try transaction.environment()
        try Self.check(now, environment, transaction.now, isFresh: isFresh)
        environment.testClock = now
        environment.instantParts = nil
        environment.updatedAt = now
        try transaction.put(environment)
    }

    /// Whether the clock may be set to `next` when the environment's time is `now`.
    package static func check(
        _ next: Timestamp, _ environment: Model.Environment, _ now: Timestamp, isFresh: Bool
    ) throws(Refusal) {
        guard environment.type != .production else {
            throw .invalid("a production environment has no test clock")
        }
        guard let earliest = Timestamp(rfc3339: "1970-01-01T00:00:00Z"),
            let latest = Timestamp(rfc3339: "2200-01-01T00:00:00Z"), earliest <= next, next <= latest
        else { throw .invalid("now must lie between 1970 and 2200") }
        let mayStartAnywhere = isFresh && environment.testClock == nil
        guard mayStartAnywhere || next >= now else {
            throw .invalid(
                "now: the test clock stands at \(now.rfc3339) and only moves forward, not to \(next.rfc3339)")
        }
    }
}

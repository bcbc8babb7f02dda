internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// Parts what a company has used until now from what it uses from now on, where a test clock stands still and
    /// both are of one instant: what comes from now on counts a millisecond later.
    ///
    /// - Parameter meters: of the features whose use is billed.
    /// - Returns: Where the later part begins. Nil where nothing was used at this instant, so that the instant itself
    ///   parts them, and where time goes on, as the engine carries such a command out a millisecond later.
    func partInstant(
        of companyID: Identifier<Company>, _ meters: @autoclosure () throws -> [Identifier<Meter>]
    ) throws -> Timestamp? {
        var environment = try environment()
        guard environment.testClock == now, let present = environment.useClock else { return nil }
        let meters = try meters()
        func isUsed(from start: Timestamp) throws -> Bool {
            let part = Period(start: start, end: present + Subscription.instant)
            return try usage(company: companyID, of: meters.map { ($0, part) }).contains { $0 != .zero }
        }
        guard try isUsed(from: now) else { return nil }
        guard try isUsed(from: present) else { return present }
        environment.instantParts = (environment.instantParts ?? 0) + 1
        try put(environment)
        return environment.useClock
    }

    /// Whether what happens now happens between two moves of a test clock, not as something that fell due.
    func isAtTestClock() throws -> Bool { try environment().testClock == now }
}

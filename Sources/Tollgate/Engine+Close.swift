public import Basics
internal import Billing
internal import Metering
public import Model
internal import Store

/// What a run of the closer did.
public struct CloseReport: Sendable, Equatable {
    /// Billing periods that were ended.
    public var closed = 0
    /// Invoices that were issued.
    public var invoices = 0
    public var until: Timestamp
    /// Periods and drafts that could not be closed, each with the reason. They stay due; all others are done.
    public var refused: [String] = []
}

extension Engine {
    /// Ends every billing period and finalises every draft that falls due until then, in the order in which they fall
    /// due.
    ///
    /// Each is done as of the instant it fell due at, so it does not matter when, how often or in how many runs this is
    /// called.
    /// - Parameter until: nil means the environment's now; later than that is refused.
    @discardableResult
    public func closeDue(until: Timestamp? = nil, in environment: EnvironmentID) async throws -> CloseReport {
        let now = now(in: environment)
        guard until ?? now <= now else {
            throw Refusal.invalid("until \(until!.rfc3339) is later than the environment's time, \(now.rfc3339)")
        }
        return try await runDue(until: until ?? now, in: environment)
    }

    /// Sets the test clock of a development or staging environment, after everything that falls due in between has run.
    public func setTestClock(_ next: Timestamp, in environment: EnvironmentID) async throws {
        let runtime = try requireRuntime(environment)
        // What has been applied must be seen here, so that a clock that has begun cannot begin again.
        committer.drain()
        let isFresh = try isFresh(environment)
        try SetTestClock.check(next, runtime.catalog.nouns.environment, now(in: environment), isFresh: isFresh)
        if runtime.catalog.nouns.environment.testClock == next { return }
        if !isFresh { _ = try await runDue(until: next, in: environment) }
        try await execute(SetTestClock(now: next, isFresh: isFresh), in: environment)
        // What was made meanwhile may fall due in between, too.
        try await closeDue(in: environment)
    }

    /// Whether the environment has neither events nor subscriptions.
    private func isFresh(_ environment: EnvironmentID) throws -> Bool {
        let snapshot = try store.snapshot()
        var prefix = KeyBytes()
        prefix.append(environment)
        var isFresh = true
        try snapshot.forEach(.marks, prefix: prefix.bytes) { _, _ in
            isFresh = false
            return false
        }
        try snapshot.forEach(.records, prefix: StoreKey.recordPrefix(.subscription, in: environment)) { _, _ in
            isFresh = false
            return false
        }
        return isFresh
    }

    private func runDue(until: Timestamp, in environment: EnvironmentID) async throws -> CloseReport {
        let late = try requireRuntime(environment).lateUse.take()
        if !late.isEmpty { try await execute(NoteLateUse(subscriptionIDs: late), in: environment) }
        guard try !dueQueue(until: until, in: environment, atMost: 1).isEmpty else { return CloseReport(until: until) }
        return try await requireRuntime(environment).closing.pass {
            try await runDueAlone(until: until, in: environment)
        }
    }

    /// Works through the appointments, those of one kind and instant together. Those that a step makes join the queue;
    /// commits are not waited for one by one.
    private func runDueAlone(until: Timestamp, in environment: EnvironmentID) async throws -> CloseReport {
        var report = CloseReport(until: until)
        defer { tally.withLock { $0.add(report) } }
        let failures = committer.statistics.failures
        var refused: Set<DueItem> = []
        while true {
            var queue = try dueQueue(until: until, in: environment, atMost: Self.dueLimit, without: refused)
            if queue.isEmpty { break }
            var waiting: [CommitTicket] = []
            while let group = queue.next(atMost: options.closesTogether) {
                try committer.admit()
                let ticket = CommitTicket()
                let made: [DueItem]
                do {
                    made = try carryOut(
                        group, in: environment, quietUntil: queue.quietUntil, after: failures, ticket, &report)
                } catch let refusal as Refusal {
                    if group.count > 1 {
                        // One company's impossible amount must not keep all others from being closed.
                        queue.splitNext(group.count)
                    } else {
                        refused.insert(group[0])
                        report.refused.append(refusal.message)
                    }
                    continue
                }
                for item in made { queue.add(item) }
                waiting.append(ticket)
                if waiting.count == Self.waitingLimit { try await waiting.removeFirst().wait() }
            }
            // The next look must see what was done.
            for ticket in waiting { try await ticket.wait() }
        }
        return report
    }

    /// What falls due until then, as far as it was committed: the first `limit` appointments, and what comes after
    /// them.
    private func dueQueue(
        until: Timestamp, in environment: EnvironmentID, atMost limit: Int, without refused: Set<DueItem> = []
    ) throws -> DueQueue {
        let snapshot = try store.snapshot()
        var items: [DueItem] = []
        var (later, other) = (DueItem.first(after: until), DueItem.first(after: until))
        try snapshot.due(in: environment, until: until) { item in
            if refused.contains(item) { return true }
            if items.count == limit {
                later = item
                return false
            }
            items.append(item)
            return true
        }
        try snapshot.due(in: environment, from: later.lastOfKind, until: until) { item in
            other = item
            return false
        }
        return DueQueue(items, later: later, other: other)
    }

    /// How many appointments wait to be carried out; counts no further than 10,000.
    func dueCount(until: Timestamp, in environment: EnvironmentID) throws -> Int {
        try dueQueue(until: until, in: environment, atMost: 10_000).count
    }

    /// How many appointments are looked at in one go: at 24 bytes each. The next look waits for all commits.
    private static let dueLimit = 1 << 17
    /// How many steps may wait for their commit, which bounds memory. Enough that the next commit fills while one is
    /// written.
    private static let waitingLimit = 16

    /// Whether something falls due in `(earlier, until]`.
    func isAnythingDue(after earlier: Timestamp, until: Timestamp, in environment: EnvironmentID) throws -> Bool {
        guard earlier < until else { return false }
        var isDue = false
        try store.snapshot().due(in: environment, until: until) { item in
            isDue = item.at > earlier
            return !isDue
        }
        return isDue
    }

    /// Appointments of one kind as one command, as of the instant they fell due at. Answers those that it made.
    ///
    /// - Parameter quietUntil: up to then nothing else falls due.
    private func carryOut(
        _ items: [DueItem], in environment: EnvironmentID, quietUntil: Timestamp, after failures: UInt64,
        _ ticket: CommitTicket, _ report: inout CloseReport
    ) throws -> [DueItem] {
        let at = items[0].at
        func ids<N>() -> [Identifier<N>] { items.map { Identifier(ordinal: $0.ordinal) } }
        func apply<C: Command>(_ command: C, issuing invoices: (C.Outcome) -> Int = { _ in 0 }) throws -> [DueItem] {
            let (outcome, made) = try applyDue(command, in: environment, at: at, after: failures, ticket)
            let issued = invoices(outcome)
            report.invoices += issued
            if command is ClosePeriods { report.closed += issued }
            return made
        }
        return switch items[0].task {
        case .closePeriod: try apply(ClosePeriods(subscriptionIDs: ids(), quietUntil: quietUntil)) { $0 }
        case .finalizeInvoice: try apply(FinalizeInvoices(invoiceIDs: ids()))
        case .endTrial: try apply(EndTrials(subscriptionIDs: ids())) { $0.count }
        case .executeCheckout: try apply(ExecuteCheckouts(checkoutIDs: ids())) { $0.count }
        case .revokeUnpaid: try apply(RevokeUnpaid(invoiceIDs: ids()))
        case .correctEnded: try apply(CorrectEnded(subscriptionIDs: ids())) { $0 }
        case .advanceMigration: try apply(AdvanceMigrations(migrationIDs: ids()))
        case .migrateCompany: try apply(MigrateDueCompanies(recordIDs: ids()))
        case .expireCustomPlan: try apply(ExpireCustomPlanBillings(billingIDs: ids()))
        case .billOverage:
            try items.flatMap { item in
                try apply(BillOverage(subscriptionID: Identifier(ordinal: item.ordinal))) { $0 == nil ? 0 : 1 }
            }
        }
    }
}

/// Appointments in order, while new ones are made.
private struct DueQueue {
    private var sorted: [DueItem]
    private var position = 0
    /// Up to here they are taken one by one.
    private var splitEnd = 0
    /// The first appointment that is not in the queue, and the first of another kind or instant after it.
    private let later: DueItem
    private var other: DueItem

    init(_ items: [DueItem], later: DueItem, other: DueItem) {
        sorted = items
        self.later = later
        self.other = other
    }

    var isEmpty: Bool { sorted.isEmpty }
    var count: Int { sorted.count }

    /// The next ones that are of one kind and fall on one instant; nil when there are none.
    mutating func next(atMost limit: Int) -> [DueItem]? {
        guard position < sorted.count else { return nil }
        let (start, last) = (position, sorted[position].lastOfKind)
        let end = min(sorted.count, position < splitEnd ? start + 1 : start + limit)
        repeat {
            position += 1
        } while position < end && sorted[position] <= last
        return Array(sorted[start..<position])
    }

    /// Up to then nothing falls due beside those of the kind and instant that were taken last.
    var quietUntil: Timestamp {
        let last = sorted[position - 1].lastOfKind
        let place = sorted[position...].partitioningIndex { last < $0 }
        let next = place < sorted.count ? sorted[place] : last < later ? later : other
        return next.at - Subscription.instant
    }

    /// Goes back to the `count` that were taken last, to take them one by one.
    mutating func splitNext(_ count: Int) {
        splitEnd = position
        position -= count
    }

    /// Takes in an appointment that was just made, when its turn is before those that are not in the queue.
    mutating func add(_ item: DueItem) {
        if item < later {
            sorted.insert(item, at: sorted[position...].partitioningIndex { item < $0 })
        } else if later.lastOfKind < item {
            other = min(other, item)
        }
    }
}

extension DueItem {
    fileprivate static func first(after instant: Timestamp) -> DueItem {
        DueItem(at: instant + Subscription.instant, task: .closePeriod, ordinal: 0)
    }
}

extension ArraySlice {
    /// The first index from which `isSecond` holds, in an array where it holds from some index on.
    fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

package import Basics
package import Model
package import Store

/// All counters, spread over locked shards by company. A lock is held for nanoseconds, except when a counter or a
/// window is first read from the store.
package final class CounterShards: UsageLedger {
    private static let shardCount = 64
    /// Counters kept in memory after a commit, in one shard; beyond that, those at rest are dropped.
    private static let residentLimit = 100_000

    private let store: Store
    /// The stretch around an instant in which the company's periods have no boundary.
    private let uncut: Uncut
    private let shards: [Locked<Shard>]

    package typealias Uncut = @Sendable (EnvironmentID, Identifier<Company>, Timestamp) throws -> Period

    private struct Shard {
        var counters: [CounterKey: Counter] = [:]
        /// Counters with something uncommitted, by the commit that carries it.
        var dirty: [UInt64: [Counter]] = [:]
    }

    package init(_ store: Store, uncut: @escaping Uncut) {
        self.store = store
        self.uncut = uncut
        shards = (0..<Self.shardCount).map { _ in Locked(Shard()) }
    }

    /// Counts one event, inside the gate. False when the counter's volume is used up.
    package func add(
        _ quantity: Int64, to key: CounterKey, in environment: EnvironmentID, effective: Timestamp,
        received: Timestamp, commit: UInt64
    ) throws -> Bool {
        try shard(of: key.company).withLock { shard in
            try add(quantity, to: key, environment, effective, received, commit, &shard)
        }
    }

    /// Decides on a quantity by the present sums of some windows and, when it is allowed, counts it at `now`: one step
    /// under one lock.
    ///
    /// Not counted also when the counter's volume is used up. `usage` are the sums that the decision saw.
    package func consume(
        _ quantity: Int64, from key: CounterKey, in environment: EnvironmentID, windows: [UsageWindow],
        at now: Timestamp, received: Timestamp, commit: UInt64, if isAllowed: ([Int64]) -> Bool
    ) throws -> (usage: [Int64], isCounted: Bool) {
        try shard(of: key.company).withLock { shard in
            let usage = try windows.map { try sum(of: $0, key, &shard) }
            guard isAllowed(usage) else { return (usage, false) }
            return (usage, try add(quantity, to: key, environment, now, received, commit, &shard))
        }
    }

    /// The present sum of a window, uncommitted counts included.
    package func usage(of key: CounterKey, in window: UsageWindow) throws -> Int64 {
        try shard(of: key.company).withLock { shard in try sum(of: window, key, &shard) }
    }

    /// What a period bills: everything used in it except what was backfilled.
    package func sum(company: Identifier<Company>, meter: Identifier<Meter>, in period: Period) throws -> Int64 {
        try shard(of: company.ordinal).withLock { shard in
            let used = CounterKey(company: company, meter: meter)
            let backfilled = CounterKey(company: company, meter: meter, backfill: true)
            return try scan(used, period.start, period.end, shard.counters[used])
                - scan(backfilled, period.start, period.end, shard.counters[backfilled])
        }
    }

    /// Forgets where the company's periods are cut: its subscription has changed.
    package func boundariesChanged(of company: Identifier<Company>, meters: some Sequence<Identifier<Meter>>) {
        shard(of: company.ordinal).withLock { shard in
            for meter in meters {
                shard.counters[CounterKey(company: company, meter: meter)]?.uncut = nil
                shard.counters[CounterKey(company: company, meter: meter, backfill: true)]?.uncut = nil
            }
        }
    }

    /// What commit `number` adds to the store, in key order.
    package func collect(_ number: UInt64) -> [(UsageKey, Int64)] {
        var found: [(UsageKey, Int64)] = []
        for shard in shards {
            shard.withLock { shard in
                for counter in shard.dirty[number] ?? [] { counter.collect(number, into: &found) }
            }
        }
        return found.sorted { $0.0 < $1.0 }
    }

    package func committed(_ number: UInt64) {
        for shard in shards {
            shard.withLock { shard in
                for counter in shard.dirty.removeValue(forKey: number) ?? [] { counter.committed(number) }
                if shard.counters.count > Self.residentLimit {
                    shard.counters = shard.counters.filter { !$0.value.uncommitted.isEmpty }
                }
            }
        }
    }

    /// Forgets everything that the store does not hold; the rest is read again when it is asked for.
    package func dropAll() {
        for shard in shards { shard.withLock { $0 = Shard() } }
    }

    private func shard(of company: UInt64) -> Locked<Shard> {
        shards[Int(truncatingIfNeeded: (company &* 0x9E37_79B9_7F4A_7C15) >> 58)]
    }

    private func add(
        _ quantity: Int64, to key: CounterKey, _ environment: EnvironmentID, _ effective: Timestamp,
        _ received: Timestamp, _ commit: UInt64, _ shard: inout Shard
    ) throws -> Bool {
        let counter = try counter(key, &shard)
        if counter.uncut?.contains(effective) != true {
            counter.uncut = try uncut(environment, Identifier(ordinal: key.company), effective)
        }
        let wasClean = counter.isClean(in: commit)
        guard counter.add(quantity, effective: effective, received: received, commit: commit) else { return false }
        if wasClean { shard.dirty[commit, default: []].append(counter) }
        return true
    }

    /// The counter, with its totals from the store when memory does not hold it.
    private func counter(_ key: CounterKey, _ shard: inout Shard) throws -> Counter {
        if let counter = shard.counters[key] { return counter }
        var total: Int64 = 0
        var volume: Int64 = 0
        let afterTotals = Timestamp(milliseconds: Counter.volumeStart.milliseconds + 1)
        try store.snapshot().usage(company: key.company, meter: key.meter, from: Counter.totalStart, to: afterTotals) {
            if $0 == Counter.totalStart { total = $1 } else { volume = $1 }
        }
        let counter = Counter(key, total: total, volume: volume)
        shard.counters[key] = counter
        return counter
    }

    private func sum(of window: UsageWindow, _ key: CounterKey, _ shard: inout Shard) throws -> Int64 {
        let counter = try counter(key, &shard)
        if let known = counter.sum(of: window) { return known }
        guard let start = window.start, let end = window.end else { return counter.total }
        let sum = try scan(key, start, end, counter)
        counter.remember(sum, start: start, end: end)
        return sum
    }

    /// Σ buckets from the store, and what it does not hold yet.
    ///
    /// The shard's lock is held, so no commit is forgotten between the two readings: a commit that the snapshot lacks
    /// is still in the counter, and one that it has is told apart by its number.
    private func scan(_ key: CounterKey, _ start: Timestamp, _ end: Timestamp, _ counter: Counter?) throws -> Int64 {
        let snapshot = try store.snapshot()
        var sum: Int64 = 0
        try snapshot.usage(company: key.company, meter: key.meter, from: start, to: end) { sum += $1 }
        guard let counter, !counter.uncommitted.isEmpty else { return sum }
        return sum + counter.uncommittedSum(from: start, to: end, after: try snapshot.lastCommit())
    }
}

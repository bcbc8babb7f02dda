package import Basics
package import Model
package import Store
internal import Synchronization

/// All counters, spread over locked shards by company. A lock is held for nanoseconds, except when totals or a window
/// are first read from the store, and while a fold is collected.
package final class CounterShards: UsageLedger {
    /// Counters kept in memory after a fold, in one shard; beyond that, those at rest are dropped.
    private static let residentLimit = 1 << 16

    let store: Store
    /// The stretch around an instant in which the company's periods have no boundary.
    private let uncut: Uncut
    let shards: [Locked<Shard>]
    let pace: Locked<FoldPace>
    /// Told of everything that is counted or held.
    package let watch: UseWatch
    let setLimit: Int
    private let waits = Atomic<UInt64>(0)
    /// Samples that memory has taken up since the last commit began.
    let newSamples = Atomic<Int>(0)
    /// How often memory has let go of what the store holds.
    let foldCount = Atomic<UInt64>(0)

    package typealias Uncut = @Sendable (EnvironmentID, Identifier<Company>, Timestamp) throws -> Period

    struct Shard {
        var table = CounterTable()
        /// The fold that will take what is counted now.
        var generation: UInt64
        /// Counters with gains of this generation.
        var gaining: [Int32] = []
        /// Those of the fold that is being written.
        var folding: [Int32] = []
        var holds = Holds()
        var sampled = SampledCounters()
        /// The last number that was given to a latest value: greater than all of the journal's.
        var order: UInt64

        init(generation: UInt64 = 1, order: UInt64 = 0) {
            self.generation = generation
            self.order = order
        }

        /// Counts a quantity into the bucket that begins at `start`.
        mutating func add(_ quantity: Int64, to key: CounterKey, effective: Timestamp, start: Timestamp) {
            add(quantity, at: table.position(of: key), effective: effective, start: start)
        }

        mutating func add(_ quantity: Int64, at position: Int, effective: Timestamp, start: Timestamp) {
            if table[position].isClean(in: generation) { gaining.append(Int32(position)) }
            table[position].add(quantity, effective: effective, start: start, generation: generation)
        }

        /// Drops counters that the store holds in full, when there are too many.
        mutating func trim() {
            guard table.counters.count > CounterShards.residentLimit else { return }
            table.keep { $0.hasGains }
            gaining = table.counters.indices.filter { !table[$0].isClean(in: generation) }.map(Int32.init)
        }
    }

    /// Journal bytes after which every shard has been folded once, unless told otherwise.
    package static let tailBytes = 256 << 20

    /// - Parameters:
    ///   - tailBytes: journal bytes after which every shard has been folded once: what opening a store has to read
    ///     again at most.
    ///   - setLimit: the most different values that are looked at together; of more, one part after another.
    package init(
        _ store: Store, tailBytes: Int = CounterShards.tailBytes, setLimit: Int = 1 << 20,
        watch: UseWatch = UseWatch {}, uncut: @escaping Uncut
    ) {
        self.store = store
        self.setLimit = setLimit
        self.watch = watch
        pace = Locked(FoldPace(tailBytes: tailBytes))
        self.uncut = uncut
        shards = (0..<UsageFold.shardCount).map { _ in Locked(Shard()) }
    }

    // MARK: - Counting

    /// One event's use, on its way into a counter.
    package struct Use: Sendable {
        package enum Outcome: Sendable {
            case open
            /// Counted, in the bucket that begins there.
            case counted(Timestamp)
            /// Not counted: the counter's volume is used up.
            case full
        }

        package let key: CounterKey
        package let quantity: Int64
        package let effective: Timestamp
        let isBackfill: Bool
        /// Its part of what the batch adds to derived meters.
        let derived: Range<Int>
        package fileprivate(set) var outcome = Outcome.open

        package init(
            _ quantity: Int64, of key: CounterKey, effective: Timestamp, isBackfill: Bool, derived: Range<Int> = 0..<0
        ) {
            self.key = key
            self.quantity = quantity
            self.effective = effective
            self.isBackfill = isBackfill
            self.derived = derived
        }
    }

    /// The bits by which the order of counting is finer than that of journal entries.
    static let ordersOfEntry: UInt64 = 24

    /// Counts the events of a batch, as if one after another, inside the gate.
    ///
    /// - Throws: `StoreFailure`. Those whose outcome is open are not counted then.
    package func add(
        _ uses: inout [Use], derived: inout [DerivedUse], in environment: EnvironmentID, received: Timestamp
    ) throws {
        try uses.withUnsafeMutableBufferPointer { uses in
            defer { watch.note(uses) }
            try Self.forEach(
                UnsafeBufferPointer(uses), key: \.key, in: shards, onWait: { waits.wrappingAdd(1, ordering: .relaxed) }
            ) { index, shard in
                let use = uses[index]
                let position = shard.table.position(of: use.key)
                guard try use.derived.isEmpty || hasRoom(for: derived[use.derived], beside: use.key, &shard) else {
                    uses[index].outcome = .full
                    return
                }
                let start = try add(use.quantity, at: position, environment, use.effective, received, &shard)
                if use.isBackfill, start != nil {
                    // A subset of what was just counted, so there is room for it.
                    let position = shard.table.position(of: use.key.backfill)
                    _ = try add(use.quantity, at: position, environment, use.effective, received, &shard)
                }
                if !use.derived.isEmpty, let start {
                    add(&derived, use.derived, of: use.key.company, use.effective, start, use.isBackfill, &shard)
                }
                uses[index].outcome = start.map(Use.Outcome.counted) ?? .full
            }
        }
    }

    /// Visits items with their shards, each shard under its lock and with its counters on their way to the cache.
    @inline(__always)
    static func forEach<Item>(
        _ items: UnsafeBufferPointer<Item>, key: (Item) -> CounterKey, in shards: [Locked<Shard>],
        onWait: () -> Void, _ body: (Int, inout Shard) throws -> Void
    ) rethrows {
        try ShardOrder.forEach(
            count: items.count, shards: UsageFold.shardCount,
            shard: { UsageFold.shard(of: key(items[$0]).company) }
        ) { shard, indices in
            try shards[shard].withLock(onWait: onWait) { shard in
                for index in indices { shard.table.prefetchPlace(of: key(items[Int(index)])) }
                for index in indices { shard.table.prefetchCounter(of: key(items[Int(index)])) }
                for index in indices { try body(Int(index), &shard) }
            }
        }
    }

    /// Counts one event, inside the gate. Answers where its bucket begins; nil when the counter's volume is used up.
    package func add(
        _ quantity: Int64, to key: CounterKey, in environment: EnvironmentID, effective: Timestamp, received: Timestamp
    ) throws -> Timestamp? {
        defer { watch.note(key.company) }
        return try withShard(of: key.company) { shard in
            try add(quantity, at: shard.table.position(of: key), environment, effective, received, &shard)
        }
    }

    func add(
        _ quantity: Int64, at position: Int, _ environment: EnvironmentID, _ effective: Timestamp,
        _ received: Timestamp, _ shard: inout Shard
    ) throws -> Timestamp? {
        if !shard.table[position].hasRoom(for: quantity) {
            if !shard.table[position].isLoaded { try load(position, &shard) }
            guard shard.table[position].hasRoom(for: quantity) else { return nil }
        }
        if !shard.table[position].knowsCuts(around: effective) {
            let company = Identifier<Company>(ordinal: shard.table[position].key.company)
            shard.table[position].remember(uncut: try uncut(environment, company, effective))
        }
        let start = shard.table[position].bucketStart(effective: effective, received: received)
        shard.add(quantity, at: position, effective: effective, start: start)
        return start
    }

    /// Forgets where the company's periods are cut: its subscription has changed.
    package func boundariesChanged(of company: Identifier<Company>, meters: some Sequence<Identifier<Meter>>) {
        withShard(of: company.ordinal) { shard in
            for meter in meters {
                for backfill in [false, true] {
                    let key = CounterKey(company: company, meter: meter, backfill: backfill)
                    if let position = shard.table.find(key) { shard.table[position].forgetCuts() }
                }
            }
        }
    }

    /// The latest time of an event of the company that stands in a bucket with earlier ones, as far as memory goes: on
    /// which side of a boundary made at or before that time it was, nobody could say afterwards.
    package func latestEvent(
        of company: Identifier<Company>, meters: some Sequence<Identifier<Meter>>
    ) -> Timestamp? {
        withShard(of: company.ordinal) { shard in
            meters.compactMap { meter in
                shard.table.find(CounterKey(company: company, meter: meter)).map { shard.table[$0].latest }
            }.max()
        }
    }

    // MARK: - Sums

    package var folds: UInt64 { foldCount.load(ordering: .acquiring) }

    /// The present sum of a window in whole units, what is not yet committed included, and what is held beside it.
    package func reading(
        of key: CounterKey, in window: UsageWindow, at now: Timestamp
    ) throws -> (usage: Int64, held: Int64) {
        try withShard(of: key.company) { shard in
            let count = try count(of: key, in: window, &shard)
            let held = key.kind == .additive ? shard.holds.units(of: key, at: now) : 0
            return (MeterUnit.whole(count, ofMeter: key.meter), held)
        }
    }

    /// The present sum of a window with its places.
    package func quantity(of key: CounterKey, in window: UsageWindow) throws -> Decimal {
        try withShard(of: key.company) { shard in
            MeterUnit.quantity(try count(of: key, in: window, &shard), ofMeter: key.meter)
        }
    }

    private func count(of key: CounterKey, in window: UsageWindow, _ shard: inout Shard) throws -> Int64 {
        if key.kind != .additive { return try sampled(key, in: window, &shard) }
        return try sum(of: window, at: shard.table.position(of: key), &shard)
    }

    /// What was used in a window, whatever is held, in whole units of which the last may have only begun.
    package func usage(
        company: Identifier<Company>, meter: Identifier<Meter>, in window: UsageWindow
    ) throws -> Int64 {
        try withShard(of: company.ordinal) { shard in
            let count = try count(of: CounterKey(company: company, meter: meter), in: window, &shard)
            return MeterUnit.begun(count, ofMeter: meter.ordinal)
        }
    }

    /// What a period bills, in units of the meter: everything used in it except what was backfilled.
    package func sum(company: Identifier<Company>, meter: Identifier<Meter>, in period: Period) throws -> Int64 {
        try sums(company: company, of: [(meter, period)])[0]
    }

    /// The same for several meters and periods, read from one snapshot.
    package func sums(
        company: Identifier<Company>, of uses: [(meter: Identifier<Meter>, period: Period)]
    ) throws -> [Int64] {
        let folds = folds
        return try sums(company: company, of: uses, in: store.snapshot(), asOf: folds)
    }

    package func sums(
        company: Identifier<Company>, of uses: [(meter: Identifier<Meter>, period: Period)], in snapshot: Snapshot,
        asOf folds: UInt64
    ) throws -> [Int64] {
        if uses.isEmpty { return [] }
        return try withShard(of: company.ordinal) { shard in
            // With the lock held nothing more is let go of here.
            let snapshot = folds == self.folds ? snapshot : try store.snapshot()
            return try snapshot.withUsage { rows in
                var sums = [Int64](repeating: 0, count: uses.count)
                for (place, (meter, period)) in uses.enumerated() {
                    let used = CounterKey(company: company, meter: meter)
                    if used.kind == .additive {
                        try scan(used, period.start, period.end, &shard, snapshot, &rows) { sums[place] += $1 }
                    } else {
                        sums[place] = try whole(
                            of: used, from: period.start, to: period.end, billed: true, shard, snapshot
                        ).value(used.kind)
                    }
                }
                // Nearly nobody has backfilled.
                let hasBackfill = try rows.hasAny(company: company.ordinal, fromMeter: CounterKey.backfillBit)
                for (place, (meter, period)) in uses.enumerated() {
                    let backfilled = CounterKey(company: company, meter: meter, backfill: true)
                    guard backfilled.kind == .additive, hasBackfill || shard.table.find(backfilled) != nil else {
                        continue
                    }
                    try scan(backfilled, period.start, period.end, &shard, snapshot, &rows) { sums[place] -= $1 }
                }
                return sums
            }
        }
    }

    /// Visits what was used in `[from, to)`, as parts of buckets in no particular order.
    package func forEachBucket(
        of key: CounterKey, from start: Timestamp, to end: Timestamp, _ body: (Timestamp, Int64) -> Void
    ) throws {
        try withShard(of: key.company) { shard in
            let snapshot = try store.snapshot()
            try snapshot.withUsage { try scan(key, start, end, &shard, snapshot, &$0, body) }
        }
    }

    func sum(of window: UsageWindow, at position: Int, _ shard: inout Shard) throws -> Int64 {
        if let known = shard.table[position].sum(of: window) { return known }
        guard let start = window.start, let end = window.end else {
            try load(position, &shard)
            return shard.table[position].total
        }
        var sum: Int64 = 0
        let (key, snapshot) = (shard.table[position].key, try store.snapshot())
        try snapshot.withUsage { rows in
            try scan(key, start, end, &shard, snapshot, &rows) { sum += $1 }
        }
        shard.table[position].remember(sum, start: start, end: end)
        return sum
    }

    /// The buckets in the store, and what it does not hold yet.
    ///
    /// The shard's lock is held, and no fold has been forgotten since the snapshot was begun: one that the snapshot
    /// lacks is still in the counter, and one that it has is told apart by its generation.
    private func scan(
        _ key: CounterKey, _ start: Timestamp, _ end: Timestamp, _ shard: inout Shard, _ snapshot: Snapshot,
        _ rows: inout UsageRows, _ body: (Timestamp, Int64) -> Void
    ) throws {
        try rows.forEach(company: key.company, meter: key.meter, from: start, to: end, body)
        guard let position = shard.table.find(key), shard.table[position].hasGains else { return }
        let folded = try snapshot.fold(of: UsageFold.shard(of: key.company)).generation
        shard.table[position].forEachGain(after: folded) {
            if start <= $0.start, $0.start < end { body($0.start, $0.sum) }
        }
    }

    /// Reads the totals from the store.
    func load(_ position: Int, _ shard: inout Shard) throws {
        let key = shard.table[position].key
        let snapshot = try store.snapshot()
        var total: Int64 = 0
        var volume: Int64 = 0
        let afterTotals = Timestamp(milliseconds: Counter.volumeStart.milliseconds + 1)
        try snapshot.withUsage { rows in
            try rows.forEach(company: key.company, meter: key.meter, from: Counter.totalStart, to: afterTotals) {
                if $0 == Counter.totalStart { total = $1 } else { volume = $1 }
            }
        }
        let folded = try snapshot.fold(of: UsageFold.shard(of: key.company)).generation
        shard.table[position].load(total: total, volume: volume, generation: folded)
    }

    func withShard<R>(of company: UInt64, _ body: (inout Shard) throws -> R) rethrows -> R {
        try shards[UsageFold.shard(of: company)].withLock(
            onWait: { waits.wrappingAdd(1, ordering: .relaxed) }, body)
    }

    // MARK: - Statistics

    /// Counters in memory, and how often one thread waited for another at a shard.
    package var statistics: (counters: Int, waits: UInt64) {
        (shards.reduce(0) { $0 + $1.withLock { $0.table.counters.count } }, waits.load(ordering: .relaxed))
    }
}

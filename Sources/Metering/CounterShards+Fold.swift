internal import Basics
package import Model
package import Store
internal import Synchronization

/// Which shard is folded next, and how much journal has been written since.
struct FoldPace {
    private let share: Int
    private var next = 0
    private var bytes = 0

    init(tailBytes: Int) {
        share = max(1, tailBytes / UsageFold.shardCount)
    }

    /// The shards whose turn it is now that a commit writes so many more bytes: all of them once in `tailBytes`.
    mutating func take(_ written: Int) -> [Int] {
        bytes += written
        let count = min(bytes / share, UsageFold.shardCount)
        bytes = count == UsageFold.shardCount ? 0 : bytes - count * share
        defer { next = (next + count) % UsageFold.shardCount }
        return (0..<count).map { (next + $0) % UsageFold.shardCount }
    }
}

extension CounterShards {
    /// What a sample takes of memory until it is folded, about: as if it were so much journal, so that the tail's
    /// samples stay within its bounds too.
    private static let sampleBytes = 192

    /// Decides which shards a commit folds, called alone (gate held): what is counted from now on is of their next
    /// generation.
    ///
    /// - Parameters:
    ///   - sequence: the first journal entry that is not yet counted.
    ///   - all: every shard, whatever was written.
    package func beginFolds(written bytes: Int, before sequence: UInt64, all: Bool) -> [UsageFold] {
        let samples = newSamples.exchange(0, ordering: .relaxed)
        let turns = all ? Array(shards.indices) : pace.withLock { $0.take(bytes + samples * Self.sampleBytes) }
        return turns.map { index in
            shards[index].withLock { shard in
                precondition(shard.folding.isEmpty, "one commit is written at a time")
                swap(&shard.folding, &shard.gaining)
                defer { shard.generation += 1 }
                return UsageFold(shard: index, generation: shard.generation, sequence: sequence)
            }
        }
    }

    /// What the folds add to the store, in key order.
    package func collect(_ folds: [UsageFold]) -> FoldedRows {
        var rows = FoldedRows()
        for fold in folds {
            shards[fold.shard].withLock { shard in
                rows.usage.reserveCapacity(rows.usage.count + shard.folding.count * 3)
                for position in shard.folding {
                    shard.table[Int(position)].collect(fold.generation, into: &rows.usage)
                }
                shard.sampled.forEachGain(in: fold.generation) { key, place, sample in
                    rows.add(SampleRow.rows(company: key.company, meter: key.meter, place, sample))
                }
            }
        }
        rows.sort()
        return rows
    }

    /// The store holds the folds now.
    package func folded(_ folds: [UsageFold]) {
        if folds.isEmpty { return }
        // Before anything is let go of: who reads from an older snapshot must find out.
        foldCount.wrappingAdd(1, ordering: .releasing)
        for fold in folds {
            shards[fold.shard].withLock { shard in
                for position in shard.folding { shard.table[Int(position)].folded(fold.generation) }
                shard.folding = []
                shard.sampled.folded(fold.generation)
                shard.trim()
            }
        }
    }

    /// Forgets everything, and counts the tail of the journal again: after opening, and when a commit has failed.
    /// Called alone, but checks go on: the shards are counted aside and put in place whole, as a limit that is looked
    /// at in between must not see half of what was used.
    ///
    /// - Parameter holds: those that are open.
    package func recover(holds: [Hold] = []) throws {
        let snapshot = try store.snapshot()
        let folds = try shards.indices.map { try snapshot.fold(of: $0) }
        let order = try snapshot.nextSequence() << Self.ordersOfEntry
        let recounted = folds.map { Locked(Shard(generation: $0.generation + 1, order: order)) }
        try store.forEachEntryInParallel(from: folds.map(\.sequence).min()!) { sequence, entry in
            guard entry.kind == .events else { return }
            var tail: [Recount] = []
            try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
                let shard = UsageFold.shard(of: event.company)
                guard event.isCounted, folds[shard].sequence <= sequence else { return true }
                tail.append(Recount(event, of: event.meter, event.quantity))
                for use in event.derived {
                    if use.kind == .additive {
                        tail.append(Recount(event, of: use.meter, use.value))
                    } else {
                        recounted[shard].withLock {
                            $0.add(use, of: event.company, at: event.effective, event.bucketStart, event.isBackfill)
                        }
                    }
                }
                return true
            }
            tail.withUnsafeBufferPointer { tail in
                Self.forEach(tail, key: \.key, in: recounted, onWait: {}) { tail[$0].count(in: &$1) }
            }
        }
        for hold in holds { recounted[UsageFold.shard(of: hold.companyID.ordinal)].withLock { $0.holds.insert(hold) } }
        foldCount.wrappingAdd(1, ordering: .releasing)
        for (shard, recounted) in zip(shards, recounted) {
            recounted.withLock { recounted in shard.withLock { swap(&$0, &recounted) } }
        }
    }
}

/// An event of the tail.
private struct Recount {
    let key: CounterKey
    private let quantity: Int64
    private let effective: Timestamp
    private let start: Timestamp
    private let isBackfill: Bool

    init(_ event: EventBlock.Event, of meter: UInt64, _ quantity: Int64) {
        key = CounterKey(company: event.company, meter: meter)
        self.quantity = quantity
        effective = event.effective
        start = event.bucketStart
        isBackfill = event.isBackfill
    }

    func count(in shard: inout CounterShards.Shard) {
        shard.add(quantity, to: key, effective: effective, start: start)
        if isBackfill { shard.add(quantity, to: key.backfill, effective: effective, start: start) }
    }
}

extension Counter {
    /// What a fold adds to the counter's buckets and totals.
    fileprivate func collect(_ generation: UInt64, into rows: inout [(UsageKey, Int64)]) {
        var (sum, volume): (Int64, Int64) = (0, 0)
        forEachGain(after: generation - 1) { gain in
            guard gain.generation == generation else { return }
            rows.append((UsageKey(company: key.company, meter: key.meter, start: gain.start), gain.sum))
            sum += gain.sum
            volume += gain.volume
        }
        rows.append((UsageKey(company: key.company, meter: key.meter, start: Self.totalStart), sum))
        rows.append((UsageKey(company: key.company, meter: key.meter, start: Self.volumeStart), volume))
    }
}

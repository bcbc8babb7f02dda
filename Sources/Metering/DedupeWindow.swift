package import Basics
package import Model

/// The idempotency keys that one environment has received within a length of time, each with a fingerprint of what it
/// stood for. Exact to the millisecond: a key is held while less than the window's length has passed since its receipt.
///
/// A key is held as 86 bits of a keyed 128-bit hash: 6 choose one of 64 shards, 80 stand in a slot of 16 bytes. Of n
/// keys some two are the same in 86 bits with a chance of n² / 2⁸⁷: 2.6 × 10⁻¹² for 20 million, 6.5 × 10⁻⁹ for a
/// billion. Without the hash's key, which is new at each start, nobody can aim for it.
///
/// Shards have a lock each, held for as long as a search takes, and now and then while the shard's table is rebuilt,
/// one 64th of all keys. More shards would make that shorter, but their tables too small for huge pages, without which
/// every search also misses the TLB. A key that was never seen needs room, which `DedupeMemory` may refuse; nothing is
/// ever dropped while it is in the window.
package final class DedupeWindow: Sendable {
    package static let usualLength = TimeSpan.hours(24)
    package static let longestLength = TimeSpan.days(35)
    private static let shardCount = 64

    package let length: TimeSpan
    private let hash: BriefHash
    private let shards: [Locked<DedupeTable>]
    private let uncommitted = Locked<[(commit: UInt64, keys: [Fingerprint])]>([])

    package enum Verdict: Sendable {
        /// Not seen in the window; from now on it is.
        case new
        /// Seen with the same content.
        case duplicate
        /// Seen with other content.
        case conflict
    }

    /// What stands for an idempotency key.
    package struct Fingerprint: Sendable {
        let high: UInt64
        let low: UInt16
        fileprivate let shard: UInt16
    }

    /// A key as an event shows it: with what it stands for.
    package struct Sighting: Sendable {
        package let key: Fingerprint
        package let content: UInt16
        /// Nil until it is judged.
        package fileprivate(set) var verdict: Verdict?

        package init(_ key: Fingerprint, content: UInt16) {
            self.key = key
            self.content = content
        }
    }

    package init(length: TimeSpan = usualLength, memory: DedupeMemory = DedupeMemory()) {
        precondition(
            TimeSpan(milliseconds: 0) < length && length <= Self.longestLength, "a window is at most 35 days long")
        self.length = length
        var random = SystemRandomNumberGenerator()
        hash = BriefHash(key: (random.next(), random.next()))
        shards = (0..<Self.shardCount).map { index in
            let share = Double(index) / Double(Self.shardCount)
            return Locked(DedupeTable(window: length, memory, share: share))
        }
    }

    /// Keys are scoped by the type of event.
    package func fingerprint(_ key: UnsafeBufferPointer<UInt8>, type: EventType) -> Fingerprint {
        let (high, low) = hash.hash128(UnsafeRawBufferPointer(key), scope: UInt64(type.rawValue))
        return Fingerprint(
            high: high, low: UInt16(truncatingIfNeeded: low), shard: UInt16(truncatingIfNeeded: low >> 58))
    }

    /// Judges a key and remembers it when it is new.
    ///
    /// - Throws: `Refusal.overloaded` when it is new and there is no room to remember it. A key that is known is
    ///   answered in any case.
    package func judge(
        _ fingerprint: Fingerprint, content: UInt16, at now: Timestamp
    ) throws(Refusal) -> Verdict {
        try shards[Int(fingerprint.shard)].withLock { (table) throws(Refusal) in
            try table.judge(fingerprint, content, at: now.milliseconds)
        }
    }

    /// Judges the keys of a batch, as if one after another.
    ///
    /// - Throws: `Refusal.overloaded` when there is no room for one that is new. Those without a verdict are not
    ///   remembered then.
    package func judge(_ sightings: inout [Sighting], at now: Timestamp) throws(Refusal) {
        var refusal: Refusal?
        sightings.withUnsafeMutableBufferPointer { sightings in
            forEachShard(of: UnsafeBufferPointer(sightings)) { table, indices in
                do throws(Refusal) {
                    for index in indices {
                        let sighting = sightings[Int(index)]
                        sightings[Int(index)].verdict = try table.judge(
                            sighting.key, sighting.content, at: now.milliseconds)
                    }
                } catch {
                    refusal = error
                }
            }
        }
        if let refusal { throw refusal }
    }

    /// Remembers keys that were judged new before, in an earlier life of the process; in any order.
    package func restore(_ sightings: [Sighting], receivedAt: Timestamp, at now: Timestamp) throws(Refusal) {
        var refusal: Refusal?
        sightings.withUnsafeBufferPointer { sightings in
            forEachShard(of: sightings) { table, indices in
                do throws(Refusal) {
                    for index in indices {
                        let sighting = sightings[Int(index)]
                        try table.restore(
                            sighting.key, sighting.content, receivedAt: receivedAt.milliseconds, at: now.milliseconds)
                    }
                } catch {
                    refusal = error
                }
            }
        }
        if let refusal { throw refusal }
    }

    /// Makes room for about so many keys, which are going to be restored.
    package func reserve(_ keys: Int, at now: Timestamp) {
        for shard in shards { shard.withLock { $0.reserve(keys / Self.shardCount, at: now.milliseconds) } }
    }

    /// Visits the shards of a batch, each under its lock, with its keys' places on their way to the cache: they are
    /// seldom near, and all of them take no longer than one.
    @inline(__always)
    private func forEachShard(
        of sightings: UnsafeBufferPointer<Sighting>,
        _ body: (inout DedupeTable, UnsafeBufferPointer<Int32>) -> Void
    ) {
        ShardOrder.forEach(count: sightings.count, shards: Self.shardCount, shard: { Int(sightings[$0].key.shard) }) {
            shard, indices in
            shards[shard].withLock { table in
                for index in indices { table.prefetch(sightings[Int(index)].key) }
                body(&table, indices)
            }
        }
    }

    /// Whether the key was seen in the window, with whatever content.
    package func holds(_ fingerprint: Fingerprint, at now: Timestamp) -> Bool {
        shards[Int(fingerprint.shard)].withLock { $0.holds(fingerprint, at: now.milliseconds) }
    }

    /// Takes back a key whose event was not counted after all.
    package func forget(_ fingerprint: Fingerprint) {
        shards[Int(fingerprint.shard)].withLock { $0.forget(fingerprint) }
    }

    package func forgetAll() {
        for shard in shards { shard.withLock { $0.forgetAll() } }
    }

    /// Keys remembered, those included that have left the window and whose slots have not been given back yet.
    package var count: Int { shards.reduce(0) { $0 + $1.withLock { $0.used } } }

    /// Bytes of all tables, in memory and on disk.
    package var byteCount: Int { shards.reduce(0) { $0 + $1.withLock { $0.byteCount } } }

    // MARK: - Commits

    /// Notes keys that were judged new and become durable with a commit. Called within the pass of the gate that judged
    /// them.
    package func note(_ keys: [Fingerprint], commit: UInt64) {
        guard !keys.isEmpty else { return }
        uncommitted.withLock { $0.append((commit, keys)) }
    }

    /// What waited for this commit or an earlier one is durable.
    package func committed(_ commit: UInt64) {
        uncommitted.withLock { $0.removeAll { $0.commit <= commit } }
    }

    /// Forgets every key that is not durable, after a commit failed: it and everything applied on top of it is gone. A
    /// key that had left the window before it was judged new is forgotten for good, as it should be.
    package func takeBack() {
        let keys = uncommitted.withLock { uncommitted in
            defer { uncommitted.removeAll() }
            return uncommitted.flatMap(\.keys)
        }
        for key in keys { forget(key) }
    }
}

internal import Basics

/// Values made from records, kept until a command changes the record or room is needed.
final class RecordCache<Noun: Identified, Value: AnyObject & Sendable>: Sendable {
    private static var shardCount: Int { 64 }

    private struct Kept {
        let value: Value
        /// Whether somebody asked for it since room was last made.
        var isAsked = false
    }

    private struct Shard {
        var values: [UInt64: Kept] = [:]
        /// Counts what was forgotten, so that a value read before is not kept after.
        var generation: UInt64 = 0

        mutating func value(_ ordinal: UInt64) -> Value? {
            guard let index = values.index(forKey: ordinal) else { return nil }
            let kept = values.values[index]
            if !kept.isAsked { values.values[index].isAsked = true }
            return kept.value
        }

        /// Keeps half, those first that were asked for since this was last done.
        mutating func makeRoom(in limit: Int) {
            var (asked, others) = (limit / 2, limit / 2 - values.count { $0.value.isAsked })
            values = values.filter { entry in
                if entry.value.isAsked { asked -= 1 } else { others -= 1 }
                return entry.value.isAsked ? asked >= 0 : others >= 0
            }.mapValues { Kept(value: $0.value) }
        }
    }

    private let shards: [Locked<Shard>]
    private let limit: Int

    /// Keeps up to `limit` values in each of 64 shards, 100,000 in all unless told otherwise. A company on a plan of
    /// three entitlements takes 1.2 KiB: 90,000 of them, asked for once each, made a process grow by 109 MiB.
    init(limit: Int = 1_563) {
        self.limit = limit
        shards = (0..<Self.shardCount).map { _ in Locked(Shard()) }
    }

    func value(_ id: Identifier<Noun>, load: (Identifier<Noun>) throws -> Value?) throws -> Value? {
        let shard = shard(of: id)
        let (known, generation) = shard.withLock { ($0.value(id.ordinal), $0.generation) }
        if let known { return known }
        guard let value = try load(id) else { return nil }
        shard.withLock { shard in
            guard shard.generation == generation else { return }
            if shard.values.count >= limit { shard.makeRoom(in: limit) }
            shard.values[id.ordinal] = Kept(value: value)
        }
        return value
    }

    func replace(_ id: Identifier<Noun>, _ old: Value, with new: Value) {
        shard(of: id).withLock { shard in
            if shard.values[id.ordinal]?.value === old { shard.values[id.ordinal] = Kept(value: new, isAsked: true) }
        }
    }

    func forget(_ id: Identifier<Noun>) {
        shard(of: id).withLock { shard in
            shard.values[id.ordinal] = nil
            shard.generation += 1
        }
    }

    func forgetAll() {
        for shard in shards {
            shard.withLock { shard in
                shard.values.removeAll()
                shard.generation += 1
            }
        }
    }

    private func shard(of id: Identifier<Noun>) -> Locked<Shard> {
        shards[Int(truncatingIfNeeded: id.ordinal) & (Self.shardCount - 1)]
    }
}

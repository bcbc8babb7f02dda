internal import Basics

/// Values made from records, kept until a command changes the record or room is needed.
final class RecordCache<Noun: Identified, Value: AnyObject & Sendable>: Sendable {
    private static var shardCount: Int { 64 }

    private struct Shard {
        var values = OrdinalTable<Value>()
        /// Counts what was forgotten, so that a value read before is not kept after.
        var generation: UInt64 = 0
    }

    private let shards: [Locked<Shard>]
    private let shardLimit: Int

    /// Keeps up to `limit` values, a power of two.
    init(limit: Int) {
        shardLimit = limit / Self.shardCount
        shards = (0..<Self.shardCount).map { _ in Locked(Shard()) }
    }

    func value(_ id: Identifier<Noun>, load: (Identifier<Noun>) throws -> Value?) throws -> Value? {
        let shard = shard(of: id)
        let (known, generation) = shard.withLock { ($0.values.value(of: id.ordinal), $0.generation) }
        if let known { return known }
        guard let value = try load(id) else { return nil }
        shard.withLock { shard in
            guard shard.generation == generation else { return }
            shard.values.set(value, for: id.ordinal, mostPlaces: shardLimit)
        }
        return value
    }

    func replace(_ id: Identifier<Noun>, _ old: Value, with new: Value) {
        shard(of: id).withLock { shard in
            guard shard.values.value(of: id.ordinal) === old else { return }
            shard.values.set(new, for: id.ordinal, mostPlaces: shardLimit)
        }
    }

    func forget(_ id: Identifier<Noun>) {
        shard(of: id).withLock { shard in
            shard.values.forget(id.ordinal)
            shard.generation += 1
        }
    }

    func forgetAll() {
        for shard in shards {
            shard.withLock { shard in
                shard.values = OrdinalTable()
                shard.generation += 1
            }
        }
    }

    private func shard(of id: Identifier<Noun>) -> Locked<Shard> {
        shards[Int(truncatingIfNeeded: id.ordinal) & (Self.shardCount - 1)]
    }
}

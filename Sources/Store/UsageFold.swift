internal import Basics
internal import Model

/// One shard of the usage table brought up to date: for its companies the table holds all events of the journal before
/// `sequence`, and none from there on.
///
/// Writing every counter with every commit would cost more than all else together. So the journal alone makes events
/// durable; counters gather in memory what they gained, and one shard after another is folded into the table. What is
/// not folded yet is the *tail*: it is counted again from the journal when the store is opened.
package struct UsageFold: Sendable, Equatable {
    /// Part of the store's format.
    package static let shardCount = 64
    package let shard: Int
    /// Counts up by one with each fold of the shard; 0 before the first.
    package let generation: UInt64
    package let sequence: UInt64

    package init(shard: Int, generation: UInt64, sequence: UInt64) {
        self.shard = shard
        self.generation = generation
        self.sequence = sequence
    }

    /// Neighbours share a shard, so that a fold touches few pages of the table, but for no more than a page's worth.
    package static func shard(of company: UInt64) -> Int {
        Int(truncatingIfNeeded: company >> 4) & (shardCount - 1)
    }

    var write: (key: [UInt8], value: [UInt8]) {
        var value = KeyBytes(capacity: 16)
        value.append(generation)
        value.append(sequence)
        return (Self.key(shard), value.bytes)
    }

    fileprivate static func key(_ shard: Int) -> [UInt8] { StoreKey.meta("fold/\(shard)").bytes }
}

/// What folds bring to the store, in key order.
package struct FoldedRows: Sendable {
    /// Added to what is there.
    package var usage: [(UsageKey, Int64)] = []
    package private(set) var samples: [SampleRow] = []

    package init() {}

    package mutating func add(_ rows: [SampleRow]) {
        samples.append(contentsOf: rows)
    }

    package mutating func sort() {
        usage.sort { $0.0 < $1.0 }
        samples.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }
}

extension Snapshot {
    /// How far the shard of the usage table was folded.
    package func fold(of shard: Int) throws -> UsageFold {
        guard let bytes = try value(StoreKey(.meta, UsageFold.key(shard))) else {
            return UsageFold(shard: shard, generation: 0, sequence: 0)
        }
        guard bytes.count == 16 else {
            throw StoreFailure(
                "the store is damaged: how far shard \(shard) was folded has \(bytes.count) bytes, not 16")
        }
        return bytes.withUnsafeBytes {
            UsageFold(shard: shard, generation: $0.bigEndian64(at: 0), sequence: $0.bigEndian64(at: 8))
        }
    }
}

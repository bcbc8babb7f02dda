/// The items of a batch in the order of their shards, so that each lock is taken once for all that is behind it.
package enum ShardOrder {
    /// Visits the shards that have items, with the indices of those; within a shard they keep their order.
    ///
    /// Begins with the first item's shard: two batches at once seldom meet all along the way.
    @inlinable @inline(__always)
    package static func forEach(
        count: Int, shards: Int, shard shardOf: (Int) -> Int,
        _ body: (_ shard: Int, _ indices: UnsafeBufferPointer<Int32>) throws -> Void
    ) rethrows {
        guard count > 0 else { return }
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + shards + 1) { memory in
            let indices = UnsafeMutableBufferPointer(rebasing: memory[..<count])
            // Counts of the shards, each one place further on; then where they begin; in the end where they end.
            let ends = UnsafeMutableBufferPointer(rebasing: memory[count...])
            ends.initialize(repeating: 0)
            for index in 0..<count { ends[shardOf(index) + 1] += 1 }
            for shard in 0..<shards { ends[shard + 1] += ends[shard] }
            for index in 0..<count {
                let shard = shardOf(index)
                indices[Int(ends[shard])] = Int32(index)
                ends[shard] += 1
            }
            let first = shardOf(0)
            for turn in 0..<shards {
                let shard = first + turn < shards ? first + turn : first + turn - shards
                let start = shard == 0 ? 0 : Int(ends[shard - 1])
                guard start < Int(ends[shard]) else { continue }
                try body(shard, UnsafeBufferPointer(rebasing: indices[start..<Int(ends[shard])]))
            }
        }
    }
}

package import Store

extension Snapshot {
    /// Visits every counter of the usage table: its total of all time, and the sum of its buckets.
    package func forEachCounter(
        _ body: (_ company: UInt64, _ meter: UInt64, _ total: Int64, _ buckets: Int128) throws -> Void
    ) throws {
        var present: (company: UInt64, meter: UInt64)?
        var total: Int64 = 0
        var buckets: Int128 = 0
        try forEach(.usage, prefix: []) { key, value in
            let owner = (company: key.bigEndian64(at: 0), meter: key.bigEndian64(at: 8))
            if let last = present, last != owner {
                try body(last.company, last.meter, total, buckets)
                (total, buckets) = (0, 0)
            }
            present = owner
            let sum = Int64(littleEndian: value.loadUnaligned(as: Int64.self))
            switch key.timestamp(at: 16) {
            case Counter.totalStart: total = sum
            case Counter.volumeStart: break
            default: buckets += Int128(sum)
            }
            return true
        }
        if let present { try body(present.company, present.meter, total, buckets) }
    }
}

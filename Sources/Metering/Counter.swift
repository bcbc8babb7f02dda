package import Basics
package import Model
internal import Store

/// Which counter: one company's use of one meter.
package struct CounterKey: Hashable, Comparable, Sendable {
    /// A meter with this bit counts the backfilled part of the meter without it: used, but never billed.
    package static let backfillBit: UInt64 = 1 << 63

    package let company: UInt64
    package let meter: UInt64

    /// As the store's keys have them.
    package init(company: UInt64, meter: UInt64) {
        self.company = company
        self.meter = meter
    }

    package init(company: Identifier<Company>, meter: Identifier<Meter>, backfill: Bool = false) {
        self.company = company.ordinal
        self.meter = backfill ? meter.ordinal | Self.backfillBit : meter.ordinal
    }

    package static func < (left: CounterKey, right: CounterKey) -> Bool {
        (left.company, left.meter) < (right.company, right.meter)
    }
}

/// The usage of one company and meter, as far as memory holds it: totals, the windows that somebody asked for, and what
/// is not yet committed. All of it can be read again from the store, except the uncommitted part.
///
/// The store keeps *buckets*: a bucket holds the quantities whose effective time lies between its start and the next
/// bucket's. A bucket begins at a full hour, at a boundary of the company's subscription, or, for an event ahead of its
/// receipt, at the very millisecond. So every window that anybody asks for is a sum of whole buckets, to the
/// millisecond.
///
/// A class, so that it is looked up once however much is done with it. Guarded by the lock of its shard.
final class Counter {
    /// What one commit will add to one bucket.
    struct Uncommitted {
        let start: Timestamp
        let commit: UInt64
        var sum: Int64
        var volume: Int64
    }

    /// Below every real bucket the store keeps the two totals of a counter, in the form of buckets.
    static let totalStart = Timestamp(milliseconds: .min)
    static let volumeStart = Timestamp(milliseconds: .min + 1)
    static let hour: Int64 = 3_600_000

    let key: CounterKey
    /// Σ quantities of all time.
    private(set) var total: Int64
    /// Σ |quantities| of all time: as long as this fits, no sum of any part can overflow.
    private(set) var volume: Int64
    private var windows: [(start: Timestamp, end: Timestamp, sum: Int64)] = []
    private(set) var uncommitted: [Uncommitted] = []
    /// Between these two instants the company's periods have no boundary.
    var uncut: Period?

    init(_ key: CounterKey, total: Int64, volume: Int64) {
        self.key = key
        self.total = total
        self.volume = volume
    }

    /// Where the bucket of an event begins.
    ///
    /// An event later than its receipt must stand alone, because a boundary may still be made at or before its time;
    /// for all others every boundary up to their time is known.
    func bucketStart(effective: Timestamp, received: Timestamp) -> Timestamp {
        if effective > received { return effective }
        let past = effective.milliseconds
        let hourStart = past - ((past % Self.hour) + Self.hour) % Self.hour
        guard let cut = uncut?.start else { return Timestamp(milliseconds: hourStart) }
        return max(Timestamp(milliseconds: hourStart), cut)
    }

    /// Counts a quantity; false when the counter has no room for it.
    func add(_ quantity: Int64, effective: Timestamp, received: Timestamp, commit: UInt64) -> Bool {
        guard quantity != .min else { return false }
        let (grown, overflow) = volume.addingReportingOverflow(abs(quantity))
        guard !overflow else { return false }
        volume = grown
        total += quantity
        for index in windows.indices where windows[index].start <= effective && effective < windows[index].end {
            windows[index].sum += quantity
        }
        let start = bucketStart(effective: effective, received: received)
        if let last = uncommitted.indices.last, uncommitted[last].start == start, uncommitted[last].commit == commit {
            uncommitted[last].sum += quantity
            uncommitted[last].volume += abs(quantity)
        } else {
            uncommitted.append(Uncommitted(start: start, commit: commit, sum: quantity, volume: abs(quantity)))
        }
        return true
    }

    func sum(of window: UsageWindow) -> Int64? {
        guard let start = window.start, let end = window.end else { return total }
        return windows.first { $0.start == start && $0.end == end }?.sum
    }

    /// Remembers a window that was summed from the store. At most four; the one that ended first makes room.
    func remember(_ sum: Int64, start: Timestamp, end: Timestamp) {
        if windows.count == 4, let oldest = windows.indices.min(by: { windows[$0].end < windows[$1].end }) {
            windows.remove(at: oldest)
        }
        windows.append((start, end, sum))
    }

    func uncommittedSum(from start: Timestamp, to end: Timestamp, after commit: UInt64) -> Int64 {
        uncommitted.reduce(0) { sum, bucket in
            bucket.commit > commit && start <= bucket.start && bucket.start < end ? sum + bucket.sum : sum
        }
    }

    /// Whether nothing of it waits for this commit, the newest there is.
    func isClean(in commit: UInt64) -> Bool { uncommitted.last?.commit != commit }

    /// What commit `number` adds to the store.
    func collect(_ number: UInt64, into found: inout [(UsageKey, Int64)]) {
        var (sum, volume): (Int64, Int64) = (0, 0)
        for bucket in uncommitted where bucket.commit == number {
            found.append((UsageKey(company: key.company, meter: key.meter, start: bucket.start), bucket.sum))
            sum += bucket.sum
            volume += bucket.volume
        }
        found.append((UsageKey(company: key.company, meter: key.meter, start: Self.totalStart), sum))
        found.append((UsageKey(company: key.company, meter: key.meter, start: Self.volumeStart), volume))
    }

    func committed(_ number: UInt64) {
        uncommitted.removeAll { $0.commit <= number }
    }
}

extension Snapshot {
    /// Visits every counter: its total of all time, and the sum of its buckets.
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

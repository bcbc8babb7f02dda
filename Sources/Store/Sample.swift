package import Basics
internal import Model

/// One thing that a bucket of a meter keeps where no sum will do: the greatest value in it, the latest, or one of the
/// different values.
///
/// Keeping one twice changes nothing, nor does the order in which they are kept: so late events, restarts and readings
/// that overlap need no care.
package struct SamplePlace: Hashable, Sendable {
    /// Where the bucket begins.
    package let start: Timestamp
    /// Of events that are used but never billed.
    package let isBackfill: Bool
    /// What tells the different values apart: a hash of the value. 0 for meters that keep one value.
    package let token: UInt128

    package init(start: Timestamp, isBackfill: Bool, token: UInt128) {
        self.start = start
        self.isBackfill = isBackfill
        self.token = token
    }
}

/// A value with what decides which of two is kept: the greater rank. Zeros where the place says everything.
package struct Sample: Comparable, Sendable {
    static let width = 24
    package let rank: UInt64
    /// Between equals of the first.
    package let order: UInt64
    package let value: Int64

    package init(rank: UInt64, order: UInt64, value: Int64) {
        self.rank = rank
        self.order = order
        self.value = value
    }

    package static let nothing = Sample(rank: 0, order: 0, value: 0)

    package static func < (left: Sample, right: Sample) -> Bool {
        (left.rank, left.order) < (right.rank, right.order)
    }

    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(
            rank: bytes.bigEndian64(at: 0), order: bytes.bigEndian64(at: 8),
            value: Int64(bitPattern: bytes.bigEndian64(at: 16)))
    }

    /// Ordered as samples are, so that a commit keeps the greater of two without reading them.
    fileprivate var bytes: [UInt8] {
        var bytes = KeyBytes(capacity: Self.width)
        bytes.append(rank)
        bytes.append(order)
        bytes.append(UInt64(bitPattern: value))
        return bytes.bytes
    }
}

extension StoreKey {
    static let sampleWidth = 42
    private static let byTime: UInt8 = 0
    private static let byToken: UInt8 = 1

    fileprivate static func samplePrefix(_ company: UInt64, _ meter: UInt64, _ order: UInt8) -> KeyBytes {
        var key = KeyBytes(capacity: sampleWidth)
        key.append(company)
        key.append(meter)
        key.append(order)
        return key
    }

    /// Where windows find it.
    fileprivate static func sampleByTime(_ company: UInt64, _ meter: UInt64, _ place: SamplePlace) -> [UInt8] {
        var key = samplePrefix(company, meter, byTime)
        key.append(place.start)
        key.append(UInt8(place.isBackfill ? 1 : 0))
        key.append(place.token)
        return key.bytes
    }

    /// Where a value is found, whatever its buckets.
    fileprivate static func sampleByToken(_ company: UInt64, _ meter: UInt64, _ place: SamplePlace) -> [UInt8] {
        var key = samplePrefix(company, meter, byToken)
        key.append(place.token)
        key.append(place.start)
        key.append(UInt8(place.isBackfill ? 1 : 0))
        return key.bytes
    }

    fileprivate static func samples(
        _ company: UInt64, _ meter: UInt64, from start: Timestamp, to end: Timestamp
    ) -> (from: [UInt8], to: [UInt8]) {
        var (from, to) = (samplePrefix(company, meter, byTime), samplePrefix(company, meter, byTime))
        from.append(start)
        to.append(end)
        return (from.bytes, to.bytes)
    }

    fileprivate static func samples(
        _ company: UInt64, _ meter: UInt64, of token: UInt128, from start: Timestamp, to end: Timestamp
    ) -> (from: [UInt8], to: [UInt8]) {
        var (from, to) = (samplePrefix(company, meter, byToken), samplePrefix(company, meter, byToken))
        from.append(token)
        to.append(token)
        from.append(start)
        to.append(end)
        return (from.bytes, to.bytes)
    }
}

extension KeyBytes {
    fileprivate mutating func append(_ number: UInt128) {
        append(UInt64(truncatingIfNeeded: number >> 64))
        append(UInt64(truncatingIfNeeded: number))
    }
}

/// What a fold keeps in `samples`: a value stays unless a greater one comes.
package struct SampleRow: Sendable {
    let key: [UInt8]
    let value: [UInt8]

    /// The rows of one sample: different values are also to be found by themselves.
    package static func rows(
        company: UInt64, meter: UInt64, _ place: SamplePlace, _ sample: Sample
    ) -> [SampleRow] {
        var rows = [SampleRow(key: StoreKey.sampleByTime(company, meter, place), value: sample.bytes)]
        if MeterKind(ofMeter: meter) == .unique {
            rows.append(SampleRow(key: StoreKey.sampleByToken(company, meter, place), value: sample.bytes))
        }
        return rows
    }
}

extension Snapshot {
    /// Visits the samples of one company and meter whose buckets begin in `[from, to)`, in the order of time.
    package func samples(
        company: UInt64, meter: UInt64, from: Timestamp, to: Timestamp, _ body: (SamplePlace, Sample) -> Void
    ) throws {
        let (first, last) = StoreKey.samples(company, meter, from: from, to: to)
        try forEach(.samples, from: first, to: last) { key, value in
            let place = SamplePlace(
                start: key.timestamp(at: 17), isBackfill: key[25] != 0,
                token: UInt128(key.bigEndian64(at: 26)) << 64 | UInt128(key.bigEndian64(at: 34)))
            body(place, Sample(value))
            return true
        }
    }

    /// Whether one of the different values is in a bucket that begins in `[from, to)`.
    package func hasSample(
        company: UInt64, meter: UInt64, token: UInt128, from: Timestamp, to: Timestamp
    ) throws -> Bool {
        let (first, last) = StoreKey.samples(company, meter, of: token, from: from, to: to)
        var found = false
        try forEach(.samples, from: first, to: last) { _, _ in
            found = true
            return false
        }
        return found
    }
}

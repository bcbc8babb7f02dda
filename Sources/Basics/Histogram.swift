/// How many values fell into each of some ranges: what Prometheus calls a histogram.
public struct Histogram: Sendable {
    /// The largest value of each range but the last, which is open. Ascending.
    public let bounds: [Int64]
    /// One more than there are bounds.
    public private(set) var counts: [UInt64]
    public private(set) var sum: Int64 = 0

    public init(bounds: [Int64]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "the bounds of a histogram ascend")
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    public mutating func add(_ value: Int64) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    public var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

/// Latencies in nanoseconds, counted log-linearly: each to three significant digits, in constant memory.
///
/// Values below 2,048 have a counter each. From there on every power of two is divided into 1,024 equal steps, so a
/// value is known to within 1/1,024 of itself.
struct Histogram: Sendable {
    private static let stepBits = 10
    /// Longer ones, of more than 70 minutes, count as this.
    private static let longest: UInt64 = 1 << 42 - 1

    private var counts = [UInt64](repeating: 0, count: index(of: longest) + 1)
    private(set) var count: UInt64 = 0

    mutating func record(_ nanoseconds: UInt64) {
        counts[Self.index(of: min(nanoseconds, Self.longest))] += 1
        count += 1
    }

    /// The highest value that shares its counter with the smallest one that is not below `share` of all; nil without
    /// values.
    func percentile(_ share: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((Double(count) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return Self.highest(at: index) }
        }
        return nil
    }

    private static func index(of value: UInt64) -> Int {
        let exponent = max(0, 64 - value.leadingZeroBitCount - stepBits - 1)
        return exponent << stepBits + Int(value >> UInt64(exponent))
    }

    private static func highest(at index: Int) -> UInt64 {
        let exponent = max(0, index >> stepBits - 1)
        let step = UInt64(index - exponent << stepBits)
        return (step + 1) << UInt64(exponent) - 1
    }
}

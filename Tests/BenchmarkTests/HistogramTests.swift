import TestSupport
import Testing

@testable import tollgate_bench

@Suite struct HistogramTests {
    /// The same percentile of the sorted values themselves.
    private func exact(_ share: Double, of sorted: [UInt64]) -> UInt64 {
        sorted[max(0, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
    }

    @Test func `percentiles are those of a sorted array, to three digits`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for count in [1, 2, 3, 10, 1_000, 20_000] {
            // Of all magnitudes alike.
            let values = (0..<count).map { _ in random.next() >> (22 + random.next() % 42) }
            var histogram = Histogram()
            for value in values { histogram.record(value) }
            let sorted = values.sorted()
            for share in [0.0001, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
                let exact = exact(share, of: sorted)
                let found = try #require(histogram.percentile(share))
                #expect(
                    found >= exact && found - exact <= exact / 1_000 + 1,
                    "seed \(seed): \(share) of \(count) values is \(found), not \(exact)")
            }
        }
    }

    @Test func `every counter takes the values from the end of the last to its own`() {
        for exponent in 0..<42 {
            for value in [UInt64(1) << exponent - 1, UInt64(1) << exponent, UInt64(1) << exponent + 1] {
                var histogram = Histogram()
                histogram.record(value)
                let found = histogram.percentile(0.5) ?? 0
                #expect(found >= value && found - value <= value / 1_024, "\(value) came out as \(found)")
            }
        }
    }

    @Test func `what is longer than can be counted is counted as the longest`() {
        var histogram = Histogram()
        histogram.record(.max)
        #expect(histogram.percentile(1) == 1 << 42 - 1)
    }

    @Test func `nothing has no percentile`() {
        #expect(Histogram().percentile(0.5) == nil)
    }
}

import Basics
import Metering
import Model
import TestSupport
import Testing

@Suite("Remembered windows")
struct CounterWindowTests {
    /// More windows than a counter remembers, each asked for again and again while events come in.
    @Test("a window asked for again is the sum of its events", arguments: [1, 2, 3] as [UInt64])
    func again(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let start = Timestamp(rfc3339: "2026-03-01T00:00:00Z")!
        let model = try CounterModel(Boundaries([]))
        let (company, meter) = (CounterModel.companies[0], CounterModel.meters[0])
        let hours: [(Int64, Int64)] = [(0, 1), (0, 24), (1, 24), (12, 48), (24, 48), (0, 744), (6, 6)]
        let windows = hours.map { UsageWindow(start: start + .hours($0), end: start + .hours($1)) }
        for step in 0..<600 {
            if Int.random(in: 0..<3, using: &random) == 0 {
                let effective = start + TimeSpan(milliseconds: Int64.random(in: 0..<200_000_000, using: &random))
                let event = CounterModel.Counted(
                    company: company, meter: meter, effective: effective,
                    quantity: Int64.random(in: -5...20, using: &random), isBackfill: false)
                #expect(try model.add([event], received: effective) == [true])
            }
            let window = windows.randomElement(using: &random)!
            #expect(
                try model.counters.reading(
                    of: CounterKey(company: company, meter: meter), in: window, at: start
                ).usage
                    == model.expected(company, meter, window.start, window.end, billed: false),
                "seed \(seed), step \(step)")
        }
    }
}

import Basics
import Metering
import Model
import Store
import Testing

@Suite("Samples: what meters keep where no sum will do")
struct SampleTests {
    private static let environment = EnvironmentID(ordinal: 1)
    private static let company = Identifier<Company>(ordinal: 3)

    /// More values than one set may hold, each in several hours, some in memory only and some in the store.
    @Test("different values are counted exactly, however few are looked at together", arguments: [1, 7, 100, 1 << 20])
    func parts(setLimit: Int) throws {
        let directory = StoreDirectory()
        let store = try directory.open()
        let counters = CounterShards(store, setLimit: setLimit) { _, _, _ in
            Period(start: Timestamp(milliseconds: .min), end: Timestamp(milliseconds: .max))
        }
        let committer = try Committer(
            store,
            Committer.Participants(
                beginFolds: { counters.beginFolds(written: $0, before: $1, all: $2) },
                collect: { counters.collect($0) },
                committed: { counters.folded($1) }, failed: { _ in }))
        try counters.recover()
        let meter = Meter(ordinal: 9, eventSubtype: "calls", measure: Self.unique).id
        let start = Timestamp(rfc3339: "2024-01-01T00:00:00Z")!
        for hour in 0..<Int64(4) {
            try committer.gate.shared {
                for value in 0..<UInt128(60) {
                    try add(value + UInt128(hour) * 20, meter, start + .hours(hour), counters)
                }
            }
            if hour == 2 { _ = try committer.foldedSnapshot() }
        }
        let key = CounterKey(company: Self.company, meter: meter)
        let periods = [(0, 1), (0, 4), (1, 3), (3, 4), (4, 9)].map {
            Period(start: start + .hours($0.0), end: start + .hours($0.1))
        }
        #expect(try counters.values(of: key, in: periods) == [60, 120, 80, 60, 0])
        #expect(try counters.reading(of: key, in: UsageWindow.allTime, at: start).usage == 120)
    }

    private static var unique: Measure {
        var measure = Measure(.uniqueCount)
        measure.uniqueTrait = "user"
        return measure
    }

    private func add(
        _ value: UInt128, _ meter: Identifier<Meter>, _ time: Timestamp, _ counters: CounterShards
    ) throws {
        var derived = [DerivedUse(meter: meter, token: value)]
        var uses = [
            CounterShards.Use(
                1, of: CounterKey(company: Self.company, meter: Identifier(ordinal: 1)), effective: time,
                isBackfill: false, derived: 0..<1)
        ]
        try counters.add(&uses, derived: &derived, in: Self.environment, received: time)
    }
}

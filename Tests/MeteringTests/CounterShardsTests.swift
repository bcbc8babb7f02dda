import Basics
import Metering
import Model
import Store
import TestSupport
import Testing

@Suite("Counters equal the naive sum of the events")
struct CounterShardsTests {
    /// Zones with half hours, DST of half an hour, DST of an hour, and none.
    @Test(
        "any window cut at hours and boundaries, whatever was committed, dropped or late",
        arguments: ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"], [1, 2, 3] as [UInt64])
    func randomLife(zone: String, seed: UInt64) throws {
        print("zone \(zone), seed \(seed)")
        var random = SplitMix(seed: seed)
        let anchor = Timestamp(rfc3339: "2024-01-31T10:17:33.123Z")!
        let calendar = BillingCalendar(anchor: anchor, zone: Zone(zone)!, cadence: .monthly)
        let model = try CounterModel(Boundaries((0..<14).map { calendar.period($0).start }))
        var now = anchor + .hours(2)
        for step in 0..<600 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0: now = now + .days(Int64.random(in: 1...20, using: &random))
            case 1...4: now = now + TimeSpan(milliseconds: Int64.random(in: 1...10_000_000, using: &random))
            case 5:
                now = now + TimeSpan(milliseconds: 1)
                model.makeBoundary(now)
            case 6: if step % 2 == 0 { model.drain() } else { try model.fold() }
            case 7: if step % 3 == 0 { try model.reopen() }
            case 8...14:
                let batch = (0..<Int.random(in: 1...20, using: &random)).map { _ in event(of: model, now, &random) }
                #expect(try !model.add(batch, received: now).contains(false))
            default: try compare(model, now, &random)
            }
        }
        for _ in 0..<50 { try compare(model, now, &random) }
        try model.reopen()
        for _ in 0..<50 { try compare(model, now, &random) }
    }

    private func event(of model: CounterModel, _ now: Timestamp, _ random: inout SplitMix) -> CounterModel.Counted {
        let cuts = model.boundaries.all
        let effective =
            switch Int.random(in: 0..<8, using: &random) {
            case 0: now + TimeSpan(milliseconds: Int64.random(in: 1...300_000, using: &random))
            case 1: now - TimeSpan(milliseconds: Int64.random(in: 1...3_000_000_000, using: &random))
            case 2: min(now, cuts.randomElement(using: &random)!)
            case 3: min(now, cuts.randomElement(using: &random)! - TimeSpan(milliseconds: 1))
            default: now
            }
        return CounterModel.Counted(
            company: CounterModel.companies.randomElement(using: &random)!,
            meter: CounterModel.meters.randomElement(using: &random)!, effective: effective,
            quantity: Int64.random(in: -5...20, using: &random), isBackfill: Int.random(in: 0..<6, using: &random) == 0)
    }

    private func compare(_ model: CounterModel, _ now: Timestamp, _ random: inout SplitMix) throws {
        let company = CounterModel.companies.randomElement(using: &random)!
        let meter = CounterModel.meters.randomElement(using: &random)!
        let key = CounterKey(company: company, meter: meter)
        func cut() -> Timestamp {
            if Bool.random(using: &random) { return model.boundaries.all.randomElement(using: &random)! }
            let hours = now.milliseconds / 3_600_000 - Int64.random(in: -30...900, using: &random)
            return Timestamp(milliseconds: hours * 3_600_000)
        }
        let (one, other) = (cut(), cut())
        let window = UsageWindow(start: min(one, other), end: max(one, other))
        #expect(
            try counters(model).reading(of: key, in: window, at: now).usage
                == model.expected(company, meter, window.start, window.end, billed: false))
        #expect(
            try counters(model).reading(of: key, in: .allTime, at: now).usage
                == model.expected(company, meter, nil, nil, billed: false))
        let period = Period(start: min(one, other), end: max(one, other))
        #expect(
            try counters(model).sum(company: company, meter: meter, in: period)
                == model.expected(company, meter, period.start, period.end, billed: true))
    }

    private func counters(_ model: CounterModel) -> CounterShards { model.counters }

    @Test("a thousand companies are told apart, in memory and after it was counted again")
    func manyCompanies() throws {
        let model = try CounterModel(Boundaries([]))
        let now = Timestamp(rfc3339: "2024-01-01T00:00:00Z")!
        var random = SplitMix(seed: 7)
        for _ in 0..<40 {
            let batch = (0..<300).map { _ in
                CounterModel.Counted(
                    company: Identifier(ordinal: UInt64.random(in: 1...1_000, using: &random)),
                    meter: CounterModel.meters.randomElement(using: &random)!, effective: now,
                    quantity: Int64.random(in: 1...9, using: &random),
                    isBackfill: Int.random(in: 0..<9, using: &random) == 0)
            }
            #expect(try !model.add(batch, received: now).contains(false))
        }
        func compare() throws {
            for company in (1...1_000).map({ Identifier<Company>(ordinal: $0) }) {
                for meter in CounterModel.meters {
                    #expect(
                        try model.counters.reading(
                            of: CounterKey(company: company, meter: meter), in: .allTime, at: now
                        ).usage
                            == model.expected(company, meter, nil, nil, billed: false))
                }
            }
        }
        try compare()
        try model.reopen()
        try compare()
    }

    @Test("a counter refuses what would not fit, and keeps what it has")
    func full() throws {
        let model = try CounterModel(Boundaries([]))
        let now = Timestamp(rfc3339: "2024-01-01T00:00:00Z")!
        func add(_ quantity: Int64) throws -> Bool {
            try model.add(
                [
                    CounterModel.Counted(
                        company: CounterModel.companies[0], meter: CounterModel.meters[0], effective: now,
                        quantity: quantity, isBackfill: false)
                ], received: now) == [true]
        }
        let limit: Int64 = 1 << 62
        #expect(try add(limit - 10))
        #expect(try !add(11))
        #expect(try add(-5))
        #expect(try !add(.min))
        try model.reopen()
        let key = CounterKey(company: CounterModel.companies[0], meter: CounterModel.meters[0])
        #expect(try model.counters.reading(of: key, in: .allTime, at: now).usage == limit - 15)
        #expect(try !add(6))
        #expect(try add(5))
        #expect(try model.counters.reading(of: key, in: .allTime, at: now).usage == limit - 10)
    }
}

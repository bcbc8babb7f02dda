import Basics
import Metering
import Model
import TestSupport
import Testing

@Suite("The dedupe window equals a dictionary of keys with their times")
struct DedupeWindowTests {
    private static let start: Int64 = 1_700_000_000_123
    private static let day: Int64 = 86_400_000

    @Test(
        "a millisecond less than its length later a key is a duplicate, at its length it is new",
        arguments: [1, 1000, day, 35 * day] as [Int64])
    func edge(length: Int64) throws {
        let window = DedupeWindow(length: TimeSpan(milliseconds: length))
        let key = DedupeModel(window).fingerprint("k")
        let rows: [(after: Int64, content: UInt16, verdict: DedupeWindow.Verdict)] = [
            (0, 7, .new),
            (length - 1, 7, .duplicate),
            (length - 1, 8, .conflict),
            // The clock was turned back.
            (-1, 7, .duplicate),
            (-40 * Self.day, 8, .conflict),
            (length, 8, .new),
            (length, 7, .conflict),
            (2 * length - 1, 8, .duplicate),
            // Another thread's clock may be a little behind.
            (length - 1, 8, .duplicate),
            (2 * length, 7, .new),
            // Two windows later the key's slot was used and left in between.
            (400 * Self.day, 7, .new),
        ]
        for row in rows {
            let now = Timestamp(milliseconds: Self.start + row.after)
            #expect(window.holds(key, at: now) == (row.verdict != .new), "\(row)")
            #expect(try window.judge(key, content: row.content, at: now) == row.verdict, "\(row)")
        }
    }

    @Test("a key that is new while the clock is turned back is held no less than a window", arguments: [0, 60, 4000])
    func clockBack(days: Int64) throws {
        let window = DedupeWindow(length: .days(35))
        let model = DedupeModel(window)
        func judge(_ key: String, _ now: Int64) throws -> DedupeWindow.Verdict {
            try window.judge(model.fingerprint(key), content: 0, at: Timestamp(milliseconds: now))
        }
        let back = Self.start - days * Self.day
        // Enough that every shard has keys of both times.
        for key in 0..<20_000 { #expect(try judge("a\(key)", Self.start) == .new) }
        for key in 0..<20_000 { #expect(try judge("b\(key)", back) == .new) }
        for key in 0..<20_000 { #expect(try judge("a\(key)", back) == .duplicate) }
        for key in 0..<20_000 { #expect(try judge("b\(key)", back + 35 * Self.day - 1) == .duplicate) }
        for key in 0..<20_000 { #expect(try judge("b\(key)", back + 35 * Self.day) == .new) }
    }

    @Test("keys are told apart by the type of their event")
    func types() throws {
        let model = DedupeModel(DedupeWindow())
        let now = Timestamp(milliseconds: Self.start)
        let (track, identify) = (model.fingerprint("k", .track), model.fingerprint("k", .identify))
        #expect(try model.window.judge(track, content: 7, at: now) == .new)
        #expect(try model.window.judge(identify, content: 7, at: now) == .new)
        #expect(try model.window.judge(track, content: 7, at: now) == .duplicate)
    }

    @Test("a key that was taken back is new", arguments: [0, start] as [Int64])
    func forget(now: Int64) throws {
        var model = DedupeModel(DedupeWindow())
        try model.judge("k", 7, at: now)
        model.forget("k")
        model.forget("never seen")
        try model.judge("k", 8, at: now)
        try model.judge("k", 8, at: now)
    }

    @Test("random keys over random times", arguments: [UInt64.random(in: 0...(.max)), 1, 2], [1_000, 400_000])
    func randomLife(seed: UInt64, keys: Int) throws {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        var model = DedupeModel(DedupeWindow(length: .days(Int64.random(in: 1...35, using: &random))))
        try model.live(steps: 60_000, keys: keys, &random)
    }

    @Test("a batch is judged as one key after another", arguments: [UInt64.random(in: 0...(.max)), 1, 2])
    func batches(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        var model = DedupeModel(DedupeWindow(length: .hours(1)))
        var now = Self.start
        for _ in 0..<300 {
            now += Int64.random(in: 0...200_000, using: &random)
            // Up to a few hundred from a few hundred: many stand twice in one batch.
            let sightings = (0..<Int.random(in: 0...400, using: &random)).map { _ in
                (key: "\(Int.random(in: 0..<500, using: &random))", content: UInt16.random(in: 0...1, using: &random))
            }
            try model.judge(sightings, at: now)
        }
    }

    @Test("restored in any order, of two receipts the later one counts", arguments: [UInt64.random(in: 0...(.max)), 1])
    func restore(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        let window = DedupeWindow(length: .days(35))
        let model = DedupeModel(window)
        let now = Self.start
        var receipts: [(key: String, at: Int64, content: UInt16)] = []
        for number in 0..<20_000 {
            // Some have left the window, and some come from a clock that ran ahead.
            let at = now - Int64.random(in: -Self.day...36 * Self.day, using: &random)
            receipts.append(("\(number % 15_000)", at, UInt16.random(in: 0...1, using: &random)))
        }
        for receipt in receipts.shuffled(using: &random) {
            let sighting = DedupeWindow.Sighting(model.fingerprint(receipt.key), content: receipt.content)
            try window.restore(
                [sighting], receivedAt: Timestamp(milliseconds: receipt.at), at: Timestamp(milliseconds: now))
        }
        for (key, all) in Dictionary(grouping: receipts, by: \.key) {
            let last = all.max { $0.at < $1.at }!
            let fingerprint = model.fingerprint(key)
            let end = last.at + 35 * Self.day
            #expect(window.holds(fingerprint, at: Timestamp(milliseconds: now)) == (now < end))
            guard now < end else { continue }
            let edge = Timestamp(milliseconds: end - 1)
            #expect(try window.judge(fingerprint, content: last.content, at: edge) == .duplicate)
            #expect(!window.holds(fingerprint, at: Timestamp(milliseconds: end)))
        }
    }

    @Test("what a failed commit made new is forgotten, what an earlier one did stays")
    func takeBack() throws {
        let window = DedupeWindow()
        let model = DedupeModel(window)
        let now = Timestamp(milliseconds: Self.start)
        for commit in 1...5 as ClosedRange<UInt64> {
            let keys = (0..<100).map { model.fingerprint("\(commit)-\($0)") }
            for key in keys { #expect(try window.judge(key, content: 0, at: now) == .new) }
            window.note(keys, commit: commit)
        }
        window.committed(3)
        window.takeBack()
        for commit in 1...5 as ClosedRange<UInt64> {
            for key in 0..<100 {
                #expect(window.holds(model.fingerprint("\(commit)-\(key)"), at: now) == (commit <= 3))
            }
        }
        #expect(window.count == 300)
    }
}

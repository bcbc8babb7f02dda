import Basics
import Metering
import Model
import Testing

@Suite("The dedupe window equals a dictionary of keys with their times")
struct DedupeWindowTests {
    private static let day: Int64 = 86_400_000
    private let window = DedupeWindow()

    private func fingerprint(_ key: String, _ type: EventType = .track) -> DedupeWindow.Fingerprint {
        Array(key.utf8).withUnsafeBufferPointer { window.fingerprint($0, type: type) }
    }

    private func judge(_ key: String, _ content: UInt16, _ now: Int64, _ type: EventType = .track) -> String {
        "\(window.judge(fingerprint(key, type), content: content, at: Timestamp(milliseconds: now)))"
    }

    @Test("24 hours less a millisecond later it is a duplicate, 24 hours later it is new")
    func edge() {
        let start: Int64 = 1_700_000_000_123
        #expect(judge("k", 7, start) == "new")
        #expect(judge("k", 7, start + Self.day - 1) == "duplicate")
        #expect(judge("k", 8, start + Self.day - 1) == "conflict")
        #expect(judge("k", 8, start + Self.day) == "new")
        #expect(judge("k", 8, start + Self.day + 1) == "duplicate")
        // Another thread's clock may be a little behind.
        #expect(judge("k", 8, start + Self.day - 1) == "duplicate")
    }

    @Test("keys are told apart by the type of their event")
    func types() {
        #expect(judge("k", 7, 1_700_000_000_000, .track) == "new")
        #expect(judge("k", 7, 1_700_000_000_000, .identify) == "new")
        #expect(judge("k", 7, 1_700_000_000_000, .track) == "duplicate")
    }

    @Test("a key that was taken back is new", arguments: [0, 1_700_000_000_000] as [Int64])
    func forget(now: Int64) {
        #expect(judge("k", 7, now) == "new")
        window.forget(fingerprint("k"))
        #expect(!window.holds(fingerprint("k"), at: Timestamp(milliseconds: now)))
        #expect(judge("k", 8, now) == "new")
        #expect(judge("k", 8, now) == "duplicate")
    }

    @Test("random keys over random days", arguments: [1, 2, 3, 4] as [UInt64])
    func randomLife(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        var known: [String: (at: Int64, content: UInt16)] = [:]
        var now: Int64 = 1_700_000_000_000
        for _ in 0..<30_000 {
            now += Int64.random(in: 0...20_000, using: &random)
            let key = "key-\(Int.random(in: 0..<4_000, using: &random))"
            if Int.random(in: 0..<40, using: &random) == 0 {
                window.forget(fingerprint(key))
                known[key] = nil
                continue
            }
            let content = UInt16.random(in: 0...3, using: &random)
            let live = known[key].flatMap { now - $0.at < Self.day ? $0 : nil }
            #expect(window.holds(fingerprint(key), at: Timestamp(milliseconds: now)) == (live != nil))
            let expected = live.map { $0.content == content ? "duplicate" : "conflict" } ?? "new"
            #expect(judge(key, content, now) == expected)
            if live == nil { known[key] = (now, content) }
        }
    }

    @Test("the table forgets what has left the window when it grows")
    func memory() {
        var now: Int64 = 1_700_000_000_000
        for round in 0..<20 {
            for key in 0..<5_000 { #expect(judge("\(round)-\(key)", 0, now) == "new") }
            now += Self.day
        }
        #expect(window.count < 20_000)
        window.forgetAll()
        #expect(window.count == 0)
    }
}

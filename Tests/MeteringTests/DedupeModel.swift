import Basics
import Metering
import Model
import TestSupport
import Testing

/// A dedupe window beside a plain dictionary of keys with the times and contents that they were judged new at.
struct DedupeModel {
    let window: DedupeWindow
    private(set) var known: [String: (at: Int64, content: UInt16)] = [:]

    init(_ window: DedupeWindow) {
        self.window = window
    }

    func fingerprint(_ key: String, _ type: EventType = .track) -> DedupeWindow.Fingerprint {
        Array(key.utf8).withUnsafeBufferPointer { window.fingerprint($0, type: type) }
    }

    /// The window's verdict, which must be the dictionary's.
    mutating func judge(_ key: String, _ content: UInt16, at now: Int64) throws {
        let live = known[key].flatMap { now - $0.at < window.length.milliseconds ? $0 : nil }
        let expected: DedupeWindow.Verdict =
            live.map { $0.content == content ? .duplicate : .conflict } ?? .new
        #expect(window.holds(fingerprint(key), at: Timestamp(milliseconds: now)) == (live != nil))
        let verdict = try window.judge(fingerprint(key), content: content, at: Timestamp(milliseconds: now))
        #expect(verdict == expected, "\(key) at \(now)")
        if live == nil { known[key] = (now, content) }
    }

    mutating func forget(_ key: String) {
        window.forget(fingerprint(key))
        known[key] = nil
    }

    /// Random keys, some of them again and again, over a time of many windows, with some taken back.
    mutating func live(steps: Int, keys: Int, _ random: inout SplitMix) throws {
        var now: Int64 = 1_700_000_000_000
        for _ in 0..<steps {
            let pause = window.length.milliseconds * Int64(6) / Int64(steps)
            now += Int64.random(in: 0...max(2, 2 * pause), using: &random)
            let key = "key-\(Int.random(in: 0..<keys, using: &random))"
            if Int.random(in: 0..<40, using: &random) == 0 {
                forget(key)
            } else {
                try judge(key, UInt16.random(in: 0...1, using: &random), at: now)
            }
        }
    }
}

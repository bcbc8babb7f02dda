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
        let isHeld = window.holds(fingerprint(key), at: Timestamp(milliseconds: now))
        let judged = try window.judge(fingerprint(key), content: content, at: Timestamp(milliseconds: now))
        let expected = verdict(on: key, content, at: now)
        #expect(isHeld == (expected != .new))
        #expect(judged == expected, "\(key) at \(now)")
    }

    /// The same for a batch, which is judged at once.
    mutating func judge(_ keys: [(key: String, content: UInt16)], at now: Int64) throws {
        var sightings = keys.map { DedupeWindow.Sighting(fingerprint($0.key), content: $0.content) }
        try window.judge(&sightings, at: Timestamp(milliseconds: now))
        for ((key, content), sighting) in zip(keys, sightings) {
            #expect(sighting.verdict == verdict(on: key, content, at: now), "\(key) at \(now)")
        }
    }

    /// The dictionary's verdict.
    private mutating func verdict(on key: String, _ content: UInt16, at now: Int64) -> DedupeWindow.Verdict {
        if let live = known[key], now - live.at < window.length.milliseconds {
            return live.content == content ? .duplicate : .conflict
        }
        known[key] = (now, content)
        return .new
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

import Basics
import Foundation
import Metering
import Model
import TestSupport
import Testing

@Suite("The memory of dedupe windows")
struct DedupeMemoryTests {
    private static let start = Timestamp(rfc3339: "2024-01-01T00:00:00Z")!

    private func fill(_ window: DedupeWindow, _ keys: Range<Int>, at now: Timestamp = start) throws {
        for key in keys {
            let verdict = try withUnsafeBytes(of: key) {
                try window.judge(
                    window.fingerprint($0.bindMemory(to: UInt8.self), type: .track), content: 0, at: now)
            }
            guard verdict == .new else { throw Surprise(key: key, verdict: verdict) }
        }
    }

    private struct Surprise: Error {
        let key: Int
        let verdict: DedupeWindow.Verdict
    }

    @Test("is at most 24 bytes a key from a million keys on")
    func perKey() throws {
        let memory = DedupeMemory()
        let window = DedupeWindow(memory: memory)
        try fill(window, 0..<1_000_000)
        for keys in stride(from: 1_000_000, to: 1_500_000, by: 10_000) {
            try fill(window, keys..<keys + 10_000)
            #expect(window.count == keys + 10_000)
            #expect(window.byteCount == memory.use.memoryBytes)
            #expect(Double(window.byteCount) <= 24 * Double(window.count), "\(window.count) keys")
        }
        window.forgetAll()
        #expect(memory.use == DedupeMemory.Use())
        #expect(window.count == 0)
    }

    @Test("grows where it is, and every key stays where it is found", arguments: [UInt64.random(in: 0...(.max)), 1])
    func grows(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        let window = DedupeWindow()
        func key(_ number: Int) -> DedupeWindow.Fingerprint {
            withUnsafeBytes(of: number) { window.fingerprint($0.bindMemory(to: UInt8.self), type: .track) }
        }
        var now = Self.start
        var kept: [Int] = []
        // From 220,000 keys on the tables are too large for the heap.
        for number in 0..<500_000 {
            if number % 1_000 == 0 { now = now + .minutes(Int64.random(in: 0...6, using: &random)) }
            try #require(try window.judge(key(number), content: 1, at: now) == .new)
            if Int.random(in: 0..<8, using: &random) == 0 { window.forget(key(number)) } else { kept.append(number) }
        }
        let held = kept.filter { window.holds(key($0), at: now) }
        // The window is 24 hours and the whole took about 25.
        #expect(held.count > kept.count / 2)
        #expect(held == Array(kept.suffix(held.count)))
        let early = kept.dropLast(held.count)
        try fill(window, 1_000_000..<1_400_000, at: now)
        for number in held { #expect(window.holds(key(number), at: now)) }
        for number in early { #expect(!window.holds(key(number), at: now)) }
        for number in 500_000..<510_000 { #expect(!window.holds(key(number), at: now)) }
    }

    @Test("is taken at once when it is known how many keys come, and is as small")
    func reserved() throws {
        let memory = DedupeMemory()
        let window = DedupeWindow(memory: memory)
        window.reserve(1_000_000, at: Self.start)
        let reserved = window.byteCount
        #expect(Double(reserved) <= 24 * 1_000_000)
        try fill(window, 0..<1_000_000)
        #expect(window.byteCount == reserved)
        window.reserve(900_000, at: Self.start)
        #expect(window.byteCount == reserved)
        #expect(window.count == 1_000_000)

        let small = DedupeWindow(memory: DedupeMemory(limit: 1 << 20))
        small.reserve(1_000_000, at: Self.start)
        try fill(small, 0..<1_000)
    }

    @Test("when there is no room, those of a batch that are refused have no verdict and are not held")
    func fullBatch() throws {
        let window = DedupeWindow(memory: DedupeMemory(limit: 1 << 20))
        let keys = (0..<60_000).map { key in
            withUnsafeBytes(of: key) { window.fingerprint($0.bindMemory(to: UInt8.self), type: .track) }
        }
        var sightings = keys.map { DedupeWindow.Sighting($0, content: 1) }
        let refusal = #expect(throws: Refusal.self) { try window.judge(&sightings, at: Self.start) }
        #expect(refusal?.kind == .overloaded)
        for sighting in sightings {
            #expect(window.holds(sighting.key, at: Self.start) == (sighting.verdict == .new))
        }
        #expect(sightings.contains { $0.verdict == nil } && window.count > 30_000)
    }

    @Test("does not grow with what has left the window")
    func steady() throws {
        let window = DedupeWindow(length: .hours(1))
        for step in 0..<100 {
            try fill(window, step * 10_000..<(step + 1) * 10_000, at: Self.start + .minutes(Int64(step) * 6))
        }
        #expect(window.byteCount < 40 * 100_000)
    }

    @Test("shrinks when most keys have left, though few come")
    func shrink() throws {
        let window = DedupeWindow()
        try fill(window, 0..<300_000)
        let full = window.byteCount
        try fill(window, 300_000..<310_000, at: Self.start + .hours(24))
        #expect(window.byteCount < full / 10)
        #expect(window.count < 20_000)
    }

    @Test("past its limit is on disk, and as exact", arguments: [UInt64.random(in: 0...(.max)), 1])
    func disk(seed: UInt64) throws {
        print("seed \(seed)")
        let directory = StoreDirectory()
        let memory = DedupeMemory(limit: 100_000, directory: directory.path)
        var random = SplitMix(seed: seed)
        do {
            var model = DedupeModel(DedupeWindow(length: .hours(30), memory: memory))
            try model.live(steps: 40_000, keys: 20_000, &random)
            #expect(memory.use.memoryBytes > 50_000 && memory.use.memoryBytes <= 100_000)
            #expect(memory.use.diskBytes > 100_000)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(names.isEmpty, "the files have no names")
        }
        #expect(memory.use == DedupeMemory.Use(), "everything is given back with the window")
    }

    @Test("when the disk has no more either, new keys are refused and known ones answered")
    func full() throws {
        let directories = [nil, "/nowhere"]
        for directory in directories {
            let window = DedupeWindow(memory: DedupeMemory(limit: 1 << 20, directory: directory))
            var known: [DedupeWindow.Fingerprint] = []
            var refused: [DedupeWindow.Fingerprint] = []
            for key in 0..<60_000 {
                let fingerprint = withUnsafeBytes(of: key) {
                    window.fingerprint($0.bindMemory(to: UInt8.self), type: .track)
                }
                do throws(Refusal) {
                    #expect(try window.judge(fingerprint, content: 1, at: Self.start) == .new)
                    known.append(fingerprint)
                } catch {
                    #expect(error.kind == .overloaded)
                    refused.append(fingerprint)
                }
            }
            #expect(known.count > 30_000 && refused.count > 1_000, "\(known.count), \(refused.count)")
            #expect(window.count == known.count)
            let almost = Self.start + TimeSpan(milliseconds: TimeSpan.hours(24).milliseconds - 1)
            for key in known {
                #expect(try window.judge(key, content: 1, at: almost) == .duplicate)
                #expect(try window.judge(key, content: 2, at: almost) == .conflict)
            }
            for key in refused { #expect(!window.holds(key, at: Self.start)) }
            // What has left the window makes room again.
            let again = try #require(refused.first)
            #expect(try window.judge(again, content: 1, at: Self.start + .hours(24)) == .new)
        }
    }
}

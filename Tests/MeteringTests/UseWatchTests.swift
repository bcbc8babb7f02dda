import Basics
import TestSupport
import Testing

@testable import Metering

@Suite("The watch over use")
struct UseWatchTests {
    private func uses(_ companies: [UInt64]) -> [CounterShards.Use] {
        companies.map {
            CounterShards.Use(
                1, of: CounterKey(company: $0, meter: 1), effective: Timestamp(milliseconds: 0), isBackfill: false)
        }
    }

    private func note(_ companies: [UInt64], _ watch: UseWatch) {
        var uses = uses(companies)
        uses.withUnsafeMutableBufferPointer { watch.note($0) }
    }

    @Test("notes nothing while nobody follows, then those who are followed, once for each look")
    func notes() {
        let wakes = Locked(0)
        func woken() -> Int { wakes.withLock { $0 } }
        let watch = UseWatch { wakes.withLock { $0 += 1 } }
        note([1, 2, 3], watch)
        watch.note(2)
        #expect(watch.take().isEmpty && woken() == 0)
        watch.follow(2)
        watch.follow(3)
        note([1, 2, 2], watch)
        watch.note(3)
        watch.note(4)
        #expect(woken() == 1, "the second company comes before anybody has looked")
        #expect(watch.take() == [2, 3])
        #expect(watch.take().isEmpty)
        watch.note(2)
        #expect(woken() == 2)
        #expect(watch.take() == [2])
    }

    @Test("accepts more than is followed, never less, whoever comes and goes", arguments: 1...10 as ClosedRange<UInt64>)
    func randomLife(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let watch = UseWatch {}
        var followed: [UInt64] = []
        var everybody = 0
        for step in 0..<2000 {
            // Some of them share a bit.
            let company = UInt64.random(in: 1...40, using: &random) << (UInt64.random(in: 0...1, using: &random) * 16)
            switch Int.random(in: 0...9, using: &random) {
            case 0...2:
                watch.follow(company)
                followed.append(company)
            case 3...4 where !followed.isEmpty:
                watch.unfollow(followed.remove(at: Int.random(in: 0..<followed.count, using: &random)))
            case 5 where everybody == 0:
                watch.followEverybody()
                everybody = 1
            case 6 where everybody == 1:
                watch.unfollowEverybody()
                everybody = 0
            default:
                watch.note(company)
                let noted = watch.take()
                if everybody > 0 || followed.contains(company) { #expect(noted == [company], "seed \(seed), \(step)") }
                if followed.isEmpty, everybody == 0 { #expect(noted.isEmpty, "seed \(seed), \(step)") }
            }
        }
    }
}

import Basics
import Model
import TestSupport
import Testing

@testable import Metering

@Suite("The holds of a shard")
struct HoldsTests {
    private struct Case {
        let hold: Hold
        var isOpen = true
    }

    @Test("are what a plain list says, in whatever order they are made, settled and expire", arguments: 1...20)
    func randomLife(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var holds = Holds()
        var list: [Case] = []
        var now = Timestamp(milliseconds: 1_000_000)
        func number(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
        func held(_ meter: UInt64, _ now: Timestamp) -> Int64 {
            list.reduce(0) { sum, held in
                let isHeld = held.isOpen && CounterKey(held.hold).meter == meter && now < held.hold.expiresAt
                return sum + (isHeld ? held.hold.quantity : 0)
            }
        }
        for step in 0..<2000 {
            let meter = UInt64(number(1...2))
            let key = CounterKey(company: 7, meter: meter)
            switch number(0...9) {
            case 0...4:
                let hold = Hold(
                    id: Identifier(ordinal: UInt64(step)), companyID: Identifier(ordinal: 7),
                    target: .meter(Identifier(ordinal: meter)), featureID: nil, quantity: number(1...9),
                    expiresAt: now + TimeSpan(milliseconds: number(1...(step % 3 == 0 ? 400 : 60))))
                holds.insert(hold)
                list.append(Case(hold: hold))
            case 5...7:
                guard !list.isEmpty else { continue }
                let place = Int(number(0...Int64(list.count - 1)))
                let hold = list[place].hold
                _ = holds.expire(CounterKey(hold), at: now)
                let isOpen = list[place].isOpen && now < hold.expiresAt
                #expect(holds.contains(hold) == isOpen, "step \(step)")
                if isOpen { holds.remove(hold) }
                list[place].isOpen = false
            default: now = now + TimeSpan(milliseconds: number(0...40))
            }
            // Who looks ahead drops nothing.
            let later = now + TimeSpan(milliseconds: number(0...100))
            #expect(holds.units(of: key, at: later) == held(meter, later), "step \(step)")
            if step % 2 == 0 { #expect(holds.expire(key, at: now) == held(meter, now), "step \(step)") }
        }
        for meter in 1...2 as ClosedRange<UInt64> {
            #expect(holds.expire(CounterKey(company: 7, meter: meter), at: now + .seconds(10)) == 0)
        }
    }
}

import TestSupport
import Testing

@testable import Tollgate

@Suite struct KeyTableTests {
    /// Few starting places, so that keys meet.
    private static func hash(_ key: UInt64) -> KeyHash { KeyHash(high: key << 16 | key % 3, low: key << 50) }

    @Test func agreesWithADictionary() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var table = KeyTable()
        var model: [UInt64: UInt64] = [:]
        for step in 0..<20_000 {
            let key = random.next() % 500
            switch random.next() % 4 {
            case 0:
                let ordinal = random.next() % 3 == 0 ? 0 : random.next() >> 26
                table.set(ordinal, for: Self.hash(key))
                model[key] = ordinal
            case 1:
                table.forget(Self.hash(key))
                model[key] = nil
            default:
                #expect(table.owner(of: Self.hash(key)) == model[key], "seed \(seed), step \(step), key \(key)")
            }
        }
        for key in 0..<500 as Range<UInt64> { #expect(table.owner(of: Self.hash(key)) == model[key], "seed \(seed)") }
    }

    @Test func aFullTableKeepsWhatWasAskedFor() {
        var table = KeyTable(mostPlaces: 64)
        for key in 0..<48 as Range<UInt64> { table.set(key + 1, for: Self.hash(key)) }
        for key in 10..<20 as Range<UInt64> { _ = table.owner(of: Self.hash(key)) }
        table.set(49, for: Self.hash(48))
        for key in 10..<20 as Range<UInt64> { #expect(table.owner(of: Self.hash(key)) == key + 1) }
        #expect((0...48 as ClosedRange<UInt64>).count { table.owner(of: Self.hash($0)) != nil } == 25)
        // It never holds more than 48.
        for key in 100..<10_000 as Range<UInt64> { table.set(key, for: Self.hash(key)) }
        #expect((0..<10_000 as Range<UInt64>).count { table.owner(of: Self.hash($0)) != nil } <= 48)
        #expect(table.owner(of: Self.hash(9_999)) == 9_999)
    }

    @Test func ordinalsThatDoNotFitAreNotKept() {
        var table = KeyTable()
        for (key, ordinal) in [(1, 1 << 39 - 3), (2, 1 << 39 - 2), (3, UInt64.max)] as [(UInt64, UInt64)] {
            table.set(ordinal, for: Self.hash(key))
        }
        #expect((1...3).map { table.owner(of: Self.hash($0)) } == [1 << 39 - 3, nil, nil])
    }
}

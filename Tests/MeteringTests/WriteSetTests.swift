import Basics
import Model
import Store
import TestSupport
import Testing

/// A set of writes is a dictionary that can be sorted and joined.
@Suite struct WriteSetTests {
    /// Numbers, names, and names that differ only after their 32nd byte.
    private static let keys: [StoreKey] = (0..<300).map { number in
        switch number % 3 {
        case 0: .record(.invoice, in: EnvironmentID(ordinal: 1), ordinal: UInt64(number))
        case 1: .meta("name \(number)")
        default:
            .entityKey(
                .company, name: String(repeating: "long ", count: 10), value: "\(number)",
                in: EnvironmentID(ordinal: 1))
        }
    }

    private static func random(_ count: Int, _ seed: inout SplitMix) -> [(StoreKey, [UInt8]?)] {
        (0..<count).map { _ in
            (keys.randomElement(using: &seed)!, Bool.random(using: &seed) ? nil : [.random(in: 0...9, using: &seed)])
        }
    }

    @Test("it holds what a dictionary holds", arguments: [1, UInt64.random(in: 2...UInt64.max)])
    func dictionary(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<50 {
            var set = WriteSet()
            var dictionary: [StoreKey: [UInt8]?] = [:]
            if Bool.random(using: &random) { set.reserveCapacity(Int.random(in: 0...300, using: &random)) }
            for (key, value) in Self.random(Int.random(in: 0...300, using: &random), &random) {
                #expect(set.set(key, value) == (dictionary.updateValue(value, forKey: key) != nil))
            }
            let later = Dictionary(Self.random(Int.random(in: 0...100, using: &random), &random)) { $1 }
            set.merge(WriteSet(later))
            dictionary.merge(later) { $1 }
            for key in Self.keys { #expect(set[key] == dictionary[key]) }
            #expect(set.isEmpty == dictionary.isEmpty && Set(set.keys) == Set(dictionary.keys))
            var sorted: [StoreKey] = []
            set.forEachSorted { key, value in
                sorted.append(key)
                #expect(dictionary[key] == .some(value))
            }
            #expect(sorted == dictionary.keys.sorted())
        }
    }
}

import Basics
import Model
import TestSupport
import Testing

/// Records that nouns write themselves: what is read back is what was written, and no bytes trap.
@Suite struct PackedTests {
    private static let seeds = [1, UInt64.random(in: 2...UInt64.max)]

    /// Every type that packs itself, from one seed.
    private func nouns(_ seed: UInt64) -> [any Noun] {
        var random = RandomNouns(seed: seed)
        return (0..<30).flatMap { _ -> [any Noun] in
            [random.invoice(), random.subscription(), random.company(), random.hold()]
        }
    }

    @Test("what is packed is unpacked equal, and packs to the same bytes", arguments: seeds)
    func roundTrip(seed: UInt64) throws {
        func check<N: Noun>(_ noun: N) throws {
            let again = try noun.packed.withUnsafeBytes { try N(packed: $0) }
            #expect(try RecordEncoder().encode(again) == RecordEncoder().encode(noun))
            #expect(again.packed == noun.packed)
        }
        for noun in nouns(seed) { try check(noun) }
    }

    @Test("any CBOR tool reads a packed record", arguments: seeds)
    func isCBOR(seed: UInt64) throws {
        for noun in nouns(seed) { _ = try RecordDecoder().decode(AnyItems.self, from: noun.packed) }
    }

    @Test("bytes that end early or go on are refused, and changed ones never trap", arguments: seeds)
    func damage(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        func check<N: Noun>(_ noun: N) {
            let bytes = noun.packed
            for count in 0..<bytes.count {
                #expect(throws: MalformedRecord.self) {
                    try bytes[..<count].withUnsafeBytes { try N(packed: $0) }
                }
            }
            #expect(throws: MalformedRecord.self) { try (bytes + [0]).withUnsafeBytes { try N(packed: $0) } }
            for _ in 0..<300 {
                var changed = bytes
                changed[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                guard let read = try? changed.withUnsafeBytes({ try N(packed: $0) }) else { continue }
                #expect((try? read.packed.withUnsafeBytes { try N(packed: $0) }) != nil)
            }
        }
        for noun in nouns(seed).prefix(12) { check(noun) }
    }
}

private typealias Noun = Packed & Codable

/// Any CBOR item at all: its form is checked, nothing is kept.
private struct AnyItems: Decodable {
    init(from decoder: any Decoder) throws { _ = try decoder.unkeyedContainer() }
}

import Basics
import TestSupport
import Testing

@Suite struct KeyedHashTests {
    /// The key 00 01 … 0f of the paper's test vectors.
    private let hash = KeyedHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))

    /// Inputs 00, 00 01, … of the stated length; the outputs are those of `openssl mac -macopt size:16 SIPHASH`.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"),
        (3, "9c70b60c5267a94e5f33b6b02985ed51"),
        (4, "f88164c12d9c8faf7d0f6e7c7bcd5579"),
        (5, "1368875980776f8854527a07690e9627"),
        (6, "14eeca338b208613485ea0308fd7a15e"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (9, "264499060ad9baabc47f8b02bb6d71ed"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"),
        (17, "473d06e8738db89854c066c47ae47740"),
        (31, "2939b0183223fafc1723de4f52c43d35"),
        (32, "7c3956ca5eeafc3e363e9d556546eb68"),
        (33, "77c6077146f01c32b6b69d5f4ea9ffcf"),
        (63, "5150d1772f50834a503e069a973fbd7c"),
    ])
    func `agrees with another implementation`(length: Int, expected: String) {
        #expect(text(hash.hash128(Array(0..<UInt8(length)))) == expected)
    }

    @Test func `cuts do not change the fingerprint`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var stream = hash.begin()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 0...20, using: &random)))
                rest = rest.dropFirst(piece.count)
                if piece.count == 8 {
                    stream.append(piece.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
                } else {
                    piece.withUnsafeBytes { stream.append($0) }
                }
            }
            #expect(stream.finish() == hash.hash128(bytes), "seed \(seed), bytes \(hex(bytes))")
        }
    }

    @Test func `a length prefix tells equal concatenations apart`() {
        #expect(prefixed("ab", "c") != prefixed("a", "bc"))
        #expect(prefixed("ab", "c") == prefixed("ab", "c"))
        #expect(prefixed("", "abc") != prefixed("abc", ""))
        #expect(prefixed("ab") == hash.hash128([2, 0, 0, 0, 0, 0, 0, 0] + Array("ab".utf8)))
    }

    @Test func `another key gives another fingerprint`() {
        let bytes = Array("evt_1".utf8)
        #expect(KeyedHash(key: (1, 2)).hash128(bytes) != KeyedHash(key: (2, 1)).hash128(bytes))
    }

    private func prefixed(_ runs: String...) -> (UInt64, UInt64) {
        var stream = hash.begin()
        for run in runs { Array(run.utf8).withUnsafeBytes { stream.appendPrefixed($0) } }
        return stream.finish()
    }

    private func text(_ words: (UInt64, UInt64)) -> String {
        hex([words.0, words.1].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    }
}

extension KeyedHash {
    fileprivate func hash128(_ bytes: [UInt8]) -> (UInt64, UInt64) {
        bytes.withUnsafeBytes { hash128($0) }
    }
}

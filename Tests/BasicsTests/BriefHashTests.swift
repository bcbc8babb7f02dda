import Basics
import Testing

@Suite struct BriefHashTests {
    /// Inputs 00, 01, … of the stated length, the first eight bytes as the scope; the outputs are those of
    /// `openssl mac -macopt size:16 -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH`.
    @Test(arguments: [
        (8, "aa12fee1d5e3dab4724f16ab35f9c799"),
        (9, "81ddb8042cf33994f4720e0094137c42"),
        (11, "723b9af3554491dbb1d6633dfc6e0c4e"),
        (15, "c17e5505b2bd526c2921cdec1e7e0109"),
        (16, "d0a8d95715518eebb513b0f83d9e1793"),
        (17, "234126f93fbb668d975112e8febdf7ec"),
        (23, "1d127b84405ceab99fd8775a9be6c559"),
        (24, "9e4bf837bcfd92cace09d2061a84d04a"),
        (31, "42ea961c5b3c858b17c3e550dfa79010"),
        (32, "406c44dee67857b2943160f30c7417d3"),
        (44, "cd91396c44af4f5185578d9dd9803f0a"),
        (63, "4c5800e34efe426f079f6b0aa75260ad"),
    ])
    func `agrees with another implementation`(length: Int, expected: String) {
        let hash = BriefHash(key: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
        let words = Array(8..<UInt8(length)).withUnsafeBytes { hash.hash128($0, scope: 0x0706_0504_0302_0100) }
        let bytes = [words.0, words.1].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        #expect(hex(bytes) == expected)
    }

    @Test func `another key or scope gives another fingerprint`() {
        func hash(_ key: (UInt64, UInt64), _ scope: UInt64) -> UInt64 {
            Array("evt_1".utf8).withUnsafeBytes { BriefHash(key: key).hash128($0, scope: scope).0 }
        }
        #expect(hash((1, 2), 1) != hash((2, 1), 1))
        #expect(hash((1, 2), 1) != hash((1, 2), 2))
    }
}

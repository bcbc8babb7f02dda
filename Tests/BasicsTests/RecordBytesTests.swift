import Basics
import Testing

/// Bytes against the examples of RFC 8949, appendix A.
@Suite struct RecordBytesTests {
    @Test func numbers() throws {
        try expect(0, "00")
        try expect(1, "01")
        try expect(10, "0a")
        try expect(23, "17")
        try expect(24, "1818")
        try expect(25, "1819")
        try expect(100, "1864")
        try expect(1000, "1903e8")
        try expect(1_000_000, "1a000f4240")
        try expect(1_000_000_000_000, "1b000000e8d4a51000")
        try expect(18_446_744_073_709_551_615 as UInt64, "1bffffffffffffffff")
        try expect(18_446_744_073_709_551_616 as Int128, "c249010000000000000000")
        try expect(-18_446_744_073_709_551_616 as Int128, "3bffffffffffffffff")
        try expect(-18_446_744_073_709_551_617 as Int128, "c349010000000000000000")
        try expect(-1, "20")
        try expect(-10, "29")
        try expect(-100, "3863")
        try expect(-1000, "3903e7")
        try expect(1.1, "fb3ff199999999999a")
        try expect(1.0e+300, "fb7e37e43c8800759c")
        try expect(-4.1, "fbc010666666666666")
        try expect(Double.infinity, "fb7ff0000000000000")
    }

    @Test func `numbers at the borders of their heads and types`() throws {
        try expect(255, "18ff")
        try expect(256, "190100")
        try expect(65_535, "19ffff")
        try expect(65_536, "1a00010000")
        try expect(4_294_967_295, "1affffffff")
        try expect(4_294_967_296, "1b0000000100000000")
        try expect(Int8.min, "387f")
        try expect(Int64.max, "1b7fffffffffffffff")
        try expect(Int64.min, "3b7fffffffffffffff")
        try expect(Int128.max, "c2507fffffffffffffffffffffffffffffff")
        try expect(Int128.min, "c3507fffffffffffffffffffffffffffffff")
        try expect(UInt128.max, "c250ffffffffffffffffffffffffffffffff")
        try expect(Float(1.5), "fb3ff8000000000000")
    }

    @Test func `simple values, texts and bytes`() throws {
        try expect(false, "f4")
        try expect(true, "f5")
        try expect(Int?.none, "f6")
        try expect([UInt8](), "40")
        try expect([1, 2, 3, 4] as [UInt8], "4401020304")
        try expect("", "60")
        try expect("a", "6161")
        try expect("IETF", "6449455446")
        try expect("\"\\", "62225c")
        try expect("\u{00FC}", "62c3bc")
        try expect("\u{6C34}", "63e6b0b4")
        try expect("\u{10151}", "64f0908591")
    }

    @Test func `arrays and maps`() throws {
        try expect([Int](), "80")
        try expect([1, 2, 3], "83010203")
        try expect([[2, 3], [4, 5]], "82820203820405")
        try expect(Array(1...25), "98190102030405060708090a0b0c0d0e0f101112131415161718181819")
        try expect([String: Int](), "a0")
        try expect(["b": [2, 3], "a": [1]], "a2616181016162820203")
        try expect(["b": "B", "e": "E", "a": "A", "d": "D", "c": "C"], "a56161614161626142616361436164614461656145")
        // Shorter keys first, then by bytes: section 4.2.1.
        try expect(["aa": 1, "b": 2, "": 3, "\u{FC}": 4, "ab": 5], "a560036162026261610162616205" + "62c3bc04")
        try expect([10: true, 9: false], "a26139f4623130f5")
    }

    @Test func `floating point of any width is read`() throws {
        let table: [(String, Double)] = [
            ("f90000", 0), ("f93c00", 1), ("f93e00", 1.5), ("f97bff", 65504), ("fa47c35000", 100_000),
            ("fa7f7fffff", 3.4028234663852886e+38), ("f90001", 5.960464477539063e-8), ("f90400", 0.00006103515625),
            ("f9c400", -4), ("f97c00", .infinity), ("f9fc00", -.infinity), ("fa7f800000", .infinity),
        ]
        for (bytes, number) in table {
            #expect(try RecordDecoder().decode(Double.self, from: unhex(bytes)) == number, "\(bytes)")
        }
        #expect(try RecordDecoder().decode(Double.self, from: unhex("f97e00")).isNaN)
        #expect(try RecordDecoder().decode(Double.self, from: unhex("f98000")).sign == .minus)
    }

    private func expect<T: Codable & Equatable>(_ value: T, _ bytes: String) throws {
        #expect(hex(try RecordEncoder().encode(value)) == bytes)
        #expect(try RecordDecoder().decode(T.self, from: unhex(bytes)) == value)
    }
}

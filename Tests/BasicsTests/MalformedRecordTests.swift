import Basics
import TestSupport
import Testing

@Suite struct MalformedRecordTests {
    @Test(
        arguments: [
            ("", 0, .ended(needed: 1, left: 0)),
            ("18", 1, .ended(needed: 1, left: 0)),
            ("1b00", 1, .ended(needed: 8, left: 1)),
            ("6261", 1, .ended(needed: 2, left: 1)),
            ("5bffffffffffffffff00", 9, .ended(needed: .max, left: 1)),
            ("9bffffffffffffffff00", 9, .ended(needed: .max, left: 1)),
            ("bbffffffffffffffff616100", 9, .ended(needed: .max, left: 1)),
            ("8201", 1, .ended(needed: 2, left: 1)),
            ("0000", 1, .trailing(1)),
            ("62c328", 1, .notUTF8),
            ("a162c32801", 2, .notUTF8),
            ("a201020304", 1, .keyNotText),
            ("a2616101616102", 4, .duplicateKey("a")),
            ("a2616201616102", 4, .keyOutOfOrder("a")),
            ("a262616101616202", 5, .keyOutOfOrder("b")),
            ("9f01ff", 0, .unsupported(0x9F)),
            ("5f4101ff", 0, .unsupported(0x5F)),
            ("811c", 1, .unsupported(0x1C)),
            ("f7", 0, .unsupported(0xF7)),
            ("f0", 0, .unsupported(0xF0)),
            ("f814", 0, .unsupported(0xF8)),
            ("c001", 0, .unsupported(0xC0)),
            ("c201", 1, .unsupported(0x01)),
            ("c2c24101", 1, .unsupported(0xC2)),
        ] as [(String, Int, MalformedRecord.Reason)])
    func refuses(bytes: String, offset: Int, reason: MalformedRecord.Reason) throws {
        let error = try #require(throws: MalformedRecord.self) {
            try RecordDecoder().decode(Int.self, from: unhex(bytes))
        }
        #expect(error.offset == offset)
        #expect(error.reason == reason)
    }

    @Test func `deep nesting is refused, not followed`() throws {
        let error = try #require(throws: MalformedRecord.self) {
            try RecordDecoder().decode([Int].self, from: [UInt8](repeating: 0x81, count: 1_000_000))
        }
        #expect(error.offset == 64)
        #expect(error.reason == .tooDeep(limit: 64))
        #expect(error.description == "The record is malformed at byte 64: it nests deeper than 64 containers.")
    }

    /// What is well formed but does not fit gives a `DecodingError`.
    @Test func `values that do not fit`() {
        expectMisfit(UInt8.self, "190100")
        expectMisfit(UInt8.self, "20")
        expectMisfit(Int8.self, "3880")
        expectMisfit(Int64.self, "1b8000000000000000")
        expectMisfit(Int64.self, "3b8000000000000000")
        expectMisfit(Int128.self, "c25080000000000000000000000000000000")
        expectMisfit(UInt128.self, "c25101" + String(repeating: "00", count: 16))
        expectMisfit(UInt64.self, "c34101")
        expectMisfit(Int.self, "f93c00")
        expectMisfit(Int.self, "f6")
        expectMisfit(Double.self, "01")
        expectMisfit(Bool.self, "01")
        expectMisfit(String.self, "4161")
        expectMisfit([UInt8].self, "820102")
        expectMisfit([Int].self, "420102")
        expectMisfit([Int].self, "a0")
        expectMisfit([String: Int].self, "80")
        expectMisfit(Shapes.Tier.self, "646e6f6e65")
        expectMisfit(Shapes.Event.self, "a0")
        expectMisfit(Shapes.Event.self, "a1646161616100")
    }

    @Test func `a misfit names its place`() throws {
        let error = try #require(throws: DecodingError.self) {
            try RecordDecoder().decode([String: [Int]].self, from: unhex("a161618201f4"))
        }
        guard case .typeMismatch(_, let context) = error else { throw error }
        #expect(context.codingPath.map(\.stringValue) == ["a", "1"])
        #expect(context.debugDescription == "Expected an integer, found bool.")
    }

    @Test func `reading past an array's end is an error`() {
        struct Three: Decodable {
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                for _ in 0..<3 { _ = try list.decode(Int.self) }
            }
        }
        #expect(throws: DecodingError.self) { try RecordDecoder().decode(Three.self, from: [0x82, 1, 2]) }
        #expect(throws: Never.self) { try RecordDecoder().decode(Three.self, from: [0x83, 1, 2, 3]) }
    }

    @Test func `every prefix of a record is malformed`() throws {
        var random = SplitMix(seed: 7)
        let bytes = try RecordEncoder().encode(Shapes.random(&random))
        for length in bytes.indices {
            #expect(throws: MalformedRecord.self, "\(length) of \(bytes.count) bytes") {
                try RecordDecoder().decode(Shapes.self, from: Array(bytes[..<length]))
            }
        }
    }

    /// Bytes changed at random give a value or one of the two errors; whatever is read can be written and read again.
    @Test func `no change of bytes traps`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<200 {
            let record = try RecordEncoder().encode(Shapes.random(&random))
            for _ in 0..<50 {
                var bytes = record
                for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&bytes, &random) }
                do {
                    let value = try RecordDecoder().decode(Shapes.self, from: bytes)
                    let again = try RecordEncoder().encode(value)
                    #expect(throws: Never.self, "seed \(seed)") { try RecordDecoder().decode(Shapes.self, from: again) }
                } catch is MalformedRecord {
                } catch is DecodingError {
                }
            }
        }
    }

    @Test func `no noise traps`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<50_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = try? RecordDecoder().decode([String: [Int?]].self, from: bytes)
            _ = try? RecordDecoder().decode(UInt128.self, from: bytes)
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2 where bytes.count > 1: bytes.remove(at: place)
        default: bytes.insert(.random(in: 0...255, using: &random), at: place)
        }
    }

    private func expectMisfit<T: Decodable>(_ type: T.Type, _ bytes: String) {
        #expect(throws: DecodingError.self, "\(type) from \(bytes)") {
            try RecordDecoder().decode(type, from: unhex(bytes))
        }
    }
}

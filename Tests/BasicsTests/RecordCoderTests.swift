import Basics
import TestSupport
import Testing

@Suite struct RecordCoderTests {
    @Test func `every shape comes back equal, in the same bytes`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<300 {
            let value = Shapes.random(&random)
            let bytes = try RecordEncoder().encode(value)
            let copy = try RecordDecoder().decode(Shapes.self, from: bytes)
            #expect(copy == value, "seed \(seed)")
            #expect(try RecordEncoder().encode(copy) == bytes, "seed \(seed)")
        }
    }

    @Test func `bytes do not depend on hash order`() throws {
        let names = (0..<200).map { "feature_\($0)" }
        var grown: [String: Int] = [:]
        for name in names { grown[name] = name.utf8.count }
        // Another capacity gives another order of iteration.
        var shrunk = Dictionary<String, Int>(minimumCapacity: 10_000)
        for name in names.reversed() { shrunk[name] = name.utf8.count }
        #expect(Array(grown.keys) != Array(shrunk.keys))
        #expect(try RecordEncoder().encode(grown) == RecordEncoder().encode(shrunk))
    }

    @Test func `a collection without an order is refused`() {
        struct Holder: Encodable { var tags: Set<Int>? }
        struct Pair: Hashable, Codable { var a: Int }
        let refusals: [any Encodable] = [
            Set([1]), Holder(tags: []), [[Set(["x"])]], [Pair(a: 1): 1], ["k": [Pair(a: 1): 1]], [UInt8(1): "a"],
        ]
        for value in refusals {
            #expect(throws: EncodingError.self, "\(value)") { try RecordEncoder().encode(value) }
        }
        #expect(throws: Never.self) { try RecordEncoder().encode(Holder(tags: nil)) }
    }

    @Test func `a refusal names the field`() throws {
        struct Holder: Encodable { var rows: [[String: Set<Int>]] }
        let error = try #require(throws: EncodingError.self) {
            try RecordEncoder().encode(Holder(rows: [[:], ["tags": [1]]]))
        }
        guard case .invalidValue(_, let context) = error else { throw error }
        #expect(context.codingPath.map(\.stringValue) == ["rows", "1", "tags"])
    }

    @Test func `a key written twice is refused`() {
        struct Twice: Encodable {
            enum Keys: CodingKey { case a, b }
            func encode(to encoder: any Encoder) throws {
                var fields = encoder.container(keyedBy: Keys.self)
                try fields.encode(1, forKey: .a)
                try fields.encode(2, forKey: .b)
                try fields.encode(3, forKey: .a)
            }
        }
        #expect(throws: EncodingError.self) { try RecordEncoder().encode(Twice()) }
    }

    @Test func `two spellings of one character are two keys`() throws {
        struct Spelled: Encodable {
            func encode(to encoder: any Encoder) throws {
                var fields = encoder.container(keyedBy: AnyKey.self)
                try fields.encode(1, forKey: AnyKey(stringValue: "\u{E9}"))
                try fields.encode(2, forKey: AnyKey(stringValue: "e\u{301}"))
            }
        }
        #expect(hex(try RecordEncoder().encode(Spelled())) == "a262c3a9016365cc8102")
    }

    @Test func `nesting stops at the limit on both sides`() throws {
        func nested(_ depth: Int) -> Tree { depth == 1 ? Tree("") : Tree("", [nested(depth - 1)]) }
        // Each tree is a map and an array.
        let deepest = nested(RecordEncoder.depthLimit / 2)
        #expect(try RecordDecoder().decode(Tree.self, from: RecordEncoder().encode(deepest)) == deepest)
        #expect(throws: EncodingError.self) { try RecordEncoder().encode(nested(RecordEncoder.depthLimit / 2 + 1)) }
    }

    @Test func `numbers of 128 bits pass through every container`() throws {
        struct Ledger: Codable, Equatable {
            var signed: Int128
            var unsigned: UInt128
            var maybe: Int128?
            var absent: UInt128?
            var list: List
            var single: Single
        }
        struct List: Codable, Equatable {
            var signed: Int128
            var unsigned: UInt128

            init(_ signed: Int128, _ unsigned: UInt128) { (self.signed, self.unsigned) = (signed, unsigned) }
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                signed = try list.decode(Int128.self)
                unsigned = try list.decode(UInt128.self)
            }
            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(signed)
                try list.encode(unsigned)
            }
        }
        struct Single: Codable, Equatable {
            var unsigned: UInt128

            init(_ unsigned: UInt128) { self.unsigned = unsigned }
            init(from decoder: any Decoder) throws {
                unsigned = try decoder.singleValueContainer().decode(UInt128.self)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(unsigned)
            }
        }
        for number in [0, 1 << 40, UInt128(Int128.max)] {
            let signed = -Int128(number)
            let value = Ledger(
                signed: signed, unsigned: number, maybe: signed, list: List(signed, number), single: Single(number))
            #expect(try RecordDecoder().decode(Ledger.self, from: RecordEncoder().encode(value)) == value)
        }
    }

    @Test func `fields may come and go`() throws {
        struct Old: Codable { var id: Int; var legacy: [String: [Int]]; var zone: String }
        struct New: Codable, Equatable { var id: Int; var zone: String; var added: Bool?; var huge: UInt8? }
        let bytes = try RecordEncoder().encode(Old(id: 7, legacy: ["a": [1, 2]], zone: "UTC"))
        #expect(try RecordDecoder().decode(New.self, from: bytes) == New(id: 7, zone: "UTC", added: nil, huge: nil))
        let error = try #require(throws: DecodingError.self) {
            try RecordDecoder().decode(Old.self, from: RecordEncoder().encode(New(id: 1, zone: "")))
        }
        guard case .keyNotFound(let key, _) = error else { throw error }
        #expect(key.stringValue == "legacy")
    }

    @Test func `a subclass shares its superclass's map`() throws {
        class Base: Codable {
            var a = 1
        }
        final class Derived: Base {
            override func encode(to encoder: any Encoder) throws {
                try super.encode(to: encoder)
                var fields = encoder.container(keyedBy: AnyKey.self)
                try fields.encode(2, forKey: AnyKey(stringValue: "b"))
            }
        }
        #expect(hex(try RecordEncoder().encode(Derived())) == "a2616101616202")
    }
}

struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

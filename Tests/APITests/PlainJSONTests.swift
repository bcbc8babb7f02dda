import Fuzz
import Model
import TestSupport
import Testing

@testable import API

/// The parser of request bodies beside the plain reader that the fuzzer compares the event scanner with.
@Suite struct PlainJSONTests {
    @Test(arguments: [1, UInt64.random(in: 2 ... .max)])
    func theParserReadsWhatThePlainReaderReads(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var accepted = 0
        for (name, bytes) in try FuzzEntry.events.corpus() {
            for round in 0..<50 {
                let text = round == 0 ? bytes : changed(bytes, &random)
                let plain = PlainJSON(text[...])
                let parsed = try? text.withUnsafeBytes { try JSONParser.parse($0) }
                accepted += parsed == nil ? 0 : 1
                if let plain {
                    guard plain.depth < JSONParser.maximumDepth else { continue }
                    #expect(parsed == json(plain), "seed \(seed), \(name): \(String(decoding: text, as: UTF8.self))")
                } else if !text.contains(where: { $0 < 0x20 }) {
                    // Control characters in strings need no escape here.
                    #expect(parsed == nil, "seed \(seed), \(name): \(String(decoding: text, as: UTF8.self))")
                }
            }
        }
        #expect(accepted > 100)
    }

    private func changed(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        let telling = Array(#"{}[]",:\/0-9eEntfu. "#.utf8) + [0x0A, 0x7F, 0x80, 0xC3, 0xFF]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.insert(telling.randomElement(using: &random)!, at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            default: if place < bytes.count { bytes[place] = telling.randomElement(using: &random)! }
            }
        }
        return bytes
    }

    private func json(_ plain: PlainJSON) -> JSON {
        switch plain.content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .number(let literal): .number(String(decoding: literal, as: UTF8.self))
        case .string(let text): .string(String(decoding: text, as: UTF8.self))
        case .array(let elements): .array(elements.map(json))
        case .object(let fields):
            .object(
                Dictionary(fields.map { (String(decoding: $0.name, as: UTF8.self), json($0.value)) }) { $1 })
        }
    }
}

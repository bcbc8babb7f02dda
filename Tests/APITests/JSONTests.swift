import Model
import NIOCore
import TestSupport
import Testing

@testable import API

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSON {
        try parse(Array(text.utf8))
    }

    private func parse(_ bytes: [UInt8]) throws -> JSON {
        try bytes.withUnsafeBytes { try JSONParser.parse($0) }
    }

    private func written(_ json: JSON) -> String {
        var writer = JSONWriter()
        json.write(to: &writer)
        return String(buffer: writer.buffer)
    }

    @Test(arguments: [
        // text, what is written for it
        (#"{"b": [1, 2.50, -0, 1e400], "a": null}"#, #"{"a":null,"b":[1,2.50,-0,1e400]}"#),
        (#" "A\n\t\"\\\/\u00e9\ud83d\ude00" "#, #""A\n\t\"\\/é😀""#),
        (#"12345678901234567890.123456789"#, #"12345678901234567890.123456789"#),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#),
        ("[]", "[]"), ("{ }", "{}"), ("true", "true"), ("\r\n false", "false"),
        ("\"\u{1}\u{1f}\"", #""\u0001\u001f""#),
    ])
    func reads(_ text: String, _ expected: String) throws {
        let json = try parse(text)
        #expect(written(json) == expected)
        #expect(try parse(written(json)) == json)
    }

    @Test(arguments: [
        ("", "the body is empty, a JSON object was expected"),
        ("  ", "the body is empty, a JSON object was expected"),
        ("{", "the body is not JSON: at byte 1 a field's name in quotes was expected"),
        (#"{"a"}"#, "the body is not JSON: at byte 4 a colon was expected"),
        (#"{"a":1"#, "the body is not JSON: at byte 6 a comma or } was expected"),
        ("[1,]", "the body is not JSON: at byte 3 a value was expected"),
        ("[1 2]", "the body is not JSON: at byte 3 a comma or ] was expected"),
        ("{} {}", "the body is not JSON: at byte 3 nothing more was expected"),
        ("NaN", "the body is not JSON: at byte 0 a value was expected"),
        ("nul", "the body is not JSON: at byte 0 a value was expected"),
        ("01", "the body is not JSON: at byte 1 nothing more was expected"),
        ("1.", "the body is not JSON: at byte 2 a digit was expected"),
        ("1e+", "the body is not JSON: at byte 3 a digit was expected"),
        ("-", "the body is not JSON: at byte 0 a value was expected"),
        (#""abc"#, "the body is not JSON: at byte 0 the string that begins here does not end"),
        (#""\q""#, "the body is not JSON: at byte 3 there is no such escape"),
        (#""\u12""#, "the body is not JSON: at byte 3 four hexadecimal digits were expected"),
        (#""\ud800x""#, "the body is not JSON: at byte 7 half of a surrogate pair is missing"),
        (#""\udc00""#, "the body is not JSON: at byte 7 half of a surrogate pair is missing"),
    ])
    func refuses(_ text: String, _ sentence: String) {
        #expect(throws: Refusal.invalid(sentence)) { try parse(text) }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        let sentence = "the body is not UTF-8: the string at byte 1 is malformed"
        #expect(throws: Refusal.invalid(sentence)) { try parse([0x22, 0xFF, 0x22]) }
        // An encoded surrogate, an overlong slash, and a character that is cut short.
        for bytes: [UInt8] in [[0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xE2, 0x82]] {
            #expect(throws: Refusal.invalid(sentence)) { try parse([0x22] + bytes + [0x22]) }
        }
    }

    @Test func nestingIsBounded() throws {
        let deepest = String(repeating: "[", count: 63) + "1" + String(repeating: "]", count: 63)
        #expect(written(try parse(deepest)) == deepest)
        let sentence = "the body is nested more than 64 levels deep"
        for opening in ["[", #"{"a":"#] {
            #expect(throws: Refusal.invalid(sentence)) { try parse(String(repeating: opening, count: 200_000)) }
        }
    }

    @Test func anyBytesAreReadOrRefused() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        let alphabet = Array(#"{}[]",:\u0019ed8tfn-+. "#.utf8) + [0xFF, 0xC3]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<24, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            guard let json = try? parse(bytes) else { continue }
            #expect((try? parse(written(json))) == json, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
    }
}

import EventScanner
import Testing

/// Every sentence by which one event is refused. `%x257` stands for that many letters, `%keys17` for as many keys,
/// `%nested63` for as many arrays inside each other.
private let table = #"""
    7 => an event must be an object
    [{}] => an event must be an object
    null => an event must be an object
    {"body":{"event":"e"}} => type is missing
    {"type":null,"body":{"event":"e"}} => type is missing
    {"type":5,"body":{"event":"e"}} => type must be a string
    {"type":"trick","body":{}} => type "trick" is unknown
    {"type":"track"} => body is missing
    {"type":"track","body":null} => body is missing
    {"type":"identify","body":[1]} => body must be an object
    {"type":"track","body":{}} => event is missing
    {"type":"track","body":{"event":null}} => event is missing
    {"type":"track","body":{"event":""}} => event must not be empty
    {"type":"track","body":{"event":{}}} => event must be a string
    {"type":"track","body":{"event":"%x257"}} => event is longer than 256 bytes: 257
    {"type":"track","body":{"event":"e","quantity":1.5}} => quantity must be an integer
    {"type":"track","body":{"event":"e","quantity":1e3}} => quantity must be an integer
    {"type":"track","body":{"event":"e","quantity":"5"}} => quantity must be an integer
    {"type":"track","body":{"event":"e","quantity":true}} => quantity must be an integer
    {"type":"track","body":{"quantity":100000000000000000000}} => quantity is out of range: 100000000000000000000
    {"type":"track","body":{"quantity":9223372036854775808}} => quantity is out of range: 9223372036854775808
    {"type":"track","body":{"quantity":-9223372036854775809}} => quantity is out of range: -9223372036854775809
    {"type":"track","body":{"event":"e","quantity":"x","quantity":1}} => quantity must be an integer
    {"type":"track","body":{"event":"e","company":"acme"}} => company must be an object of strings
    {"type":"track","body":{"event":"e","user":[]}} => user must be an object of strings
    {"type":"track","body":{"event":"e","company":{"id":7}}} => company key "id" must be a string, not a number
    {"type":"track","body":{"event":"e","company":{"%x129":7}}} => company key "%x64…" must be a string, not a number
    {"type":"track","body":{"event":"e","company":{"id":-7}}} => company key "id" must be a string, not a number
    {"type":"track","body":{"event":"e","user":{"id":true}}} => user key "id" must be a string, not a boolean
    {"type":"track","body":{"event":"e","user":{"id":{"a":[]}}}} => user key "id" must be a string, not an object
    {"type":"track","body":{"event":"e","user":{"id":[1]}}} => user key "id" must be a string, not an array
    {"type":"track","body":{"event":"e","user":{"":"a"}}} => user has a key without a name
    {"type":"track","body":{"event":"e","user":{"a":""}}} => user key "a" must not be empty
    {"type":"track","body":{"event":"e","user":{"%x129":"a"}}} => user has a key name longer than 128 bytes: 129
    {"type":"track","body":{"event":"e","user":{"a":"%x257"}}} => user key "a" is longer than 256 bytes: 257
    {"type":"track","body":{"event":"e","company":{%keys17}}} => company has more than 16 keys
    {"type":"track","body":{"event":"e","traits":[1]}} => traits must be an object
    {"type":"track","body":{"event":"e","traits":{"t":"%x16377"}}} => traits is longer than 16384 bytes: 16385
    {"type":"track","body":{"event":"e","lease_id":1}} => lease_id must be a string
    {"type":"track","body":{"event":"e","reservation_id":[]}} => reservation_id must be a string
    {"type":"track","body":{"event":"e"},"idempotency_key":1} => idempotency_key must be a string
    {"type":"track","body":{"event":"e"},"idempotency_key":"%x257"} => idempotency_key is longer than 256 bytes: 257
    {"type":"track","body":{"event":"e"},"api_key":1} => api_key must be a string
    {"type":"track","body":{"event":"e"},"sent_at":1754000000} => sent_at must be a string
    {"type":"track","body":{"event":"e"},"tracker_event_id":1} => tracker_event_id must be a string
    {"type":"track","body":{"event":"e"},"tracker_user_id":1} => tracker_user_id must be a string
    {"type":"track","body":{"event":"e"},"backfill":"true"} => backfill must be a boolean
    {"type":"track","body":{"event":"e"},"trusted_client_clock":1} => trusted_client_clock must be a boolean
    {"type":"identify","body":{"a":%nested63}} => the event is nested too deeply: more than 64 levels
    {"type":"track","body":{"event":"e"},"x":%nested64} => the event is nested too deeply: more than 64 levels
    """#

struct RefusalTests {
    @Test(arguments: rows(of: table))
    func refuses(event: String, sentence: String) throws {
        let good = #"{"type":"track","body":{"event":"good"}}"#
        let found = try scanned("[\(good),\(expanded(event)),\(good)]")
        #expect(found.map { $0.refusal ?? $0.name } == ["good", expanded(sentence), "good"])
    }

    @Test func `sixty-four levels are allowed`() throws {
        let event = expanded(#"{"type":"identify","body":{"a":%nested62}}"#)
        #expect(try scanned(event, as: .single).first?.refusal == nil)
    }

    @Test func `lines that are no JSON, no UTF-8 or too deep are refused by themselves`() throws {
        var scanner = EventScanner()
        let deep = expanded("%nested300")
        let lines: [[UInt8]] = [
            Array("{".utf8), [0x22, 0xFF, 0x22], Array(#"{"a":\#(deep)}"#.utf8), Array("7".utf8),
        ]
        let found = try scanner.owned(Array(lines.joined(separator: [0x0A])), as: .ndjson).get()
        #expect(
            found.map(\.refusal) == [
                "the line is not valid JSON", "the line is not valid UTF-8",
                "the event is nested too deeply: more than 64 levels", "an event must be an object",
            ])
    }
}

/// Writes out `#257` as that many letters, `%keys17` as that many keys, `%nested63` as that many arrays.
private func expanded(_ pattern: String) -> String {
    guard let mark = pattern.firstIndex(of: "%") else { return pattern }
    let rest = pattern[pattern.index(after: mark)...]
    let word = rest.prefix { $0.isLetter }
    let digits = rest.dropFirst(word.count).prefix { $0.isNumber }
    guard let count = Int(digits) else { return pattern }
    let text =
        switch word {
        case "keys": (0..<count).map { #""k\#($0)":"v""# }.joined(separator: ",")
        case "nested": String(repeating: "[", count: count) + String(repeating: "]", count: count)
        default: String(repeating: "x", count: count)
        }
    return pattern[..<mark] + text + rest.dropFirst(word.count + digits.count)
}

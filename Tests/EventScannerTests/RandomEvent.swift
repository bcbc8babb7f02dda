import EventScanner
import TestSupport

/// Makes events and writes them as JSON: fields in any order, white space, escapes and nulls as they fall.
struct EventWriter {
    var random: SplitMix
    /// What may stand between two tokens.
    private let spaces: [String]

    init(seed: UInt64, onOneLine: Bool = false) {
        random = SplitMix(seed: seed)
        spaces = ["", "", "", " ", "\t  "] + (onOneLine ? [] : ["\n ", "\r\n"])
    }

    /// A track event as the scanner must give it back, and its text.
    mutating func track() -> (event: OwnedEvent, json: String) {
        var event = OwnedEvent()
        event.name = text()
        event.company = keys()
        event.user = keys()
        event.quantity = maybe { Int64(truncatingIfNeeded: $0.random.next()) }
        event.reservationID = maybe { $0.text() }
        event.leaseID = maybe { $0.text() }
        event.traits = maybe { $0.object([#""t":\#($0.value(depth: 3))"#]) }
        let body = object([
            #""event":\#(quoted(event.name!))"#, field("company", event.company), field("user", event.user),
            field("quantity", event.quantity.map(String.init)), field("traits", event.traits),
            field("reservation_id", event.reservationID.map { quoted($0) }),
            field("lease_id", event.leaseID.map { quoted($0) }), #""unknown":\#(value(depth: 2))"#,
        ])
        return envelope(of: event, type: "track", body: body)
    }

    /// An event whose body the scanner must give back as it stands.
    mutating func identify() -> (event: OwnedEvent, json: String) {
        var event = OwnedEvent()
        event.kind = .identify
        let body = object([#""keys":\#(value(depth: 2))"#, #""company":\#(value(depth: 2))"#, #""quantity":"x""#])
        return envelope(of: event, type: "identify", body: body)
    }

    private mutating func envelope(
        of event: OwnedEvent, type: String, body: String
    ) -> (event: OwnedEvent, json: String) {
        var event = event
        event.body = body
        event.apiKey = maybe { $0.text() }
        event.idempotencyKey = maybe { $0.text() }
        event.trackerEventID = maybe { $0.text() }
        event.trackerUserID = maybe { $0.text() }
        event.sentAt = maybe { $0.text() }
        event.isBackfill = Bool.random(using: &random)
        event.hasTrustedClientClock = Bool.random(using: &random)
        let typeName = Bool.random(using: &random) ? "type" : "event_type"
        let json = object([
            #""\#(typeName)":\#(quoted(type))"#, #""body":\#(space())\#(body)"#,
            field("api_key", event.apiKey.map { quoted($0) }),
            field("idempotency_key", event.idempotencyKey.map { quoted($0) }),
            field("tracker_event_id", event.trackerEventID.map { quoted($0) }),
            field("tracker_user_id", event.trackerUserID.map { quoted($0) }),
            field("sent_at", event.sentAt.map { quoted($0) }),
            field("backfill", event.isBackfill ? "true" : nil),
            field("trusted_client_clock", event.hasTrustedClientClock ? "true" : nil),
            #""x":\#(value(depth: 4))"#,
        ])
        return (event, json)
    }

    mutating func space() -> String {
        spaces.randomElement(using: &random)!
    }

    /// Absent values are written as null or, where `object` drops empty fields, not at all.
    private mutating func field(_ name: String, _ json: String?) -> String {
        guard let json else { return Bool.random(using: &random) ? #""\#(name)":null"# : "" }
        return quoted(name) + space() + ":" + space() + json
    }

    private mutating func field(_ name: String, _ keys: [String: String]) -> String {
        let fields = keys.map { quoted($0.key) + ":" + quoted($0.value) }
        return field(name, keys.isEmpty ? nil : object(fields))
    }

    private mutating func object(_ fields: [String]) -> String {
        let shuffled = fields.filter { !$0.isEmpty }.shuffled(using: &random)
        return "{" + shuffled.map { space() + $0 + space() }.joined(separator: ",") + "}"
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &random) {
        case 0: "null"
        case 1: "true"
        case 2: "false"
        case 3: String(Int64(truncatingIfNeeded: random.next()))
        case 4: "-0.5e+30"
        case 5, 6: quoted(text())
        case 7: "[" + (0..<3).map { _ in value(depth: depth - 1) }.joined(separator: space() + ",") + "]"
        default: object((0..<3).map { #""f\#($0)":\#(value(depth: depth - 1))"# })
        }
    }

    private mutating func keys() -> [String: String] {
        var keys: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &random) { keys[text()] = text() }
        return keys
    }

    private mutating func text() -> String {
        let alphabet = [
            "a", "b", "z", "0", "-", " ", "\"", "\\", "/", "\n", "\u{1}", "é", "€", "😀", "{", "}", ",", ":",
        ]
        return (0..<Int.random(in: 1...12, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            .joined()
    }

    private mutating func quoted(_ text: String) -> String {
        var json = "\""
        for unit in text.unicodeScalars {
            let mustEscape = unit == "\"" || unit == "\\" || unit.value < 0x20
            if mustEscape || Int.random(in: 0..<20, using: &random) == 0 {
                for code in String(unit).utf16 {
                    let digits = String(code, radix: 16)
                    json += #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                json.unicodeScalars.append(unit)
            }
        }
        return json + "\""
    }

    private mutating func maybe<T>(_ make: (inout EventWriter) -> T) -> T? {
        Bool.random(using: &random) ? make(&self) : nil
    }
}

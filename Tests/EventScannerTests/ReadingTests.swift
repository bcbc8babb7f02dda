import EventScanner
import Testing

/// One event, and a word of what must be read from it.
private let table = #"""
    {"body":{"event":"e"},"type":"track"} => name=e
    {"event_type":"track","body":{"event":"e"}} => name=e
    {"type":"track","body":{"event":"\u0061\/\ud83d\ude00é"}} => name=a/😀é
    {"\u0074ype":"track","body":{"\u0065vent":"e"}} => name=e
    {"type":"track","body":{"event":"e","traits":{}}} => traits=nil
    {"type":"track","body":{"event":"e","traits":{ }}} => traits=nil
    {"type":"track","body":{"event":"e","traits": {"a" : [1e400,-0.5E-3]} }} => traits={"a" : [1e400,-0.5E-3]}
    {"type":"track","body":{"event":"e","quantity":-9223372036854775808}} => quantity=-9223372036854775808
    {"type":"track","body":{"event":"e","quantity":9223372036854775807}} => quantity=9223372036854775807
    {"type":"track","body":{"event":"e","quantity":0}} => quantity=0
    {"type":"track","body":{"event":"e","quantity":-0}} => quantity=0
    {"type":"track","body":{"event":"e"}} => quantity=nil
    {"type":"track","body":{"event":"e","quantity":1,"quantity":2}} => quantity=2
    {"type":"track","body":{"event":"e","quantity":1,"quantity":null}} => quantity=nil
    {"type":"track","body":{"event":"e","quantity":1},"body":{"event":"f"}} => name=f
    {"type":"track","body":{"event":"e","quantity":1},"body":{"event":"f"}} => quantity=nil
    {"type":"track","body":{"event":"e","company":{"id":"a","id":"b"}}} => company=["id": "b"]
    {"type":"track","body":{"event":"e","company":{"id":"a","x":null}}} => company=["id": "a"]
    {"type":"track","body":{"event":"e","lease_id":"l","reservation_id":"r"}} => lease=l
    {"type":"track","body":{"event":"e","lease_id":"l","reservation_id":"r"}} => reservation=r
    {"type":"track","body":{"event":"e"},"idempotency_key":""} => key=nil
    {"type":"track","body":{"event":"e"},"backfill":true,"trusted_client_clock":null} => backfill=true
    {"type":"track","body":{"event":"e"},"tracker_event_id":"t","tracker_user_id":"u"} => tracker=t u
    {"type":"identify","body":{"company":7,"quantity":"x"}} => body={"company":7,"quantity":"x"}
    {"type":"identify","body":{"company":{"id":"a"}}} => company=[:]
    {"type":"flag_check","body":{ } } => body={ }
    {"type":"inference","body":{}} => body={}
    {"type":"inference","body":{"event":"e","quantity":5}} => name=e
    {"type":"inference","body":{"event":"e","quantity":5}} => quantity=nil
    {"type":"inference","body":{"company":{"id":"a"},"traits":{"a":1}}} => company=["id": "a"]
    """#

struct ReadingTests {
    @Test func `the Python SDK's batch is read as it was sent`() throws {
        let events = try scanned(
            #"""
            {"events":[
            {"api_key":"sch_dev","body":{"company":{"keys":{"id":"acme"},"name":"Acme"},"keys":{"user_id":"u1"}},
             "type":"identify"},
            {"api_key":"sch_dev","body":{"company":{"id":"acme"},"event":"api-call","quantity":5,"traits":{"a":1},
             "user":{"user_id":"u1"}},"type":"track","idempotency_key":"k1","sent_at":"2026-08-01T00:00:00Z",
             "trusted_client_clock":true},
            {"api_key":"sch_dev","body":{"company":{"id":"acme"},"event":"plain","quantity":null,"traits":null,
             "user":null},"type":"track"}]}
            """#)
        #expect(events.count == 3)
        #expect(events[0].kind == .identify)
        #expect(
            events[0].body == #"{"company":{"keys":{"id":"acme"},"name":"Acme"},"keys":{"user_id":"u1"}}"#)
        #expect(events[1].name == "api-call")
        #expect(events[1].company == ["id": "acme"])
        #expect(events[1].user == ["user_id": "u1"])
        #expect(events[1].quantity == 5)
        #expect(events[1].traits == #"{"a":1}"#)
        #expect(events[1].idempotencyKey == "k1")
        #expect(events[1].sentAt == "2026-08-01T00:00:00Z")
        #expect(events[1].hasTrustedClientClock)
        #expect(!events[1].isBackfill)
        #expect(events[2].quantity == nil)
        #expect(events[2].traits == nil)
        #expect(events[2].user.isEmpty)
        #expect(events[2].apiKey == "sch_dev")
    }

    @Test func `the three forms and the bare array give the same event`() throws {
        let event = #"{"type":"track","body":{"event":"e"}}"#
        let expected = try scanned(event, as: .single)
        #expect(expected.map(\.name) == ["e"])
        #expect(try scanned(#"{"events":[\#(event)]}"#) == expected)
        #expect(try scanned("[\(event)]") == expected)
        #expect(try scanned("\(event)\n", as: .ndjson) == expected)
        #expect(try scanned(#"{"events":[]}"#) == [])
        #expect(try scanned(#" { "a" : [1] , "events" : [ \#(event) ] , "z" : null } "#) == expected)
    }

    @Test(arguments: rows(of: table))
    func reads(event: String, expected: String) throws {
        let found = try #require(try scanned(event, as: .single).first)
        #expect(found.refusal == nil)
        let words = [
            "name=\(found.name ?? "nil")", "traits=\(found.traits ?? "nil")", "company=\(found.company)",
            "quantity=\(found.quantity.map(String.init) ?? "nil")", "lease=\(found.leaseID ?? "nil")",
            "reservation=\(found.reservationID ?? "nil")", "key=\(found.idempotencyKey ?? "nil")",
            "backfill=\(found.isBackfill)", "body=\(found.body ?? "nil")",
            "tracker=\(found.trackerEventID ?? "nil") \(found.trackerUserID ?? "nil")",
        ]
        #expect(words.contains(expected))
    }

    @Test func `NDJSON skips blank lines and goes on after a malformed one`() throws {
        let event = #"{"type":"track","body":{"event":"e"}}"#
        let body = "\n\(event)\r\n  \n{\"type\":\n\(event) \(event)\n5\n\(event)"
        let found = try scanned(body, as: .ndjson).map { $0.refusal ?? $0.name ?? "nil" }
        #expect(
            found == [
                "e", "the line is not valid JSON", "the line is not valid JSON", "an event must be an object", "e",
            ])
    }

    @Test func `limits are inclusive`() throws {
        let text = String(repeating: "x", count: 256)
        let name = String(repeating: "k", count: 128)
        let keys = (0..<15).map { #","k\#($0)":"v""# }.joined()
        let traits = #"{"t":"\#(String(repeating: "t", count: 16_384 - 8))"}"#
        let event = """
            {"type":"track","idempotency_key":"\(text)","body":{"event":"\(text)",
            "company":{"\(name)":"\(text)"\(keys)},"traits":\(traits)}}
            """
        let found = try #require(try scanned(event, as: .single).first)
        #expect(found.refusal == nil)
        #expect(found.company.count == 16)
        #expect(found.traits?.utf8.count == 16_384)
        #expect(try scanned("[\(event),\(event)]", limit: 2).count == 2)
    }

    @Test func `a scanner is used again after a failure and after a huge body`() throws {
        var scanner = EventScanner()
        let event = #"{"type":"track","body":{"event":"\u0065"}}"#
        let huge = "[" + Array(repeating: event, count: 50_000).joined(separator: ",") + "]"
        for _ in 0..<3 {
            #expect(try scanner.owned(Array(huge.utf8), limit: 50_000).get().count == 50_000)
            #expect(throws: ScanFailure.self) { try scanner.owned(Array("[{".utf8)).get() }
            #expect(try scanner.owned(Array(event.utf8), as: .single).get().map(\.name) == ["e"])
        }
    }
}

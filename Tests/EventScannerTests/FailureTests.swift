import EventScanner
import Testing

private let good = #"{"type":"track","body":{"event":"e","company":{"id":"a"},"traits":{"a":[1,"x"]}}}"#

/// Where in an event a value may stand.
private let places = [
    #""type":@"#, #""body":@"#, #""api_key":@"#, #""backfill":@"#, #""x":@"#, #""x":[@]"#,
    #""body":{"event":@}"#, #""body":{"quantity":@}"#, #""body":{"company":@}"#,
    #""body":{"company":{"id":@}}"#, #""body":{"traits":@}"#, #""body":{"traits":{"a":[{"b":@}]}}"#,
    #""body":{"x":@}"#, #""body":{"keys":{"x":@}}"#,
]

struct FailureTests {
    /// A body, and how the sentence begins that refuses all of it.
    @Test(arguments: [
        ("", "the body is empty"),
        (" \n\t ", "the body is empty"),
        ("7", "the body must be an event, an array of events, or an object with an array \"events\""),
        (#""events""#, "the body must be an event"),
        ("{}", "the body must be an event"),
        (#"{"events":null}"#, "the body must be an event"),
        (#"{"events":{}}"#, "the body must be an event"),
        (#"{"events":[],"events":7}"#, "the body must be an event"),
        (#"{"events":[@],"events":7}"#, "the body must be an event"),
        ("[@", "the body is not complete JSON"),
        ("[@,", "the body is not complete JSON"),
        (#"{"events":[@]"#, "the body is not complete JSON"),
        (#"{"events":[@}"#, "the body is not valid JSON"),
        (#"{"events":[{"type":"track","body":{"event":"e}}]}"#, "the body is not complete JSON"),
        (#"{"events":[@,]}"#, "the body is not valid JSON near byte 93, in event 1"),
        (#"{"events":[,@]}"#, "the body is not valid JSON near byte 11, in event 0"),
        (#"{"events":[@ @]}"#, "the body is not valid JSON"),
        (#"{"events":[@]} x"#, "the body is not complete JSON"),
        (#"{"events":[@]}{}"#, "the body is not valid JSON"),
        (#"{"events":[@]}}"#, "the body is not valid JSON"),
        (#"{"events":[@]]}"#, "the body is not valid JSON"),
        (#"{"events":[@],}"#, "the body is not valid JSON"),
        (#"{"events":[@],7}"#, "the body is not valid JSON"),
        (#"{"events":[@],"x"}"#, "the body is not valid JSON"),
        (#"{"events":[@],"x":}"#, "the body is not valid JSON"),
        (#"{"events" [@]}"#, "the body is not valid JSON"),
        (#"{events:[@]}"#, "the body is not valid JSON"),
        ("\u{FEFF}[@]", "the body must be an event"),
    ])
    func fails(body: String, sentence: String) {
        let text = body.split(separator: "@", omittingEmptySubsequences: false).joined(separator: good)
        let found = #expect(throws: ScanFailure.self) { try scanned(text) }
        #expect(found?.sentence.hasPrefix(sentence) == true, "\(found?.sentence ?? "no failure")")
    }

    /// None of these is JSON, wherever in an event it stands as a value.
    @Test(
        arguments: [
            "NaN", "nul", "nulll", "True", "falsey", "Infinity", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "1a",
            "1\"\"", "-01", "--1", "'a'", #""\q""#, #""\u12G4""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#,
            "\"a\u{0}b\"", "\"a\tb\"", "\"a\nb\"", "[1,]", "[,1]", "[1 2]", "[1", "1]", "{]", "[}", #"{"a"}"#,
            #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{a:1}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{"\q":1}"#, "{1:1}",
            "\"a\"b", "\"a\"\"b\"", "null null", "// x\n1", #""a":1"#, #""a":1}"#, #""a":1]"#,
        ])
    func refusesWhatIsNotJSON(value: String) {
        for place in places {
            let text = place.split(separator: "@", omittingEmptySubsequences: false).joined(separator: value)
            #expect(throws: ScanFailure.self) { try scanned(#"{"events":[\#(good),{\#(text)},\#(good)]}"#) }
            #expect(throws: ScanFailure.self) { try scanned("{\(text)}", as: .single) }
            #expect(throws: ScanFailure.self) { try scanned(#"{"events":[\#(good)],\#(text)}"#) }
        }
    }

    @Test func `invalid UTF-8 is found inside and outside strings`() {
        var scanner = EventScanner()
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
            let body = Array(#"[{"type":"track","body":{"event":"a"#.utf8) + bad + Array(#""}}]"#.utf8)
            let found = #expect(throws: ScanFailure.self) { try scanner.owned(body).get() }
            #expect(found?.sentence == "the body is not valid UTF-8")
        }
    }

    @Test func `too many events, too deep a body, and a single form that is no object`() {
        let many = #expect(throws: ScanFailure.self) { try scanned("[\(good),\(good),\(good)]", limit: 2) }
        #expect(many?.sentence == "more than 2 events in one request")
        let lines = #expect(throws: ScanFailure.self) { try scanned("7\n7\n7", as: .ndjson, limit: 2) }
        #expect(lines?.reason == .tooManyEvents(limit: 2))
        let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let deep = #expect(throws: ScanFailure.self) { try scanned(#"{"events":[\#(good),{"x":\#(nested)}]}"#) }
        #expect(deep?.sentence.hasPrefix("the body is nested too deeply: more than 256 levels near byte") == true)
        let single = #expect(throws: ScanFailure.self) { try scanned("[\(good)]", as: .single) }
        #expect(single?.reason == .noEvents)
        #expect(throws: ScanFailure.self) { try scanned("\n \r\n", as: .ndjson) }
    }
}

import EventScanner
import Testing

@Suite("Traits: fields of an object, found in its bytes")
struct RawTraitsTests {
    @Test(
        "each kind of value, whatever stands around it",
        arguments: [
            (#"{"a":1}"#, RawTraits.Value.number("1")),
            (#"{ "b" : {"a":2} , "a" : -1.5e3 }"#, .number("-1.5e3")),
            (#"{"b":[1,{"a":"]"}],"a":true}"#, .bool(true)),
            (#"{"b":"\"a\":5,","a":false}"#, .bool(false)),
            (#"{"a":"x","a":null}"#, .null),
            (#"{"a":{"a":1}}"#, .object),
            (#"{"a":[]}"#, .list),
            (#"{"\u0061":"\u00e9\n\ud83d\ude00\/é"}"#, .text("é\n😀/é")),
            (#"{"b":"\\","a":"\\\""}"#, .text("\\\"")),
            (#"{"aa":1,"":2,"b":"a"}"#, nil),
            ("{\n\t\"b\":{},\r\n\"a\"\n:\n\"\"\n}", .text("")),
        ])
    func kinds(text: String, expected: RawTraits.Value?) {
        #expect(values(["a"], text) == [expected])
    }

    @Test("several names in one pass, in the order in which they are asked for")
    func several() {
        #expect(
            values(["z", "a", "m"], #"{"a":1,"m":[{"z":3}],"z":"last","n":0}"#) == [.text("last"), .number("1"), .list])
    }

    @Test("cut off anywhere it stays within its bytes")
    func cut() {
        let text = #"{"a":"\u00e9\\","b":[{"a":1},"]"],"c":{"d":null}}"#
        for count in 1..<text.utf8.count {
            _ = values(["a", "b", "c"], String(decoding: Array(text.utf8)[..<count], as: UTF8.self))
        }
    }

    private func values(_ names: [String], _ text: String) -> [RawTraits.Value?] {
        // Just so many bytes, so that AddressSanitizer sees a step too far.
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        defer { bytes.deallocate() }
        _ = bytes.initialize(from: text.utf8)
        return RawTraits.values(of: names, in: UnsafeBufferPointer(bytes))
    }
}

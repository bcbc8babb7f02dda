import Basics
import TestSupport
import Testing

@Suite struct RFC3339Tests {
    /// Text, milliseconds since 1970, and how the instant is written.
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
        ("2026-08-01T00:00:00Z", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-08-01t00:00:00z", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-08-01 00:00:00Z", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-08-01T02:30:00+02:30", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-07-31T16:00:00-08:00", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-08-01T00:00:00-00:00", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("2026-08-01T00:00:00.1Z", 1_785_542_400_100, "2026-08-01T00:00:00.100Z"),
        ("2026-08-01T00:00:00.02Z", 1_785_542_400_020, "2026-08-01T00:00:00.020Z"),
        ("2026-08-01T00:00:00.003Z", 1_785_542_400_003, "2026-08-01T00:00:00.003Z"),
        ("2026-08-01T00:00:00.1239Z", 1_785_542_400_123, "2026-08-01T00:00:00.123Z"),
        ("2026-08-01T00:00:00.999999999Z", 1_785_542_400_999, "2026-08-01T00:00:00.999Z"),
        ("2026-08-01T00:00:00.000Z", 1_785_542_400_000, "2026-08-01T00:00:00Z"),
        ("1985-04-12T23:20:50.52Z", 482_196_050_520, "1985-04-12T23:20:50.520Z"),
        ("1996-12-19T16:39:57-08:00", 851_042_397_000, "1996-12-20T00:39:57Z"),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130, "1937-01-01T11:40:27.870Z"),
        ("1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"),
        ("2000-02-29T00:00:00Z", 951_782_400_000, "2000-02-29T00:00:00Z"),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000, "2024-02-29T23:59:59Z"),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000, "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func `reads and writes`(text: String, milliseconds: Int64, written: String) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == written)
    }

    @Test(
        arguments: """
            2026-13-01T00:00:00Z
            2026-00-01T00:00:00Z
            2026-01-00T00:00:00Z
            2026-01-32T00:00:00Z
            2026-02-29T00:00:00Z
            2026-02-30T00:00:00Z
            1900-02-29T00:00:00Z
            2026-04-31T00:00:00Z
            2026-08-01T24:00:00Z
            2026-08-01T00:60:00Z
            2026-08-01T00:00:60Z
            2016-12-31T23:59:60Z
            0000-12-31T00:00:00Z
            0001-01-01T00:00:00+00:01
            9999-12-31T23:59:59-00:01
            10000-01-01T00:00:00Z
            +2026-08-01T00:00:00Z
            -2026-08-01T00:00:00Z
            26-08-01T00:00:00Z
            2026-8-1T00:00:00Z
            2026-08-01
            2026-08-01T00:00Z
            2026-08-01T00:00:00
            2026-08-01_00:00:00Z
            2026/08/01T00:00:00Z
            2026-08-01T00:00:00.Z
            2026-08-01T00:00:00.1234567890Z
            2026-08-01T00:00:00,5Z
            2026-08-01T00:00:00.5
            2026-08-01T00:00:00+0200
            2026-08-01T00:00:00+02
            2026-08-01T00:00:00+24:00
            2026-08-01T00:00:00+02:60
            2026-08-01T00:00:00ZZ
            2026-08-01T00:00:00Z\u{20}
            \u{20}2026-08-01T00:00:00Z
            ２026-08-01T00:00:00Z
            now
            """.split(separator: "\n"))
    func refuses(text: Substring) {
        #expect(Timestamp(rfc3339: String(text)) == nil)
    }

    @Test func `refuses every prefix`() {
        let text = "2026-08-01T00:00:00.123+02:00"
        for length in 0..<text.count {
            #expect(Timestamp(rfc3339: String(text.prefix(length))) == nil, "\(text.prefix(length))")
        }
        #expect(Timestamp(rfc3339: UnsafeBufferPointer(start: nil, count: 0)) == nil)
    }

    @Test func `what is written reads back`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<20_000 {
            let instant = Timestamp(
                milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &random))
            #expect(Timestamp(rfc3339: instant.rfc3339) == instant, "seed \(seed), \(instant)")
        }
    }

    @Test func `days follow each other without gap through eight centuries`() {
        var day = Timestamp(rfc3339: "1600-01-01T12:00:00Z")!
        var previous = ""
        while day < Timestamp(rfc3339: "2401-01-01T00:00:00Z")! {
            let text = day.rfc3339
            #expect(text > previous)
            #expect(Timestamp(rfc3339: text) == day)
            previous = text
            day = day + .days(1)
        }
        #expect(previous == "2400-12-31T12:00:00Z")
    }

    @Test func `years that RFC 3339 does not know are written, not read`() {
        #expect(Timestamp(milliseconds: 253_402_300_800_000).rfc3339 == "10000-01-01T00:00:00Z")
        #expect(Timestamp(milliseconds: -62_135_596_800_001).rfc3339 == "0000-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .max).rfc3339 == "292278994-08-17T07:12:55.807Z")
        #expect(Timestamp(milliseconds: .min).rfc3339 == "-292275055-05-16T16:47:04.192Z")
    }
}

import Basics
import HTTPTypes
import NIOHTTP1
import Testing

@testable import API

@Suite struct HotRouteTests {
    /// As Hummingbird's router would find them.
    @Test(
        arguments: [
            ("/batch", "/batch"), ("//batch/", "/batch"), ("/e", "/e"), ("/events", "/events"),
            ("/event-batch", "/event-batch"), ("/usage/consume", "/usage/consume"),
            ("/flags/calls/check", "/flags/{flag_id}/check calls"),
            ("/flags/check/check", "/flags/{flag_id}/check check"),
            ("/flags/a%2Fb/check", "/flags/{flag_id}/check a%2Fb"), ("/flags//check", nil), ("/flags/calls", nil),
            ("/flags/calls/check/x", nil), ("/Batch", nil), ("/%65", nil), ("/events/evt_1", nil), ("/usage", nil),
            ("/usage/consumed", nil), ("/", nil), ("", nil),
        ] as [(String, String?)])
    func pathsOfHotRoutes(_ path: String, _ expected: String?) {
        let found = HotRoute.find(path)
        #expect(found.map { ([$0.pattern] + $1.map { String($0.value) }).joined(separator: " ") } == expected)
    }

    @Test(
        arguments: [
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 GMT"),
            ("2026-12-31T12:00:00Z", "Thu, 31 Dec 2026 12:00:00 GMT"),
        ])
    func datesAreHTTPs(_ time: String, _ expected: String) throws {
        var date = DateField()
        let time = try #require(Timestamp(rfc3339: time))
        #expect(date.text(at: time) == expected)
        // Once more from memory, and a second later.
        #expect(date.text(at: time) == expected)
        #expect(date.text(at: time + .seconds(1)) != expected)
    }

    /// Both forms in which a head comes say the same.
    @Test func fieldsOfHeads() {
        let pairs = [
            ("x-schematic-api-key", "a"), ("X-SCHEMATIC-API-KEY", "b"), ("Authorization", "Bearer c"),
            ("X-Schematic-Environment-Id", "d"), ("content-encoding", "e"), ("Content-Length", "6"),
            ("Content-Type", "f"), ("User-Agent", "g"), ("expect", "h"), ("Content-Tupe", "i"), ("Host", "j"),
        ]
        var fields = HTTPFields()
        for (name, value) in pairs { fields.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        for head in [HeadFields(fields), HeadFields(HTTPHeaders(pairs))] {
            let found = [
                head.secret, head.authorization, head.environmentID, head.contentEncoding, head.contentLength,
                head.contentType, head.userAgent, head.expect,
            ]
            #expect(found == ["a, b", "Bearer c", "d", "e", "6", "f", "g", "h"])
            #expect(head.announcedLength == 6)
        }
    }
}

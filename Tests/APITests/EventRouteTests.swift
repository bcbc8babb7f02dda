import HTTPTypes
import Testing

@testable import API

@Suite struct EventRouteTests {
    private static let good = #"{"type":"track","body":{"event":"call","company":{"id":"acme"}},"idempotency_key":"k"}"#
    private static let bad = #"{"type":"track","body":{}}"#

    @Test func batchSaysWhatBecameOfEachEvent() async throws {
        try await Desk.open { desk in
            let body = #"{"events":[\#(Self.good),\#(Self.bad),\#(Self.good)]}"#
            let answer = try await desk.ask(.post, "/batch", body)
            #expect(answer.status == 200)
            #expect(
                answer.text == #"{"data":{"accepted":1,"duplicates":1,"conflicts":0,"#
                    + #""rejected":[{"index":1,"error":"event is missing"}],"late":[]},"params":{}}"#
            )
        }
    }

    @Test func linesAreABatch() async throws {
        try await Desk.open { desk in
            let lines = "\(Self.good)\n\n{\n\(Self.bad)\n"
            let answer = try await desk.ask(
                .post, "/batch", lines, key: Desk.secret, [.contentType: "application/x-ndjson; charset=utf-8"])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.data["accepted"] as? Int == 1)
            #expect((answer.data["rejected"] as? [Any])?.count == 2)
        }
    }

    @Test func aSingleUnusableEventIsRefused() async throws {
        try await Desk.open { desk in
            for path in ["/e", "/events"] {
                let answer = try await desk.ask(.post, path, Self.bad)
                #expect(answer.status == 400)
                #expect(answer.error == "event is missing")
            }
        }
    }

    @Test func identifyMakesUserCompanyAndMembership() async throws {
        try await Desk.open { desk in
            let body =
                #"{"keys":{"user_id":"w"},"name":"Wile","company":{"keys":{"id":"a"},"traits":{"seats":3}}}"#
            let answer = try await desk.ask(.post, "/batch", #"{"events":[{"type":"identify","body":\#(body)}]}"#)
            #expect(answer.data["accepted"] as? Int == 1, "\(answer.text)")
            let user = try await desk.ask(.get, "/users/lookup?keys[user_id]=w")
            #expect(user.data["name"] as? String == "Wile")
            #expect((user.data["company_memberships"] as? [Any])?.count == 1)
            let refused = try await desk.ask(.post, "/e", #"{"type":"identify","body":{"keys":{"user_id":7}}}"#)
            #expect(refused.error == "body.keys must be an object in which every value is a string, not an object")
        }
    }

    @Test(arguments: [("", 400), ("{", 400), ("null", 400), ("\"x\"", 400), ("[]", 200), (#"{"events":[]}"#, 200)])
    func bodiesThatAreNoBatchAreRefused(_ body: String, _ status: Int) async throws {
        try await Desk.open { desk in
            let answer = try await desk.ask(.post, "/batch", body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(status == 200 || answer.error != nil)
        }
    }
}

import Foundation
import HTTPTypes
import Testing

@testable import API

@Suite struct AnswerTests {
    @Test func refusalsHaveTheirStatusAndSentence() async throws {
        let table: [(HTTPRequest.Method, String, String?, Int, String)] = [
            (.get, "/nothing", nil, 404, "GET /nothing is not an endpoint of this release"),
            (.patch, "/plans", "{}", 404, "PATCH /plans is not an endpoint of this release"),
            (.get, "/companies/comp_1", nil, 404, "there is no company \"comp_1\""),
            (.get, "/companies/comp_TtB2vNQeAsn", nil, 404, "there is no company \"comp_TtB2vNQeAsn\""),
            (.delete, "/plans/version/x%2Fy", nil, 404, "there is no plan version \"x/y\""),
            (.get, "/companies/lookup", nil, 400, "the query parameter keys[name]=value is missing"),
            (.get, "/companies/lookup?keys[id]=none", nil, 404, "there is no company with the keys id=\"none\""),
            (.post, "/companies", "", 400, "keys is missing"),
            (.post, "/companies", "null", 400, "the body must be a JSON object, not null"),
            (.post, "/companies", "[]", 400, "the body must be a JSON object, not a list"),
            (
                .post, "/plans", #"{"name":"Pro","plan_type":"gold"}"#, 400,
                "plan_type must be one of plan, add_on, not \"gold\""
            ),
            (
                .post, "/manage-plan", #"{"company_id":"comp_TtB2vNQeAsn","paid_outside_stripe":true}"#, 400,
                "paid_outside_stripe is not part of this release"
            ),
            (.post, "/flags/none/check", "{}", 404, "flag \"none\" does not exist"),
            (
                .post, "/flags/none/check", #"{"preflight":{"usage":-1}}"#, 400, "preflight usage cannot be negative"
            ),
            (
                .get, "/feature-usage", nil, 400,
                "the query must name a company by company_id or company_keys[name]=value"
            ),
            (.get, "/plan-groups", nil, 404, "this environment has no plan group"),
            (
                .put, "/test-clock", #"{"now":"today"}"#, 400,
                "now must be an RFC 3339 date and time such as 2026-08-01T00:00:00Z, not \"today\""
            ),
        ]
        try await Desk.open { desk in
            for (method, path, body, status, sentence) in table {
                let answer = try await desk.ask(method, path, body)
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
                #expect(answer.error == sentence)
                #expect(answer.headers[.contentType] == "application/json")
            }
        }
    }

    @Test func bodiesAreBoundedAndPlain() async throws {
        try await Desk.open { desk in
            let large = #"{"keys":{"id":"\#(String(repeating: "x", count: 1 << 20))"}}"#
            let answer = try await desk.ask(.post, "/companies", large)
            #expect(answer.status == 413)
            #expect(answer.error == "the body is larger than 1048576 bytes")
            let events = try await desk.ask(.post, "/batch", String(repeating: " ", count: BodyLimit.events + 1))
            #expect(events.status == 413)
            #expect(events.error == "the body is larger than 16777216 bytes")
            for path in ["/companies", "/batch"] {
                let zipped = try await desk.ask(.post, path, "{}", [.contentEncoding: "gzip"])
                #expect(zipped.status == 415)
            }
        }
    }

    @Test func paramsEchoPathQueryAndBody() async throws {
        try await Desk.open { desk in
            let made = try await desk.ask(
                .post, "/companies", #"{"keys":{"id":"acme"},"traits":{"rate":1.50},"name":null}"#)
            #expect(made.text.hasSuffix(#""params":{"keys":{"id":"acme"},"name":null,"traits":{"rate":1.50}}}"#))
            let one = try await desk.ask(.get, "/companies/\(made.id)?x=1")
            #expect(one.text.hasSuffix(#""params":{"company_id":"\#(made.id)"}}"#))
            let list = try await desk.ask(.get, "/companies?ids=\(made.id)&limit=3&with_subscription=false&other=1")
            #expect(
                list.text.hasSuffix(
                    #""params":{"ids":["\#(made.id)"],"limit":3,"offset":0,"with_subscription":false}}"#))
        }
    }

    @Test func traitsKeepTheirDigits() async throws {
        try await Desk.open { desk in
            let traits = #"{"big":123456789012345678901234567890,"nested":{"a":[1,null,"é\n"]},"small":0.1000}"#
            let made = try await desk.ask(.post, "/companies", #"{"keys":{"id":"acme"},"traits":\#(traits)}"#)
            #expect(made.text.contains(#""traits":\#(traits)"#), "\(made.text)")
        }
    }

    @Test func metricsCountByRouteAndStatus() async throws {
        try await Desk.open { desk in
            try await desk.ask(.get, "/companies/comp_1")
            try await desk.ask(.get, "/companies/comp_2")
            try await desk.ask(.get, "/\(UUID().uuidString)")
            let text = try await desk.ask(.get, "/metrics", key: nil).text
            let count =
                #"tollgate_http_request_seconds_count{method="GET",route="/companies/{company_id}",status="404"} 2"#
            #expect(text.contains(count), "\(text)")
            #expect(
                text.contains(#"tollgate_http_request_seconds_count{method="any",route="NotFound",status="404"} 1"#))
            #expect(text.contains("# TYPE tollgate_commit_seconds histogram\n"))
            #expect(text.contains("tollgate_commit_bytes_count "))
            #expect(text.contains("\ntollgate_due_items 0\n"))
        }
    }
}

extension Desk {
    fileprivate func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: String, _ headers: HTTPFields
    ) async throws -> Answer {
        try await ask(method, path, body, key: Desk.secret, headers)
    }
}

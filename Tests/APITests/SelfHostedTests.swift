import HTTPTypes
import Testing

@testable import API

@Suite struct SelfHostedTests {
    @Test func whatBelongsToTheVendorsServiceIsAnsweredAsItIsHere() async throws {
        let off = #"{"tool_events_enabled":false}"#
        try await Desk.open { desk in
            let own = try await desk.ask(.get, "/whoami").data["environment_id"] as? String ?? ""
            let table: [(HTTPRequest.Method, String, String?, Int)] = [
                (.get, "/account-members", nil, 200),
                (.get, "/account-members?role=admin&q=x&ids=a&limit=1", nil, 200),
                (.get, "/account-members?role=owner", nil, 400),
                (.get, "/account-members?limit=0", nil, 400),
                (.get, "/account-members/count", nil, 200),
                (.get, "/account-members/x", nil, 404),
                (.get, "/onboarding-state", nil, 200),
                (.post, "/onboarding-state", "{}", 400),
                (.post, "/quickstart", nil, 400),
                (.get, "/segment-integration", nil, 200),
                (.get, "/otlp/settings", nil, 200),
                (.post, "/otlp/settings", "{}", 400),
                (.post, "/otlp/settings", off, 200),
                (.post, "/otlp/settings", #"{"tool_events_enabled":true}"#, 400),
                (.post, "/otlp/settings", #"{"tool_events_enabled":false,"company_key":"id"}"#, 400),
                (.delete, "/otlp/settings", nil, 404),
                (.delete, "/environments/\(own)", nil, 422),
                (.delete, "/environments/env_11111111111", nil, 404),
            ]
            for (method, path, body, status) in table {
                let answer = try await desk.ask(method, path, body)
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
                #expect((answer.error == nil) == (status == 200), "\(answer.text)")
            }
            #expect(try await desk.ask(.get, "/account-members/count").data["count"] as? Int == 0)
            #expect(try await desk.ask(.get, "/segment-integration").data["connected"] as? Bool == false)
            #expect(try await desk.ask(.get, "/otlp/settings").data["tool_events_enabled"] as? Bool == false)
        }
    }
}

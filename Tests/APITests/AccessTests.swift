import HTTPTypes
import Testing

@testable import API

@Suite struct AccessTests {
    @Test func keysDecideWhatMayBeDone() async throws {
        // endpoint, and the statuses for: no key, an unknown one, a publishable, a readonly, a secret one
        let table: [(HTTPRequest.Method, String, String?, [Int])] = [
            (.get, "/companies", nil, [401, 401, 403, 200, 200]),
            (.get, "/companies/count", nil, [401, 401, 403, 200, 200]),
            (.post, "/companies", #"{"keys":{"id":"acme"}}"#, [401, 401, 403, 403, 200]),
            (.post, "/flags/none/check", "{}", [401, 401, 404, 404, 404]),
            (.post, "/flags/check", "{}", [401, 401, 201, 201, 201]),
            (.post, "/flags/check-bulk", #"{"contexts":[{}]}"#, [401, 401, 201, 201, 201]),
            (.post, "/batch", #"{"events":[]}"#, [401, 401, 200, 200, 200]),
            (.post, "/events", #"{"event_type":"track","body":{"event":"x"}}"#, [401, 401, 201, 400, 201]),
            (.post, "/event-batch", #"{"events":[]}"#, [401, 401, 403, 403, 201]),
            (.post, "/usage/consume", #"{"company":{"id":"a"},"event":"x"}"#, [401, 401, 403, 403, 404]),
            (.post, "/usage/reserve", #"{"company":{"id":"a"},"event":"x","quantity":1}"#, [401, 401, 403, 403, 404]),
            (.put, "/usage/reservations/hold_1/commit", #"{"quantity":1}"#, [401, 401, 403, 403, 404]),
            (.put, "/usage/reservations/hold_1/release", nil, [401, 401, 403, 403, 404]),
            (.get, "/usage/reservations/hold_1", nil, [401, 401, 403, 404, 404]),
            (.get, "/whoami", nil, [401, 401, 403, 200, 200]),
            (.get, "/nothing", nil, [404, 404, 404, 404, 404]),
            (.get, "/health", nil, [200, 200, 200, 200, 200]),
            (.get, "/ready", nil, [200, 200, 200, 200, 200]),
            (.get, "/metrics", nil, [200, 200, 200, 200, 200]),
        ]
        let keys: [String?] = [nil, "sch_dev_unknown", Desk.publishable, Desk.readonly, Desk.secret]
        try await Desk.open { desk in
            for (method, path, body, statuses) in table {
                for (key, status) in zip(keys, statuses) {
                    let answer = try await desk.ask(method, path, body, key: key)
                    #expect(answer.status == status, "\(method) \(path) with \(key ?? "no key"): \(answer.text)")
                }
            }
        }
    }

    @Test func keysComeInEitherHeaderOrInTheEvent() async throws {
        try await Desk.open { desk in
            let bearer: HTTPFields = [.authorization: "Bearer \(Desk.secret)"]
            #expect(try await desk.ask(.get, "/whoami", key: nil, bearer).status == 200)
            let basic: HTTPFields = [.authorization: "Basic \(Desk.secret)"]
            #expect(try await desk.ask(.get, "/whoami", key: nil, basic).status == 401)

            let event = #"{"api_key":"\#(Desk.publishable)","type":"track","body":{"event":"x","company":{"id":"a"}}}"#
            #expect(try await desk.ask(.post, "/e", event, key: nil).status == 200)
            #expect(try await desk.ask(.post, "/batch", #"{"events":[\#(event),\#(event)]}"#, key: nil).status == 200)
            let other = #"{"api_key":"sch_other","type":"track","body":{"event":"x"}}"#
            let mixed = try await desk.ask(.post, "/batch", #"{"events":[\#(event),\#(other)]}"#, key: nil)
            #expect(mixed.status == 401)
            #expect(mixed.error == "the events of one request must carry the same api_key")
        }
    }

    @Test func anotherEnvironmentIsForbidden() async throws {
        try await Desk.open { desk in
            let own = try await desk.ask(.get, "/whoami").data["environment_id"] as? String ?? ""
            #expect(try await desk.ask(.get, "/plans", [.environmentID: own]).status == 200)
            let answer = try await desk.ask(.get, "/plans", [.environmentID: "env_other"])
            #expect(answer.status == 403)
            #expect(answer.error == "this key belongs to environment \(own), not to \"env_other\"")
        }
    }

    @Test func browsersMayAskFromAnywhere() async throws {
        try await Desk.open { desk in
            for path in ["/e", "/batch", "/flags/check", "/flags/a/check"] {
                let preflight = try await desk.ask(
                    .options, path, key: nil, [.accessControlRequestHeaders: "content-type,x-schematic-api-key"])
                #expect(preflight.status == 204)
                #expect(preflight.headers[.accessControlAllowOrigin] == "*")
                #expect(preflight.headers[.accessControlAllowHeaders] == "content-type,x-schematic-api-key")
                #expect(try await desk.ask(.post, path, "{", key: nil).headers[.accessControlAllowOrigin] == "*")
            }
            #expect(try await desk.ask(.options, "/companies", key: nil).status == 404)
            let reading: HTTPFields = [.accessControlRequestMethod: "GET"]
            #expect(try await desk.ask(.options, "/companies/x", key: nil, reading).status == 204)
            let changing: HTTPFields = [.accessControlRequestMethod: "DELETE"]
            #expect(try await desk.ask(.options, "/companies/x", key: nil, changing).status == 404)
            let withToken = try await desk.ask(.get, "/companies/x", key: "token_x")
            #expect(withToken.status == 401 && withToken.headers[.accessControlAllowOrigin] == "*")
            #expect(try await desk.ask(.get, "/companies").headers[.accessControlAllowOrigin] == nil)
        }
    }
}

extension Desk {
    fileprivate func ask(_ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields) async throws -> Answer {
        try await ask(method, path, nil, key: Desk.secret, headers)
    }
}

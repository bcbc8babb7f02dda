extension Scenario {
    /// One event a request, durable before the answer.
    static let singleEvents = Scenario(
        name: "single events", unit: "events",
        contenders: [
            Contender(name: "Tollgate", work: SingleEvents.tollgate),
            Contender(name: "Redis INCRBY", isInstalled: RedisServer.program != nil, work: SingleEvents.redis),
        ],
        goals: [Goal(figure: .perSecond, contender: "Tollgate", over: "Redis INCRBY", bound: .atLeast(0.5))])
}

/// 64 connections, each of which waits for its answer. Redis only adds; Tollgate also deduplicates.
private enum SingleEvents {
    static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        let event =
            #"{"event_type":"track","idempotency_key":"\#(RequestTemplate.Place.key)","body":"#
            + #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"event":"calls","#
            + #""quantity":\#(RequestTemplate.Place.quantity)}}"#
        let template = RequestTemplate(HTTPWire.post("/events", body: event))
        return try await BenchStore.with(companies: companies) { store in
            try await store.serve(
                HTTPWire(expecting: #""accepted":1,"#),
                LoadClient.many(sizes.connections(64), template, companies: companies),
                sizes.load, companies: companies)
        }
    }

    static func redis(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        let template = RequestTemplate(
            RESPWire.command("INCRBY", "calls:" + RequestTemplate.Place.company, RequestTemplate.Place.quantity))
        return try await RedisServer.with { server in
            try await server.serve(
                LoadClient.many(sizes.connections(64), template, companies: companies), sizes, companies: companies)
        }
    }
}

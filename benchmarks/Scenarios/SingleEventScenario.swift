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
    static let connections = 64

    static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await BenchStore.with(companies: companies) { store in
            let template = RequestTemplate(
                HTTPWire.post(
                    "/events",
                    body: #"{"event_type":"track","idempotency_key":"\#(RequestTemplate.Place.key)","body":"#
                        + #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"event":"calls","#
                        + #""quantity":\#(RequestTemplate.Place.quantity)}}"#))
            let load = try await TollgateServer.with(store) { server in
                try await Load.run(
                    HTTPWire(expecting: #""accepted":1,"#), clients(template, companies), port: server.port, sizes.load)
            }
            try BenchFailure.require(try await store.usage(of: companies), is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    static func redis(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await RedisServer.with { server in
            let template = RequestTemplate(
                RESPWire.command(
                    "INCRBY", "calls:" + RequestTemplate.Place.company, RequestTemplate.Place.quantity))
            let load = try await Load.run(RESPWire(), clients(template, companies), port: server.port, sizes.load)
            try BenchFailure.require(try server.usage(of: companies), is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    private static func clients(_ template: RequestTemplate, _ companies: Int) -> [LoadClient] {
        (0..<connections).map {
            LoadClient(template: template, stream: OperationStream(client: $0, companies: companies))
        }
    }
}

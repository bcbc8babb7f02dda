extension Scenario {
    static let consumeOne = consume("consumes of one company", companies: 1)
    static let consumeMany = consume("consumes of 10,000 companies", companies: 10_000)

    /// Looks at the limit and counts, in one durable step.
    private static func consume(_ name: String, companies: Int) -> Scenario {
        Scenario(
            name: name, unit: "consumes",
            contenders: [
                Contender(name: "Tollgate") { try await Consumes.tollgate($0, companies: $0.scaled(companies)) },
                Contender(name: "Redis", isInstalled: RedisServer.program != nil) {
                    try await Consumes.redis($0, companies: $0.scaled(companies))
                },
            ],
            goals: [Goal(figure: .perSecond, contender: "Tollgate", over: "Redis", bound: .atLeast(0.5))])
    }
}

/// 64 connections, each of which waits for its answer. All is allowed, so that everything asked for is written.
private enum Consumes {
    static func tollgate(_ sizes: Sizes, companies: Int) async throws -> Measurement {
        let consume =
            #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"feature":"calls","#
            + #""quantity":\#(RequestTemplate.Place.quantity)}"#
        let template = RequestTemplate(HTTPWire.post("/usage/consume", body: consume))
        return try await BenchStore.with(companies: companies) { store in
            try await store.serve(
                HTTPWire(expecting: #""allowed":true"#),
                LoadClient.many(sizes.connections(64), template, companies: companies),
                sizes.load, companies: companies)
        }
    }

    static func redis(_ sizes: Sizes, companies: Int) async throws -> Measurement {
        try await RedisServer.with { server in
            let script = """
                local usage = tonumber(redis.call('GET', KEYS[1]) or '0')
                if usage + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return redis.error_reply('limit') end
                return redis.call('INCRBY', KEYS[1], ARGV[1])
                """
            let template = RequestTemplate(
                RESPWire.command(
                    "EVALSHA", try server.ask("SCRIPT", "LOAD", script), "1",
                    "calls:" + RequestTemplate.Place.company, RequestTemplate.Place.quantity, "\(BenchStore.limit)"))
            return try await server.serve(
                LoadClient.many(sizes.connections(64), template, companies: companies), sizes, companies: companies)
        }
    }
}

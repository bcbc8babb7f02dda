extension Scenario {
    static let consumeOne = consume("consumes of one company", companies: 1)
    static let consumeMany = consume("consumes of 10,000 companies", companies: 10_000)

    /// Looks at the limit and counts, in one durable step.
    private static func consume(_ name: String, companies: Int) -> Scenario {
        Scenario(
            name: name, unit: "consumes",
            contenders: [
                Contender(name: "Tollgate") { try await Consumes.tollgate(sizes: $0, companies: companies) },
                Contender(name: "Redis", isInstalled: RedisServer.program != nil) {
                    try await Consumes.redis(sizes: $0, companies: companies)
                },
            ],
            goals: [Goal(figure: .perSecond, contender: "Tollgate", over: "Redis", bound: .atLeast(0.5))])
    }
}

/// 64 connections, each of which waits for its answer. All is allowed, so that everything asked for is written.
private enum Consumes {
    static let connections = 64

    static func tollgate(sizes: Sizes, companies: Int) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await BenchStore.with(companies: companies) { store in
            let template = RequestTemplate(
                HTTPWire.post(
                    "/usage/consume",
                    body: #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"feature":"calls","#
                        + #""quantity":\#(RequestTemplate.Place.quantity)}"#))
            let load = try await TollgateServer.with(store) { server in
                try await Load.run(
                    HTTPWire(expecting: #""allowed":true"#), clients(template, companies), port: server.port,
                    sizes.load)
            }
            try BenchFailure.require(try await store.usage(of: companies), is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    static func redis(sizes: Sizes, companies: Int) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await RedisServer.with { server in
            let script = """
                local usage = tonumber(redis.call('GET', KEYS[1]) or '0')
                if usage + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return redis.error_reply('limit') end
                return redis.call('INCRBY', KEYS[1], ARGV[1])
                """
            let name = try server.ask("SCRIPT", "LOAD", script)
            let template = RequestTemplate(
                RESPWire.command(
                    "EVALSHA", name, "1", "calls:" + RequestTemplate.Place.company, RequestTemplate.Place.quantity,
                    "\(BenchStore.limit)"))
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

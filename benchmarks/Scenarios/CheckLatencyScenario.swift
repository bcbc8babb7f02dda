extension Scenario {
    /// How long one check takes on one connection, beside the least that a web server can do.
    static let checkLatency = Scenario(
        name: "check, one connection", unit: "checks",
        contenders: [
            Contender(name: "Tollgate", work: Checks.tollgate),
            Contender(name: "nginx", isInstalled: NginxServer.program != nil, work: Checks.nginx),
        ],
        goals: [Goal(figure: .p50Micros, contender: "Tollgate", over: "nginx", bound: .atMost(2.5))])
}

/// Checks of a numeric entitlement, of random companies.
enum Checks {
    /// Client and server have one core between them.
    private static let core = 0

    fileprivate static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await BenchStore.with(companies: companies) { store in
            try await Affinity.pinned(to: core) {
                try await TollgateServer.with(store) { server in
                    try await ask(server.port, companies, sizes)
                }
            }
        }
    }

    /// The same request is answered with the same bytes, but without a thought.
    fileprivate static func nginx(_ sizes: Sizes) async throws -> Measurement {
        let answer = try await BenchStore.with(companies: 1) { store in
            try await TollgateServer.with(store) { server in
                try server.ask("/flags/calls/check", #"{"company":{"id":"\#(BenchStore.company(0))"}}"#)
            }
        }
        return try await Affinity.pinned(to: core) {
            try await NginxServer.with(answering: answer) { server in
                try await ask(server.port, sizes.scaled(Batches.companies), sizes)
            }
        }
    }

    private static func ask(_ port: Int, _ companies: Int, _ sizes: Sizes) async throws -> Measurement {
        let load = try await Load.run(
            HTTPWire(expecting: expected), clients(companies, connections: 1), port: port, sizes.load)
        return Measurement(load, proof: "\(load.operationsSent) times true")
    }

    static let expected = #""value":true"#

    static func clients(_ companies: Int, connections: Int) -> [LoadClient] {
        let template = RequestTemplate(
            HTTPWire.post(
                "/flags/calls/check", body: #"{"company":{"id":"c\#(RequestTemplate.Place.company)"}}"#))
        return (0..<connections).map {
            LoadClient(template: template, stream: OperationStream(client: $0, companies: companies))
        }
    }
}

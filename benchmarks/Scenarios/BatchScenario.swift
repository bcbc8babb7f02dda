extension Scenario {
    /// Batches of deduplicated events, durable before the answer.
    static let batches = Scenario(
        name: "batches of 1,000 events", unit: "events",
        contenders: [
            Contender(name: "Tollgate") { try await Batches.tollgate(companies: Batches.companies, $0) },
            Contender(name: "Redis", isInstalled: RedisServer.program != nil, work: Batches.redis),
            Contender(name: "PostgreSQL", isInstalled: PostgresServer.programs != nil, work: Batches.postgres),
        ],
        goals: [
            Goal(figure: .perSecond, contender: "Tollgate", over: "Redis", bound: .atLeast(12)),
            Goal(figure: .perSecond, contender: "Tollgate", over: "PostgreSQL", bound: .atLeast(12)),
        ])
}

/// The same events in each one's own best form: a random company of 10,000, a key never seen before, 1 to 7 units.
enum Batches {
    static let companies = 10_000
    static let connections = 8
    private static let batch = 1_000

    static func tollgate(companies: Int, _ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await BenchStore.with(companies: companies) { store in
            let load = try await TollgateServer.with(store) { server in
                try await Load.run(
                    HTTPWire(expecting: #""accepted":\#(batch),"#), clients(companies), port: server.port, sizes.load)
            }
            try BenchFailure.require(try await store.usage(of: companies), is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    /// - Parameter client: of the first connection; the others follow it.
    static func clients(_ companies: Int, from client: Int = 0, connections: Int = connections) -> [LoadClient] {
        let event =
            #"{"type":"track","idempotency_key":"\#(RequestTemplate.Place.key)","body":"#
            + #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"event":"calls","#
            + #""quantity":\#(RequestTemplate.Place.quantity)}}"#
        let events = [String](repeating: event, count: batch).joined(separator: ",")
        let template = RequestTemplate(
            HTTPWire.post("/batch", body: #"{"events":[\#(events)]}"#), operations: batch)
        return (0..<connections).map {
            LoadClient(template: template, stream: OperationStream(client: client + $0, companies: companies))
        }
    }

    static func redis(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        let depth = 100
        return try await RedisServer.with { server in
            let script = """
                if redis.call('SET', KEYS[1], '', 'NX', 'EX', 86400) then
                    return redis.call('INCRBY', KEYS[2], ARGV[1])
                end
                return 0
                """
            let name = try server.ask("SCRIPT", "LOAD", script)
            let event = RESPWire.command(
                "EVALSHA", name, "2", RequestTemplate.Place.key, "calls:" + RequestTemplate.Place.company,
                RequestTemplate.Place.quantity)
            let template = RequestTemplate(
                String(repeating: event, count: depth), operations: depth, answers: depth)
            let clients = (0..<50).map {
                LoadClient(template: template, stream: OperationStream(client: $0, companies: companies))
            }
            let load = try await Load.run(RESPWire(), clients, port: server.port, sizes.load)
            try BenchFailure.require(try server.usage(of: companies), is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    /// One statement is one transaction. Counters are locked in their order, so that no two transactions wait for each
    /// other in a circle.
    static func postgres(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await PostgresServer.with { server in
            try server.ask(
                """
                CREATE TABLE seen (key text PRIMARY KEY, company int NOT NULL, quantity bigint NOT NULL);
                CREATE TABLE counters (company int PRIMARY KEY, usage bigint NOT NULL);
                """)
            let load = try await Load.run(
                PostgresWire(),
                (0..<connections).map {
                    LoadClient(
                        template: postgresTemplate, stream: OperationStream(client: $0, companies: companies))
                }, port: server.port, sizes.load)
            let usage = Int64(try server.ask("SELECT sum(usage) FROM counters"))
            try BenchFailure.require(usage, is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    private static let postgresTemplate: RequestTemplate = {
        func array(of place: String) -> String {
            "'{" + [String](repeating: place, count: batch).joined(separator: ",") + "}'"
        }
        return RequestTemplate(
            PostgresWire.query(
                """
                WITH new AS (
                    INSERT INTO seen
                    SELECT * FROM unnest(\(array(of: RequestTemplate.Place.key))::text[],
                        \(array(of: RequestTemplate.Place.company))::int[],
                        \(array(of: RequestTemplate.Place.quantity))::bigint[])
                    ON CONFLICT DO NOTHING RETURNING company, quantity)
                INSERT INTO counters SELECT company, sum(quantity) FROM new GROUP BY company ORDER BY company
                ON CONFLICT (company) DO UPDATE SET usage = counters.usage + excluded.usage
                """), operations: batch, answers: 1)
    }()
}

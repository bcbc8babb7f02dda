extension Scenario {
    /// Batches of deduplicated events, durable before the answer.
    static let batches = Scenario(
        name: "batches of 1,000 events", unit: "events",
        contenders: [
            Contender(name: "Tollgate") { try await Batches.tollgate($0, companies: Batches.companies) },
            Contender(name: "Redis", isInstalled: RedisServer.program != nil, work: Batches.redis),
            Contender(name: "PostgreSQL", isInstalled: PostgresServer.programs != nil, work: Batches.postgres),
        ],
        goals: [
            Goal(figure: .perSecond, contender: "Tollgate", over: "Redis", bound: .atLeast(12)),
            Goal(figure: .perSecond, contender: "Tollgate", over: "PostgreSQL", bound: .atLeast(12)),
        ])

    /// What a thousand times as many companies cost, once each of them has been met: what the first event of a company
    /// costs is a figure of its own.
    static let companies = Scenario(
        name: "batches, many companies", unit: "events",
        contenders: [1_000, 1_000_000].map { companies in
            Contender(name: "\(Table.number(Double(companies))) companies") {
                try await Batches.tollgate($0, companies: companies, meetsAll: true)
            }
        },
        goals: [
            Goal(figure: .perSecond, contender: "1,000 companies", over: "1,000,000 companies", bound: .atMost(1.5))
        ])

    /// What a hundred times as many keys in the dedupe window cost.
    static let keys = Scenario(
        name: "batches, many keys", unit: "events",
        contenders: [1_000_000, 100_000_000].map { keys in
            Contender(name: "\(Table.number(Double(keys))) keys") {
                try await Batches.tollgate($0, companies: Batches.companies, keys: $0.scaled(keys))
            }
        },
        goals: [Goal(figure: .perSecond, contender: "1,000,000 keys", over: "100,000,000 keys", bound: .atMost(1.5))],
        rounds: 1, isLong: true)

    /// What HTTP and JSON cost.
    static let inProcess = Scenario(
        name: "batches in process", unit: "events",
        contenders: [
            Contender(name: "in process", work: Batches.inProcess),
            Contender(name: "HTTP") { try await Batches.tollgate($0, companies: Batches.companies) },
        ], goals: [Goal(figure: .perSecond, contender: "in process", over: "HTTP", bound: .atLeast(2))])
}

/// The same events in each one's own best form: a random company of 10,000, a key never seen before, 1 to 7 units.
enum Batches {
    static let companies = 10_000
    static let size = 1_000
    static let connections = 8
    static let wire = HTTPWire(expecting: #""accepted":\#(size),"#)

    /// - Parameters:
    ///   - keys: how many there are in the dedupe window before.
    ///   - meetsAll: whether each company has had an event before the clock starts.
    fileprivate static func tollgate(
        _ sizes: Sizes, companies: Int, keys: Int = 0, meetsAll: Bool = false
    ) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await BenchStore.with(companies: companies) { store in
            let before = try await store.open { try await Ingest.fill($0, events: keys, companies: companies) }
            let (first, load) = try await TollgateServer.with(store) { server in
                let first = meetsAll ? try await meetAll(companies, sizes, server) : nil
                return (first, try await Load.run(wire, clients(companies, sizes), port: server.port, sizes.load))
            }
            let units = before + (first?.unitsSent ?? 0) + load.unitsSent
            try await store.requireUsage(units, of: companies)
            var measurement = Measurement(load, proof: "usage \(units)")
            measurement.figures[.firstPerSecond] = first?.perSecond
            return measurement
        }
    }

    /// Sends each company an event, in their order.
    private static func meetAll(_ companies: Int, _ sizes: Sizes, _ server: TollgateServer) async throws -> LoadResult {
        var clients = clients(companies, sizes)
        let share = (companies + clients.count - 1) / clients.count
        for index in clients.indices {
            clients[index].stream = OperationStream(
                client: 1_000 + index, companies: companies, inOrderFrom: index * share)
        }
        let plan = LoadPlan(
            warmUp: .zero, duration: .seconds(3_600), requestsPerConnection: (share + size - 1) / size)
        return try await Load.run(wire, clients, port: server.port, plan)
    }

    /// - Parameter features: those whose events take turns in a batch.
    static func clients(_ companies: Int, _ sizes: Sizes, features: [String] = ["calls"]) -> [LoadClient] {
        // Of the same length, so that places are at the same distance.
        let longest = features.map(\.count).max()!
        let events = (0..<size).map { index in
            let feature = features[index % features.count]
            return #"{"type":"track","idempotency_key":"\#(RequestTemplate.Place.key)","body":"#
                + #"{"company":{"id":"c\#(RequestTemplate.Place.company)"},"event":"\#(feature)","#
                + String(repeating: " ", count: longest - feature.count)
                + #""quantity":\#(RequestTemplate.Place.quantity)}}"#
        }.joined(separator: ",")
        let template = RequestTemplate(HTTPWire.post("/batch", body: #"{"events":[\#(events)]}"#), operations: size)
        return LoadClient.many(sizes.connections(connections), template, companies: companies)
    }

    fileprivate static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await BenchStore.with(companies: companies) { store in
            let (load, units) = try await store.open { store in
                let events = Ingest.events(sizes.scaled(3_000_000), companies: companies, callers: connections)
                return (try await Ingest.run(events, in: store), events.units)
            }
            try await store.requireUsage(units, of: companies)
            return Measurement([.perSecond: load], proof: "usage \(units)")
        }
    }

    fileprivate static func redis(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        let depth = 100
        return try await RedisServer.with { server in
            let script = """
                if redis.call('SET', KEYS[1], '', 'NX', 'EX', 86400) then
                    return redis.call('INCRBY', KEYS[2], ARGV[1])
                end
                return 0
                """
            let event = RESPWire.command(
                "EVALSHA", try server.ask("SCRIPT", "LOAD", script), "2", RequestTemplate.Place.key,
                "calls:" + RequestTemplate.Place.company, RequestTemplate.Place.quantity)
            let template = RequestTemplate(String(repeating: event, count: depth), operations: depth, answers: depth)
            return try await server.serve(
                LoadClient.many(sizes.connections(50), template, companies: companies), sizes, companies: companies)
        }
    }

    /// One statement is one transaction. Counters are locked in their order, so that no two transactions wait for each
    /// other in a circle.
    fileprivate static func postgres(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await PostgresServer.with { server in
            try server.ask(
                """
                CREATE TABLE seen (key text PRIMARY KEY, company int NOT NULL, quantity bigint NOT NULL);
                CREATE TABLE counters (company int PRIMARY KEY, usage bigint NOT NULL);
                """)
            // Two for each core: with 8 it did a third less than with 4, with 16 half.
            let clients = LoadClient.many(sizes.connections(4), postgresTemplate, companies: companies)
            let load = try await Load.run(PostgresWire(), clients, port: server.port, sizes.load)
            let usage = Int64(try server.ask("SELECT sum(usage) FROM counters"))
            try BenchFailure.require(usage, is: load.unitsSent, "the usage counted")
            return Measurement(load, proof: "usage \(load.unitsSent)")
        }
    }

    private static let postgresTemplate: RequestTemplate = {
        func array(of place: String) -> String {
            "'{" + [String](repeating: place, count: size).joined(separator: ",") + "}'"
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
                """), operations: size, answers: 1)
    }()
}

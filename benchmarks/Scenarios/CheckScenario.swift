internal import Glibc
internal import Tollgate

extension Scenario {
    /// How long one check takes on one connection, beside the least that a web server can do.
    static let checkLatency = Scenario(
        name: "check, one connection", unit: "checks",
        contenders: [
            Contender(name: "Tollgate", work: Checks.tollgate),
            Contender(name: "nginx", isInstalled: NginxServer.program != nil, work: Checks.nginx),
        ],
        goals: [Goal(figure: .p50Micros, contender: "Tollgate", over: "nginx", bound: .atMost(2.5))])

    /// How long checks take while events come in.
    static let checksBesideIngest = Scenario(
        name: "checks, 64 connections", unit: "checks",
        contenders: [
            Contender(name: "alone") { try await Checks.many($0, besideBatchesPerSecond: nil) },
            Contender(name: "beside ingest") { try await Checks.many($0, besideBatchesPerSecond: 200) },
        ],
        goals: [
            Goal(figure: .p99Micros, contender: "beside ingest", over: "alone", bound: .atMost(4)),
            Goal(figure: .p99Micros, contender: "beside ingest", bound: .atMost(5_000)),
            // Otherwise the latency is that of less work. A batch of the 200 a second may fall beside the window.
            Goal(figure: .besidePerSecond, contender: "beside ingest", bound: .atLeast(199_000)),
        ])

    /// How long a check takes without a network.
    static let checkInProcess = Scenario(
        name: "check in process", unit: "checks",
        contenders: [Contender(name: "Tollgate", work: Checks.inProcess)],
        goals: [
            Goal(figure: .p50Micros, contender: "Tollgate", bound: .atMost(0.5)),
            Goal(figure: .p99Micros, contender: "Tollgate", bound: .atMost(2)),
        ])
}

/// Checks of a numeric entitlement, of random companies.
enum Checks {
    /// Client and server have one core between them.
    private static let core = 0
    private static let flag = "calls"

    fileprivate static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await BenchStore.with(companies: companies) { store in
            try await oneConnection(to: store, flag: flag, companies, sizes)
        }
    }

    static func oneConnection(
        to store: BenchStore, flag: String, _ companies: Int, _ sizes: Sizes
    ) async throws -> Measurement {
        try await Affinity.pinned(to: core) {
            try await TollgateServer.with(store) { server in
                Measurement(try await load(server.port, flag, companies, connections: 1, sizes))
            }
        }
    }

    fileprivate static func nginx(_ sizes: Sizes) async throws -> Measurement {
        let answer = try await BenchStore.with(companies: 1) { try await Checks.answer(of: $0, flag: flag) }
        return try await nginx(answering: answer, flag: flag, sizes.scaled(Batches.companies), sizes)
    }

    /// What Tollgate says of the flag.
    static func answer(of store: BenchStore, flag: String) async throws -> String {
        try await TollgateServer.with(store) { server in
            try server.ask("/flags/\(flag)/check", #"{"company":{"id":"\#(BenchStore.company(0))"}}"#)
        }
    }

    /// The same request is answered with the same bytes, but without a thought.
    static func nginx(
        answering answer: String, flag: String, _ companies: Int, _ sizes: Sizes
    ) async throws -> Measurement {
        try await Affinity.pinned(to: core) {
            try await NginxServer.with(answering: answer) { server in
                Measurement(try await load(server.port, flag, companies, connections: 1, sizes))
            }
        }
    }

    /// - Parameter pace: batches of 1,000 events that are sent each second beside the checks.
    fileprivate static func many(_ sizes: Sizes, besideBatchesPerSecond pace: Double?) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await BenchStore.with(companies: companies) { store in
            let (checks, beside) = try await TollgateServer.with(store) { server in
                var plan = sizes.load
                plan.pace = pace
                async let ingest =
                    pace == nil
                    ? nil : Load.run(Batches.wire, Batches.clients(companies, sizes), port: server.port, plan)
                return (
                    try await load(server.port, flag, companies, connections: sizes.connections(64), sizes),
                    try await ingest
                )
            }
            var measurement = Measurement(checks)
            if let beside {
                try await store.requireUsage(beside.unitsSent, of: companies)
                measurement.figures[.besidePerSecond] = beside.perSecond
                measurement.proof += ", usage \(beside.unitsSent)"
            }
            return measurement
        }
    }

    private static func load(
        _ port: Int, _ flag: String, _ companies: Int, connections: Int, _ sizes: Sizes
    ) async throws -> LoadResult {
        let template = RequestTemplate(
            HTTPWire.post("/flags/\(flag)/check", body: #"{"company":{"id":"c\#(RequestTemplate.Place.company)"}}"#))
        return try await Load.run(
            HTTPWire(expecting: #""value":true"#), LoadClient.many(connections, template, companies: companies),
            port: port, sizes.load)
    }

    fileprivate static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(Batches.companies)
        return try await BenchStore.with(companies: companies) { store in
            try await inProcess(store, flags: [flag], companies, sizes)
        }
    }

    /// Each call by itself, less what reading the clock twice takes.
    static func inProcess(
        _ store: BenchStore, flags: [String], _ companies: Int, _ sizes: Sizes
    ) async throws -> Measurement {
        try await store.open { store in
            let names = (0..<companies).map { ["id": BenchStore.company($0)] }
            // The first question about a company reads it from disk.
            for name in names { _ = try store.engine.isOn(flags[0], company: name, in: store.environment) }
            var stream = OperationStream(client: 0, companies: companies)
            var (calls, nothing) = (Histogram(), Histogram())
            let environment = store.environment
            var granted = 0
            for number in 0..<sizes.scaled(2_000_000) {
                let name = names[Int(stream.next().company)]
                let flag = flags[number % flags.count]
                let before = now()
                let isGranted = try store.engine.isOn(flag, company: name, in: environment)
                let after = now()
                calls.record(after - before)
                nothing.record(now() - after)
                if isGranted { granted += 1 }
            }
            try BenchFailure.require(granted, is: stream.count, "granted")
            let clock = nothing.percentile(0.5)!
            let figures = [Figure.p50Micros: 0.5, .p99Micros: 0.99].mapValues { share in
                Double(calls.percentile(share)! - min(clock, calls.percentile(share)!)) / 1_000
            }
            return Measurement(figures, proof: "\(granted) times true")
        }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Measurement {
    /// Of a load of checks, whose answers were looked at one by one.
    fileprivate init(_ checks: LoadResult) {
        self.init(checks, proof: "\(checks.operationsSent) times true")
    }
}

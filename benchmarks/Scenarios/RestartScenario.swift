extension Scenario {
    /// What a full store needs: memory while it works, and time until it serves again after a crash.
    static let restart = Scenario(
        name: "restart and memory", unit: "restarts",
        contenders: [Contender(name: "Tollgate", work: Restart.run)],
        goals: [
            Goal(figure: .seconds, contender: "Tollgate", bound: .atMost(5)),
            Goal(figure: .residentMebibytes, contender: "Tollgate", bound: .atMost(1.2 * 1_024)),
        ], rounds: 1)
}

/// 1,000,000 companies with three counters each, and 20,000,000 keys in the window.
private enum Restart {
    static func run(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(1_000_000)
        let requests = max(1, sizes.scaled(20_000_000) / Batches.size / sizes.connections(Batches.connections))
        return try await BenchStore.with(companies: companies) { store in
            let server = try await TollgateServer(store)
            defer { server.process.kill() }
            let plan = LoadPlan(warmUp: .zero, duration: .seconds(3_600), requestsPerConnection: requests)
            let load = try await Load.run(
                Batches.wire, Batches.clients(companies, sizes, features: BenchStore.features), port: server.port, plan)
            let filled = try server.residentBytes()
            server.process.kill()

            let clock = ContinuousClock()
            let start = clock.now
            let again = try await TollgateServer(store)
            defer { again.process.kill() }
            try again.ask("/flags/calls/check", #"{"company":{"id":"\#(BenchStore.company(1))"}}"#)
            let took = clock.now - start
            let restarted = try again.residentBytes()
            again.process.stop()
            try await store.requireUsage(load.unitsSent, of: companies)
            return Measurement(
                [.seconds: took.inSeconds, .residentMebibytes: Double(max(filled, restarted)) / 1_048_576],
                proof: "usage \(load.unitsSent)")
        }
    }
}

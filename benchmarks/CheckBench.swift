internal import Tollgate

/// "May this company do this now?", one question at a time.
enum CheckBench {
    private static let flags = BenchStore.events + ["limited"]

    private static func companies(_ sizes: Sizes) -> Int { max(10, sizes.companies / 10) }

    static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        let companies = companies(sizes)
        return try await BenchStore.with(companies: companies) { store in
            // The first question about a company reads it from disk.
            for number in 0..<companies {
                _ = try store.engine.isOn(flags[0], company: BenchStore.company(number), in: store.environment)
            }
            var latencies: [Duration] = []
            latencies.reserveCapacity(sizes.checks)
            var granted = 0
            let clock = ContinuousClock()
            let started = clock.now
            for number in 0..<sizes.checks {
                let asked = clock.now
                let company = BenchStore.company(number % companies)
                if try store.engine.isOn(flags[number % flags.count], company: company, in: store.environment) {
                    granted += 1
                }
                latencies.append(clock.now - asked)
            }
            let took = clock.now - started
            try BenchFailure.require(granted, is: sizes.checks, "granted")
            return Measurement(
                "checks in process", "checks", count: sizes.checks, took: took, latencies: latencies,
                proof: "\(granted)")
        }
    }

    static func overHTTP(_ sizes: Sizes) async throws -> Measurement {
        // A request takes two orders of magnitude longer than a call.
        let count = max(1, sizes.checks / 10)
        let companies = companies(sizes)
        return try await BenchStore.with(companies: companies) { store in
            try await BenchServer.with(store) { port in
                let requests = (0..<count).map { number in
                    HTTPRequest.post(
                        "/flags/\(flags[number % flags.count])/check",
                        body: #"{"company":{"id":"c\#(number % companies)"}}"#)
                }
                let load = try await HTTPLoad.run([requests], port: port)
                return Measurement(
                    "checks over HTTP", "checks", count: count, took: load.took, latencies: load.latencies,
                    proof: "\(load.latencies.count)")
            }
        }
    }
}

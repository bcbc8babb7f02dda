internal import Tollgate

/// Check and count in one durable step: 64 callers, half of whose attempts are beyond the limit.
enum ConsumeBench {
    private static let callers = 64

    static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        let companies = max(1, sizes.consumes / (2 * Int(BenchStore.limit)))
        return try await BenchStore.with(companies: companies) { store in
            let clock = ContinuousClock()
            let started = clock.now
            let (allowed, latencies) = try await withThrowingTaskGroup { group in
                for caller in 0..<callers {
                    group.addTask { try await consume(sizes.consumes, of: caller, companies, store) }
                }
                return try await group.reduce(into: (0, [Duration]())) { sum, part in
                    sum.0 += part.0
                    sum.1 += part.1
                }
            }
            let took = clock.now - started
            let expected = (0..<companies).reduce(0) { sum, company in
                sum + min(Int(BenchStore.limit), (sizes.consumes + companies - 1 - company) / companies)
            }
            try BenchFailure.require(allowed, is: expected, "allowed")
            return Measurement(
                "consumes in process", "attempts", count: sizes.consumes, took: took, latencies: latencies,
                proof: "\(allowed) allowed")
        }
    }

    private static func consume(
        _ attempts: Int, of caller: Int, _ companies: Int, _ store: BenchStore
    ) async throws -> (Int, [Duration]) {
        var allowed = 0
        var latencies: [Duration] = []
        let clock = ContinuousClock()
        for attempt in stride(from: caller, to: attempts, by: callers) {
            let asked = clock.now
            let request = ConsumeRequest(company: BenchStore.company(attempt % companies), feature: "limited")
            if try await store.engine.consume(request, in: store.environment).allowed { allowed += 1 }
            latencies.append(clock.now - asked)
        }
        return (allowed, latencies)
    }
}

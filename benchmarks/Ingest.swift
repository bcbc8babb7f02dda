internal import Tollgate

/// Events tracked in this process, as typed values.
enum Ingest {
    /// What an embedding program has at hand when it tracks an event.
    struct Use: Sendable {
        let company: String
        let quantity: Int64
        let key: String
    }

    /// Events of several callers in batches, made before the clock starts.
    struct Events: Sendable {
        var callers: [[[Use]]]
        let count: Int
        let units: Int64
    }

    static func events(_ count: Int, companies: Int, callers: Int, from first: Int = 0) -> Events {
        let names = (0..<companies).map(BenchStore.company)
        var streams = (first..<first + callers).map { OperationStream(client: $0, companies: companies) }
        var made = [[[Use]]](repeating: [], count: callers)
        for (index, start) in stride(from: 0, to: count, by: Batches.size).enumerated() {
            let caller = index % callers
            made[caller].append(
                (start..<min(start + Batches.size, count)).map { _ in
                    let operation = streams[caller].next()
                    return Use(
                        company: names[Int(operation.company)], quantity: operation.quantity, key: operation.key)
                })
        }
        return Events(callers: made, count: count, units: streams.reduce(0) { $0 + $1.units })
    }

    /// Answers how many events a second were counted, each caller waiting for one batch before it hands over the next.
    static func run(_ events: Events, in store: OpenStore) async throws -> Double {
        let took = try await ContinuousClock().measure {
            try await withThrowingTaskGroup { group in
                for batches in events.callers {
                    group.addTask { for batch in batches { try await track(batch, in: store) } }
                }
                try await group.waitForAll()
            }
        }
        return Double(events.count) / took.inSeconds
    }

    /// Puts so many events into the store. Answers their units. The keys are none of a load's.
    static func fill(_ store: OpenStore, events: Int, companies: Int) async throws -> Int64 {
        var units: Int64 = 0
        for (part, start) in stride(from: 0, to: events, by: 1_000_000).enumerated() {
            let part = Self.events(
                min(1_000_000, events - start), companies: companies, callers: Batches.connections,
                from: (part + 1) * Batches.connections)
            _ = try await run(part, in: store)
            units += part.units
        }
        return units
    }

    /// The call that is measured.
    private static func track(_ uses: [Use], in store: OpenStore) async throws {
        var batch = UsageBatch()
        for use in uses {
            batch.append(
                "calls", company: (key: "id", value: use.company), quantity: use.quantity, idempotencyKey: use.key)
        }
        let answer = try await store.engine.track(batch, in: store.environment)
        try BenchFailure.require(answer.accepted, is: batch.count, "accepted")
    }
}

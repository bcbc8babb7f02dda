internal import Tollgate

/// Events counted, deduplicated and on disk each second, in batches of 1,000.
enum EventBench {
    private static let batch = 1_000
    private static let companies = 100
    private static let connections = 4

    static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        try await BenchStore.with(companies: companies) { store in
            let took = try await ContinuousClock().measure {
                try await withThrowingTaskGroup { group in
                    for worker in 0..<connections {
                        group.addTask { try await track(sizes.events, of: worker, store) }
                    }
                    try await group.waitForAll()
                }
            }
            return try measurement("events in process", sizes, took, [], store)
        }
    }

    static func overHTTP(_ sizes: Sizes) async throws -> Measurement {
        try await BenchStore.with(companies: companies) { store in
            try await BenchServer.with(store) { port in
                // What a client sends is made before the clock starts.
                let requests = (0..<connections).map { worker in
                    batches(sizes.events, of: worker).map { HTTPRequest.post("/batch", body: body($0)) }
                }
                let load = try await HTTPLoad.run(requests, port: port)
                return try measurement("events over HTTP", sizes, load.took, load.latencies, store)
            }
        }
    }

    /// The batches of one of several clients.
    private static func batches(_ events: Int, of worker: Int) -> [Range<Int>] {
        stride(from: worker * batch, to: events, by: connections * batch).map { $0..<min($0 + batch, events) }
    }

    private static func track(_ events: Int, of worker: Int, _ store: BenchStore) async throws {
        for numbers in batches(events, of: worker) {
            var batch = UsageBatch()
            for number in numbers {
                batch.append(
                    event(number), company: (key: "id", value: "c\(number % companies)"), quantity: quantity(number),
                    idempotencyKey: "e\(number)")
            }
            let answer = try await store.engine.track(batch, in: store.environment)
            try BenchFailure.require(answer.accepted, is: batch.count, "accepted")
        }
    }

    private static func body(_ numbers: Range<Int>) -> String {
        let events = numbers.map { number in
            #"{"type":"track","idempotency_key":"e\#(number)","body":{"company":{"id":"c\#(number % companies)"},"#
                + #""event":"\#(event(number))","quantity":\#(quantity(number))}}"#
        }
        return #"{"events":["# + events.joined(separator: ",") + "]}"
    }

    private static func event(_ number: Int) -> String { BenchStore.events[number / companies % 4] }
    private static func quantity(_ number: Int) -> Int64 { Int64(number % 7) + 1 }

    private static func measurement(
        _ name: String, _ sizes: Sizes, _ took: Duration, _ latencies: [Duration], _ store: BenchStore
    ) throws -> Measurement {
        let (total, proof) = try store.usage(of: companies)
        let expected = (0..<sizes.events).reduce(Int64(0)) { $0 + quantity($1) }
        try BenchFailure.require(total, is: expected, "the usage counted")
        return Measurement(name, "events", count: sizes.events, took: took, latencies: latencies, proof: proof)
    }
}

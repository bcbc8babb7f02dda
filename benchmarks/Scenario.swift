/// How much each benchmark does.
struct Sizes {
    let events: Int
    let checks: Int
    let consumes: Int
    let companies: Int
}

/// One benchmark: makes a store, works on it, proves the work.
struct Scenario: Sendable {
    let name: String
    let run: @Sendable (Sizes) async throws -> Measurement

    static let all = [
        Scenario(name: "events in process", run: EventBench.inProcess),
        Scenario(name: "events over HTTP", run: EventBench.overHTTP),
        Scenario(name: "checks in process", run: CheckBench.inProcess),
        Scenario(name: "checks over HTTP", run: CheckBench.overHTTP),
        Scenario(name: "consumes in process", run: ConsumeBench.inProcess),
        Scenario(name: "invoices", run: CloseBench.run),
    ]
}

/// The work did not come out as it must: a wrong figure is no figure.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    static func require<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
        guard found == expected else { throw BenchFailure(description: "\(what): \(found), not \(expected)") }
    }
}

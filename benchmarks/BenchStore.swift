internal import Foundation
internal import Tollgate

/// A data directory for a benchmark: an environment, a secret key, and companies on a plan that limits `calls`.
struct BenchStore: Sendable {
    static let secret = "sch_dev_benchmark"
    /// The hard limit of each company's calls in a month: never reached, but always looked at.
    static let limit: Int64 = 1_000_000_000_000

    let directory: String

    /// Runs `body` on a new store, which is removed afterwards.
    static func with<Result>(companies: Int, _ body: (BenchStore) async throws -> Result) async throws -> Result {
        let store = BenchStore(directory: try Workbench.directory("store"))
        defer { Workbench.remove(store.directory) }
        try await store.open { try await $0.make(companies: companies) }
        return try await body(store)
    }

    /// The name of a company, as the requests of a load say it.
    static func company(_ number: Int) -> String {
        let digits = String(number)
        return "c" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Uses the store in this process.
    func open<Result>(_ body: (OpenStore) async throws -> Result) async throws -> Result {
        let engine = try Engine.open(directory)
        defer { engine.close() }
        return try await body(OpenStore(engine: engine))
    }

    /// The usage of all companies, summed: what a server has left on disk.
    func usage(of companies: Int) async throws -> Int64 {
        try await open { try $0.usage(of: companies) }
    }
}

/// The store while it is open in this process.
struct OpenStore: Sendable {
    let engine: Engine

    var environment: EnvironmentID { engine.environments[0].id }

    fileprivate func make(companies: Int) async throws {
        let environment = try await engine.execute(
            CreateEnvironment(name: "bench", type: .development), in: Engine.wholeStore
        ).id
        let hash = APIKeySecret.hash(BenchStore.secret)
        _ = try await engine.execute(
            CreateAPIKey(name: "bench", kind: .secret, readonly: false, hash: hash), in: environment)
        let plan = try await engine.execute(CreatePlan(name: "Bench", type: .plan), in: environment)
        let draft = try await engine.execute(
            SetBillingProduct(planID: plan.id, chargeType: .free), in: environment)
        var calls = CreateFeature(name: "calls", description: "", type: .event)
        calls.eventSubtype = "calls"
        let feature = try await engine.execute(calls, in: environment)
        var limit = EntitlementInput(valueType: .numeric)
        limit.valueNumeric = BenchStore.limit
        limit.metricPeriod = .currentMonth
        _ = try await engine.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: limit), in: environment)
        _ = try await engine.execute(
            PublishPlanVersion(versionID: draft.id, migrationStrategy: "leave"), in: environment)
        var group = SetPlanGroup()
        group.planIDs = [plan.id]
        group.initialPlanID = plan.id
        _ = try await engine.execute(group, in: environment)
        for start in stride(from: 0, to: companies, by: 10_000) {
            let names = (start..<min(start + 10_000, companies)).map { ["id": BenchStore.company($0)] }
            try await engine.execute(RegisterEntities(companies: names, eventSubtypes: ["calls"]), in: environment)
        }
    }

    fileprivate func usage(of companies: Int) throws -> Int64 {
        try engine.read(environment) { view in
            guard let feature = view.flag(key: "calls")?.featureID, let feature = try view.get(feature) else {
                throw BenchFailure("the feature calls is not in the store")
            }
            return try (0..<companies).reduce(0) { sum, number in
                guard let company = try view.company(keys: ["id": BenchStore.company(number)]) else { return sum }
                return try sum + (view.featureUsage(of: company, feature: feature)?.usage ?? 0)
            }
        }
    }
}

internal import Foundation
internal import Tollgate

/// A data directory for a benchmark: an environment, a secret key, and companies on a plan that limits three features.
struct BenchStore: Sendable {
    static let secret = "sch_dev_benchmark"
    /// Names of features, of their flags, and of the events that meter them.
    static let features = ["calls", "rows", "jobs"]
    /// The hard limit of each company and feature in a month: never reached, but always looked at.
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

    /// Lets a server do the work of a load on the store, and finds all of it on disk when the server has ended.
    func serve(_ wire: HTTPWire, _ clients: [LoadClient], _ plan: LoadPlan, companies: Int) async throws -> Measurement
    {
        let load = try await TollgateServer.with(self) { server in
            try await Load.run(wire, clients, port: server.port, plan)
        }
        try await requireUsage(load.unitsSent, of: companies)
        return Measurement(load, proof: "usage \(load.unitsSent)")
    }

    func requireUsage(_ units: Int64, of companies: Int) async throws {
        try BenchFailure.require(try await open { try $0.usage(of: companies) }, is: units, "the usage counted")
    }
}

/// The store while it is open in this process.
struct OpenStore: Sendable {
    let engine: Engine

    var environment: EnvironmentID { engine.environments[0].id }

    /// An environment and its key.
    func makeEnvironment() async throws {
        let environment = try await engine.execute(
            CreateEnvironment(name: "bench", type: .development), in: Engine.wholeStore)
        let hash = APIKeySecret.hash(BenchStore.secret)
        _ = try await engine.execute(
            CreateAPIKey(name: "bench", kind: .secret, readonly: false, hash: hash), in: environment.id)
    }

    /// Makes a published plan that grants features, each metered by the event of its name.
    func makePlan(
        charge: ChargeType, prices: [PriceInput] = [], _ features: [(name: String, grant: EntitlementInput)]
    ) async throws -> Plan {
        let plan = try await engine.execute(CreatePlan(name: "Bench", type: .plan), in: environment)
        var product = SetBillingProduct(planID: plan.id, chargeType: charge)
        product.prices = prices
        let draft = try await engine.execute(product, in: environment)
        for (name, grant) in features {
            var command = CreateFeature(name: name, description: "", type: .event)
            command.eventSubtype = name
            let feature = try await engine.execute(command, in: environment)
            _ = try await engine.execute(
                CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: grant), in: environment)
        }
        _ = try await engine.execute(
            PublishPlanVersion(versionID: draft.id, migrationStrategy: .leave), in: environment)
        return plan
    }

    fileprivate func make(companies: Int) async throws {
        try await makeEnvironment()
        var limit = EntitlementInput(valueType: .numeric)
        limit.valueNumeric = BenchStore.limit
        limit.metricPeriod = .currentMonth
        let plan = try await makePlan(charge: .free, BenchStore.features.map { ($0, limit) })
        var group = SetPlanGroup()
        group.planIDs = [plan.id]
        group.initialPlanID = plan.id
        _ = try await engine.execute(group, in: environment)
        for start in stride(from: 0, to: companies, by: 10_000) {
            let names = (start..<min(start + 10_000, companies)).map { ["id": BenchStore.company($0)] }
            try await engine.execute(RegisterEntities(companies: names), in: environment)
        }
    }

    /// What all companies used of all features, summed.
    func usage(of companies: Int) throws -> Int64 {
        try engine.read(environment) { view in
            try (0..<companies).reduce(0) { sum, number in
                guard let company = try view.company(keys: ["id": BenchStore.company(number)]) else { return sum }
                return try view.entitledFeatures(of: company).reduce(sum) { $0 + $1.usage }
            }
        }
    }
}

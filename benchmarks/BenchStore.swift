internal import Foundation
internal import Tollgate

/// A store in the temporary directory with companies on one plan of four priced features.
struct BenchStore {
    /// 2026-01-01T00:00:00Z.
    static let monthStart = Timestamp(seconds: 1_767_225_600)
    static let monthEnd = monthStart + .days(31)
    static let events = ["calls", "rows", "bytes", "jobs"]
    static let secret = "sch_stag_benchmark"
    /// The hard limit of the feature `limited`.
    static let limit: Int64 = 1_000

    let engine: Engine
    let environment: EnvironmentID
    let key: APIKey

    /// Runs `body` on a new store, which is removed afterwards.
    static func with<Result>(companies: Int, _ body: (BenchStore) async throws -> Result) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.path + "/tollgate-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let engine = try Engine.open(directory)
        defer { engine.close() }
        let environment = try await engine.execute(
            CreateEnvironment(name: "bench", type: .staging), in: EnvironmentID(ordinal: 0))
        try await engine.setTestClock(monthStart, in: environment.id)
        let key = try await engine.execute(
            CreateAPIKey(name: "bench", kind: .secret, readonly: false, hash: APIKeySecret.hash(secret)),
            in: environment.id)
        let store = BenchStore(engine: engine, environment: environment.id, key: key)
        let plan = try await store.makePlan()
        try await store.subscribe(companies, to: plan)
        return try await body(store)
    }

    static func company(_ number: Int) -> [String: String] { ["id": "c\(number)"] }

    private func makePlan() async throws -> Plan {
        let plan = try await engine.execute(CreatePlan(name: "Bench", type: .plan), in: environment)
        var product = SetBillingProduct(planID: plan.id, chargeType: .recurring)
        product.prices = [PriceInput(interval: .monthly, amount: 10_000, currency: .usd)]
        let draft = try await engine.execute(product, in: environment)
        for (event, price) in zip(Self.events, Self.prices) { try await grant(event, price, plan) }
        var limited = EntitlementInput(valueType: .numeric)
        limited.valueNumeric = Self.limit
        limited.metricPeriod = .currentMonth
        try await grant("limited", limited, plan)
        _ = try await engine.execute(
            PublishPlanVersion(versionID: draft.id, migrationStrategy: "leave"), in: environment)
        return plan
    }

    private func grant(_ event: String, _ input: EntitlementInput, _ plan: Plan) async throws {
        var command = CreateFeature(name: event, description: "", type: .event)
        command.eventSubtype = event
        let feature = try await engine.execute(command, in: environment)
        _ = try await engine.execute(
            CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input), in: environment)
    }

    /// One price of each behaviour that bills in arrears.
    private static var prices: [EntitlementInput] {
        var unit = EntitlementInput(valueType: .unlimited)
        unit.priceBehavior = .payAsYouGo
        unit.unitPrices.monthly = Decimal("0.25")
        var overage = EntitlementInput(valueType: .unlimited)
        overage.priceBehavior = .overage
        overage.softLimit = 100
        overage.unitPrices.monthly = Decimal("1.5")
        let tiers = [
            PriceTier(upTo: 100, unitAmount: 3), PriceTier(upTo: 1_000, unitAmount: 2),
            PriceTier(upTo: nil, unitAmount: 1),
        ]
        return [unit, overage]
            + [TierMode.graduated, .volume].map { mode in
                var tiered = EntitlementInput(valueType: .unlimited)
                tiered.priceBehavior = .tier
                tiered.tierMode = mode
                tiered.tiers.all = tiers
                return tiered
            }
    }

    /// Many at once, so that their commits are shared.
    private func subscribe(_ companies: Int, to plan: Plan) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<64 {
                group.addTask {
                    for number in stride(from: worker, to: companies, by: 64) {
                        let company = try await engine.execute(
                            UpsertCompany(keys: Self.company(number)), in: environment)
                        var change = ManagePlan(companyID: company.id)
                        change.basePlanID = plan.id
                        let outcome = try await engine.execute(change, in: environment)
                        try BenchFailure.require(outcome.success, is: true, "subscribing company \(number)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The usage of every company and feature, summed and hashed.
    func usage(of companies: Int) throws -> (total: Int64, proof: String) {
        var proof = Proof()
        var total: Int64 = 0
        try engine.read(environment) { view in
            for number in 0..<companies {
                guard let company = try view.company(keys: Self.company(number)) else { continue }
                for usage in try view.entitledFeatures(of: company) {
                    proof.add(usage.usage)
                    total += usage.usage
                }
            }
        }
        return (total, proof.text)
    }
}

import Foundation
import Testing
import Tollgate

/// An engine on a directory of its own, with a staging environment and a small catalog: what most tests start from.
final class Workshop {
    let directory: String
    private(set) var engine: Engine
    let environment: EnvironmentID

    /// What `reopen` opens with.
    var options: EngineOptions

    init(at start: String = "2024-01-01T00:00:00Z", options: EngineOptions = Workshop.options) async throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        self.options = options
        engine = try Engine.open(directory, options: options)
        environment = try await engine.execute(
            CreateEnvironment(name: "test", type: .staging), in: Engine.wholeStore
        ).id
        try await setClock(start)
    }

    /// A production environment, whose time is the clock's.
    init(clock: HandClock) async throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("tollgate-test-\(UUID())").path
        var options = Self.options
        options.clock = { clock.read() }
        self.options = options
        engine = try Engine.open(directory, options: options)
        environment = try await engine.execute(
            CreateEnvironment(name: "test", type: .production), in: Engine.wholeStore
        ).id
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    static var options: EngineOptions {
        var options = EngineOptions()
        options.isDurable = false
        // Many stores are open at once in one process.
        options.mapBytes = 1 << 30
        options.clock = { Timestamp(rfc3339: "2024-01-01T00:00:00Z")! }
        return options
    }

    /// Closes the engine and opens the directory again, as after a restart.
    func reopen() async throws {
        engine.close()
        let holder = Weak(engine)
        engine = try Engine.open(directory + "-none", options: options)
        #expect(holder.value == nil, "somebody still holds the closed engine")
        engine = try Engine.open(directory, options: options)
        try FileManager.default.removeItem(atPath: directory + "-none")
    }

    private struct Weak {
        weak var value: Engine?
        init(_ value: Engine) { self.value = value }
    }

    func setClock(_ time: String) async throws {
        try await engine.setTestClock(Timestamp(rfc3339: time)!, in: environment)
    }

    @discardableResult
    func run<C: Command>(_ command: C) async throws -> C.Outcome {
        try await engine.execute(command, in: environment)
    }

    // MARK: - Catalog

    func eventFeature(_ key: String) async throws -> Feature {
        var create = CreateFeature(name: key, description: "", type: .event)
        create.eventSubtype = key
        return try await run(create)
    }

    /// A published plan with a monthly price in cents and these entitlements.
    @discardableResult
    func plan(
        _ name: String, monthly: Int64? = nil, _ entitlements: [(Feature, EntitlementInput)],
        _ change: (inout SetBillingProduct) -> Void = { _ in }
    ) async throws -> Plan {
        let plan = try await run(CreatePlan(name: name, type: .plan))
        var billing = SetBillingProduct(planID: plan.id, chargeType: monthly == nil ? .free : .recurring)
        billing.prices = monthly.map { [PriceInput(interval: .monthly, amount: $0, currency: .usd)] } ?? []
        change(&billing)
        let version = try await run(billing)
        for (feature, input) in entitlements {
            try await run(CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input))
        }
        try await run(PublishPlanVersion(versionID: version.id, migrationStrategy: .immediate, excludedCompanyIDs: []))
        return plan
    }

    func company(_ key: String, on plan: Plan) async throws -> Company {
        let company = try await run(UpsertCompany(keys: ["id": key]))
        var manage = ManagePlan(companyID: company.id)
        manage.basePlanID = plan.id
        let outcome = try await run(manage)
        #expect(outcome.success)
        return outcome.company
    }

    func track(_ event: String, _ company: String, _ quantity: Int64 = 1, key: String? = nil) async throws {
        let answer = try await engine.track(
            [UsageEvent(company: ["id": company], event: event, quantity: quantity, idempotencyKey: key)],
            in: environment)
        #expect(answer.rejected.isEmpty)
    }

    func invoices() throws -> [Invoice] {
        try engine.read(environment) { try $0.invoices(limit: 1000) }.reversed()
    }

    func usage(_ company: Company, _ feature: Feature) throws -> Int64? {
        try engine.read(environment) { try $0.featureUsage(of: company, feature: feature)?.usage }
    }
}

extension EntitlementInput {
    static func limit(_ count: Int64, _ period: MetricPeriod? = nil) -> EntitlementInput {
        var input = EntitlementInput(valueType: .numeric)
        input.valueNumeric = count
        input.metricPeriod = period
        return input
    }

    static func payAsYouGo(cents: Model.Decimal) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.priceBehavior = .payAsYouGo
        input.unitPrices = UnitPrices(monthly: cents)
        return input
    }
}

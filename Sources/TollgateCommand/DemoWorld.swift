internal import Tollgate

/// The made-up business: an API company that sells calls, storage and seats in three plans.
struct DemoWorld {
    /// 2026-01-01T00:00:00Z: everybody subscribes then, so January is the first billing period.
    static let monthStart = Timestamp(seconds: 1_767_225_600)
    static let monthEnd = monthStart + .days(31)
    static let companiesOnPlan = [("Free", 100), ("Pro", 150), ("Scale", 50)]
    static let freeCalls: Int64 = 1_000

    let engine: Engine
    let environment: Environment
    let key: APIKey
    /// Keys of the companies, `acme-001` and on.
    let free: [String]
    let paying: [String]

    static func make(_ engine: Engine) async throws -> DemoWorld {
        let progress = ProgressLine()
        let environment = try await engine.execute(CreateEnvironment(name: "demo", type: .staging), in: .wholeStore)
        try await engine.setTestClock(monthStart, in: environment.id)
        let secret = APIKeySecret.generate(for: .staging, kind: .secret)
        let key = try await engine.execute(
            CreateAPIKey(name: "demo", kind: .secret, readonly: false, hash: APIKeySecret.hash(secret)),
            in: environment.id)
        let plans = try await DemoCatalog(engine: engine, environment: environment.id).make()
        Console.say("1 catalog   4 features, plans Free, Pro and Scale; a test clock at \(monthStart.rfc3339)")

        var companies: [[String]] = []
        for (plan, (_, count)) in zip(plans, companiesOnPlan) {
            var keys: [String] = []
            for _ in 0..<count {
                let number = companies.reduce(keys.count) { $0 + $1.count } + 1
                keys.append("acme-" + String(1000 + number).dropFirst())
                try await subscribe(keys.last!, number, to: plan, engine, environment.id)
            }
            companies.append(keys)
        }
        let counts = companiesOnPlan.map { "\($0.1) on \($0.0)" }.joined(separator: ", ")
        Console.say("2 companies \(counts), all subscribed in \(progress.elapsed.brief)")
        return DemoWorld(
            engine: engine, environment: environment, key: key, free: companies[0], paying: companies[1] + companies[2])
    }

    private static func subscribe(
        _ key: String, _ number: Int, to plan: Plan, _ engine: Engine, _ environment: EnvironmentID
    ) async throws {
        var upsert = UpsertCompany(keys: ["id": key])
        upsert.name = "Acme \(number)"
        upsert.traits = ["seats": .number("\(number % 5 + 1)")]
        let company = try await engine.execute(upsert, in: environment)
        var change = ManagePlan(companyID: company.id)
        change.basePlanID = plan.id
        let outcome = try await engine.execute(change, in: environment)
        if let problem = outcome.problems.first(where: \.isBlocking) {
            throw CommandFailure.refused("\(key) could not subscribe to \(plan.name): \(problem.message)")
        }
    }
}

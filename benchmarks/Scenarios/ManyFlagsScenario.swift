internal import Tollgate

extension Scenario {
    /// How long one check takes where the catalog is large: 200 flags with ten rules each, 1,000,000 companies.
    static let manyFlagsLatency = Scenario(
        name: "check of 200 flags, one connection", unit: "checks",
        contenders: [
            Contender(name: "Tollgate", work: ManyFlags.tollgate),
            Contender(name: "nginx", isInstalled: NginxServer.program != nil, work: ManyFlags.nginx),
        ],
        goals: [Goal(figure: .p50Micros, contender: "Tollgate", over: "nginx", bound: .atMost(2.5))], rounds: 1)

    /// The same without a network.
    static let manyFlagsInProcess = Scenario(
        name: "check of 200 flags, in process", unit: "checks",
        contenders: [Contender(name: "Tollgate", work: ManyFlags.inProcess)],
        goals: [
            Goal(figure: .p50Micros, contender: "Tollgate", bound: .atMost(0.5)),
            Goal(figure: .p99Micros, contender: "Tollgate", bound: .atMost(2)),
        ], rounds: 1)
}

/// Checks that all rules of a flag are asked for, and the last one answers.
private enum ManyFlags {
    private static let companies = 1_000_000
    private static let flags = 200

    static func tollgate(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await with(companies, sizes) { store in
            try await Checks.oneConnection(to: store, flag: name(0), companies, sizes)
        }
    }

    static func nginx(_ sizes: Sizes) async throws -> Measurement {
        let answer = try await with(1, sizes) { try await Checks.answer(of: $0, flag: name(0)) }
        return try await Checks.nginx(answering: answer, flag: name(0), sizes.scaled(companies), sizes)
    }

    static func inProcess(_ sizes: Sizes) async throws -> Measurement {
        let companies = sizes.scaled(companies)
        return try await with(companies, sizes) { store in
            try await Checks.inProcess(store, flags: (0..<sizes.scaled(flags)).map(name), companies, sizes)
        }
    }

    private static func name(_ number: Int) -> String { "flag-\(number)" }

    private static func with<Result>(
        _ companies: Int, _ sizes: Sizes, _ body: (BenchStore) async throws -> Result
    ) async throws -> Result {
        try await BenchStore.with(companies: companies) { store in
            try await store.open { store in
                let asked = try await store.makeAsked()
                for number in 0..<sizes.scaled(flags) { try await store.makeFlag(name(number), asked) }
            }
            return try await body(store)
        }
    }
}

extension OpenStore {
    /// What rules of the flags ask for.
    fileprivate struct Asked {
        let plan: Plan
        let other: Plan
        let otherDraft: PlanVersion
        let size: TraitDefinition
        let region: TraitDefinition
    }

    fileprivate func makeAsked() async throws -> Asked {
        let plan = try engine.read(environment) { try $0.list(Plan.self, limit: 1)[0] }
        let other = try await engine.execute(CreatePlan(name: "Other", type: .plan), in: environment)
        return Asked(
            plan: plan, other: other,
            otherDraft: try await engine.execute(
                SetBillingProduct(planID: other.id, chargeType: .free), in: environment),
            size: try await engine.execute(
                DefineTrait(entityType: .company, hierarchy: ["size"], traitType: .number), in: environment),
            region: try await engine.execute(
                DefineTrait(entityType: .company, hierarchy: ["region"], traitType: .string),
                in: environment))
    }

    /// A flag whose first nine rules ask for what no company has, and whose tenth holds for all that are on the plan.
    fileprivate func makeFlag(_ key: String, _ asked: Asked) async throws {
        let flag = try await engine.execute(CreateFlag(input: FlagInput(key: key, name: key)), in: environment)
        func resources(_ type: ConditionType, _ ids: [String]) -> ConditionInput {
            var condition = ConditionInput(type: type, operator: .eq)
            condition.resourceIDs = ids
            return condition
        }
        func trait(_ definition: TraitDefinition, _ comparison: ComparableOperator, _ value: String) -> ConditionInput {
            var condition = ConditionInput(type: .trait, operator: comparison)
            condition.traitID = definition.id
            condition.traitValue = value
            return condition
        }
        var used = ConditionInput(type: .metric, operator: .gt)
        used.eventSubtype = BenchStore.features[0]
        used.metricPeriod = .currentMonth
        used.metricValue = BenchStore.limit
        let isOnOther = resources(.plan, [asked.other.id.description])
        let hasNoPlan = ConditionInput(type: .basePlan, operator: .isEmpty)
        let isLarge = trait(asked.size, .gt, "1000")
        let isAbroad = trait(asked.region, .eq, "eu")
        let conditions: [[ConditionInput]] = [
            [isOnOther], [resources(.planVersion, [asked.otherDraft.id.description])],
            [resources(.billingProduct, ["prod_other"])], [hasNoPlan], [isLarge], [isAbroad],
            [resources(.plan, [asked.plan.id.description]), isLarge], [used], [isAbroad, isLarge],
            [resources(.plan, [asked.plan.id.description])],
        ]
        let rules = conditions.enumerated().map { place, conditions in
            var rule = RuleInput(name: "Rule \(place)", priority: Int64(place), value: place == 9)
            rule.conditions = conditions
            if place == 8 { rule.conditionGroups = [[isOnOther, hasNoPlan]] }
            return rule
        }
        _ = try await engine.execute(SetFlagRules(flagID: flag.id, rules: rules), in: environment)
    }
}

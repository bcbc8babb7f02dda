internal import Tollgate

/// Features and plans of the demo: one feature of each kind, one price of each behaviour.
struct DemoCatalog {
    let engine: Engine
    let environment: EnvironmentID

    /// The published plans Free, Pro and Scale.
    func make() async throws -> [Plan] {
        let calls = try await feature("API calls", "api-calls", .event) { $0.eventSubtype = "api-call" }
        let storage = try await feature("Storage", "storage", .event) { $0.eventSubtype = "gigabyte" }
        let seatCount = try await engine.execute(
            DefineTrait(entityType: .company, hierarchy: ["seats"], traitType: .number), in: environment)
        let seats = try await feature("Seats", "seats", .trait) { $0.traitID = seatCount.id }
        let sso = try await feature("Single sign-on", "sso", .boolean) { _ in }

        let free = try await plan("Free", monthly: 0) {
            [(calls, .limit(DemoWorld.freeCalls)), (sso, .granted(false))]
        }
        let pro = try await plan("Pro", monthly: 4_900) {
            [
                (calls, .graduated((10_000, "0.5"), (100_000, "0.3"), rest: "0.1")),
                (storage, .overage(included: 500, unit: "5")), (seats, .seats(5, unit: "900")), (sso, .granted(false)),
            ]
        }
        let scale = try await plan("Scale", monthly: 49_900) {
            [
                (calls, .graduated((100_000, "0.2"), (1_000_000, "0.1"), rest: "0.05")),
                (storage, .overage(included: 5_000, unit: "2.5")), (seats, .seats(20, unit: "700")),
                (sso, .granted(true)),
            ]
        }
        return [free, pro, scale]
    }

    private func feature(
        _ name: String, _ key: String, _ type: FeatureType, _ complete: (inout CreateFeature) -> Void
    ) async throws -> Feature {
        var command = CreateFeature(name: name, description: "", type: type)
        command.flag = FlagInput(key: key, name: name)
        complete(&command)
        return try await engine.execute(command, in: environment)
    }

    private func plan(
        _ name: String, monthly: Int64, _ grants: () -> [(Feature, EntitlementInput)]
    ) async throws -> Plan {
        let plan = try await engine.execute(CreatePlan(name: name, type: .plan), in: environment)
        var product = SetBillingProduct(planID: plan.id, chargeType: monthly == 0 ? .free : .recurring)
        if monthly > 0 { product.prices = [PriceInput(interval: .monthly, amount: monthly, currency: .usd)] }
        let draft = try await engine.execute(product, in: environment)
        for (feature, input) in grants() {
            _ = try await engine.execute(
                CreatePlanEntitlement(planID: plan.id, featureID: feature.id, input: input), in: environment)
        }
        _ = try await engine.execute(
            PublishPlanVersion(versionID: draft.id, migrationStrategy: .leave), in: environment)
        return plan
    }
}

extension EntitlementInput {
    fileprivate static func granted(_ value: Bool) -> EntitlementInput {
        var input = EntitlementInput(valueType: .boolean)
        input.valueBool = value
        return input
    }

    /// A hard limit for each calendar month.
    fileprivate static func limit(_ count: Int64) -> EntitlementInput {
        var input = EntitlementInput(valueType: .numeric)
        input.valueNumeric = count
        input.metricPeriod = .currentMonth
        return input
    }

    fileprivate static func graduated(
        _ first: (Int64, String), _ second: (Int64, String), rest: String
    ) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.metricPeriod = .currentMonth
        input.priceBehavior = .tier
        input.tierMode = .graduated
        input.tiers.all = [
            PriceTier(upTo: Decimal(first.0), unitAmount: Decimal(first.1)!),
            PriceTier(upTo: Decimal(second.0), unitAmount: Decimal(second.1)!),
            PriceTier(upTo: nil, unitAmount: Decimal(rest)!),
        ]
        return input
    }

    fileprivate static func overage(included: Int64, unit: String) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.metricPeriod = .currentMonth
        input.priceBehavior = .overage
        input.softLimit = included
        input.unitPrices.monthly = Decimal(unit)
        return input
    }

    /// Bought ahead of each period.
    fileprivate static func seats(_ count: Int64, unit: String) -> EntitlementInput {
        var input = EntitlementInput(valueType: .numeric)
        input.priceBehavior = .payInAdvance
        input.usageQuantity = count
        input.unitPrices.monthly = Decimal(unit)
        return input
    }
}

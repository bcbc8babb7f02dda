import Basics
import Billing
import Catalog
import Entitlements
import Model
import Store
import Testing
import Tollgate

/// Changes under check load: whoever checks sees all of a command or nothing of it.
@Suite("Nothing is seen half-changed")
struct PublishTests {
    private static let features = (0..<4).map { "calls-\($0)" }
    /// Checks go on at this many places while the changes are made.
    private static let checkers = 4

    @Test("a company that changes its plan is on one or on the other, its seats too", .timeLimit(.minutes(2)))
    func planChange() async throws {
        let shop = try await Workshop()
        var features: [Feature] = []
        for name in Self.features { features.append(try await shop.eventFeature(name)) }
        let seats = try await shop.eventFeature("seats")
        var plans: [(plan: Plan, seats: PayInAdvanceSelection)] = []
        for limit in [100, 200] as [Int64] {
            // With another plan's subscription, the seats would be those that are preset.
            let plan = try await shop.plan(
                "Plan \(limit)", monthly: limit,
                features.map { ($0, .limit(limit)) } + [(seats, .seats(cents: 1, preset: 7))])
            let price = try shop.entitlements(of: plan).first { $0.featureID == seats.id }!.meteredPrices[0].id
            plans.append((plan, PayInAdvanceSelection(priceID: price, quantity: limit)))
        }
        let company = try await shop.run(UpsertCompany(keys: ["id": "acme"]))
        try await shop.move(company, to: plans[0].plan) { $0.payInAdvance = [plans[0].seats] }
        let (engine, environment) = (shop.engine, shop.environment)
        try await whileChecking {
            let checks = try engine.checkAll(company: ["id": "acme"], user: nil, in: environment)
            let limits = checks.map { $0.decision.entitlement?.grant.allocation.limit }
            #expect(limits == [100, 100, 100, 100, 100] || limits == [200, 200, 200, 200, 200], "\(limits)")
        } of: {
            // What is known of the company is forgotten with every change, and read again while the next one comes.
            async let renaming: Void = {
                for round in 0..<300 {
                    var upsert = UpsertCompany(keys: ["id": "acme"])
                    upsert.name = "Round \(round)"
                    _ = try await engine.execute(upsert, in: environment)
                }
            }()
            for round in 1...150 {
                let next = plans[round % 2]
                try await shop.move(company, to: next.plan) { $0.payInAdvance = [next.seats] }
            }
            try await renaming
        }
        try shop.expectVerified()
    }

    @Test("a version that is published grants all that was put into it", .timeLimit(.minutes(2)))
    func publish() async throws {
        let shop = try await Workshop()
        var features: [Feature] = []
        for name in Self.features { features.append(try await shop.eventFeature(name)) }
        let plan = try await shop.plan("Plan", features.map { ($0, .limit(0)) })
        var group = SetPlanGroup()
        group.planIDs = [plan.id]
        group.initialPlanID = plan.id
        try await shop.run(group)
        _ = try await shop.run(UpsertCompany(keys: ["id": "company-0"]))
        let (engine, environment) = (shop.engine, shop.environment)
        let published = Locked(0 as Int64)
        try await whileChecking {
            // Each company got the version of its number, and stays on it.
            let number = Int64.random(in: 0...published.withLock { $0 })
            let checks = try engine.checkAll(company: ["id": "company-\(number)"], user: nil, in: environment)
            let limits = checks.map { $0.decision.entitlement?.grant.allocation.limit }
            #expect(limits == Self.features.map { _ in number }, "company \(number)")
        } of: {
            for number in 1...25 as ClosedRange<Int64> {
                for entitlement in try shop.entitlements(of: plan) {
                    try await shop.run(UpdatePlanEntitlement(entitlementID: entitlement.id, input: .limit(number)))
                }
                let draft = try #require(try engine.read(environment) { try $0.get(plan.id)?.draftVersionID })
                try await shop.run(PublishPlanVersion(versionID: draft, migrationStrategy: .leave))
                _ = try await shop.run(UpsertCompany(keys: ["id": "company-\(number)"]))
                published.withLock { $0 = number }
            }
        }
        try shop.expectVerified()
    }

    /// One command changes a feature, its flag and the catalog's meters.
    @Test("a feature and its flag change together", .timeLimit(.minutes(2)))
    func feature() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls-0")
        let plan = try await shop.plan("Plan", [(calls, .limit(1000))])
        _ = try await shop.company("acme", on: plan)
        let (engine, environment) = (shop.engine, shop.environment)
        let seen = Locked(0)
        try await whileChecking {
            let checks = try engine.checkAll(company: ["id": "acme"], user: nil, in: environment)
            #expect(checks.count == 1 && checks[0].decision.matchedLimit?.event == checks[0].flag.key)
            seen.withLock { $0 += 1 }
        } of: {
            // At least so often, and until enough was seen beside it on a busy machine.
            for round in 1...10_000 where round <= 150 || seen.withLock({ $0 }) <= 100 {
                var update = UpdateFeature(featureID: calls.id)
                update.eventSubtype = "calls-\(round)"
                update.flag = FlagInput(key: "calls-\(round)", name: "Calls")
                try await shop.run(update)
            }
        }
        #expect(seen.withLock { $0 } > 100)
        try shop.expectVerified()
    }

    /// Runs `change` while `check` is run again and again at several places.
    private func whileChecking(
        _ check: @escaping @Sendable () throws -> Void, of change: () async throws -> Void
    ) async throws {
        let isOver = Locked(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.checkers {
                group.addTask {
                    while !isOver.withLock({ $0 }) {
                        try check()
                        await Task.yield()
                    }
                }
            }
            defer { isOver.withLock { $0 = true } }
            try await change()
        }
    }
}

extension Workshop {
    /// Of the draft, or of the published version when there is none.
    func entitlements(of plan: Plan) throws -> [PlanEntitlement] {
        try engine.read(environment) { view in
            let plan = try #require(try view.get(plan.id))
            let version = try #require(
                try (plan.draftVersionID ?? plan.publishedVersionID).flatMap { try view.get($0) })
            return try version.entitlementIDs.compactMap { try view.get($0) }
        }
    }
}

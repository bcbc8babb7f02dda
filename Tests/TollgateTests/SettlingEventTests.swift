import Basics
import Catalog
import Entitlements
import Model
import Store
import Testing
import Tollgate

/// Rules: Tollgate, "Consume and holds".
@Suite("Events that settle holds, and checks that make them")
struct SettlingEventTests {
    private func desk(_ input: EntitlementInput = .limit(10)) async throws -> HoldDesk {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, input)])
        _ = try await shop.company("acme", on: plan)
        _ = try await shop.company("other", on: plan)
        return HoldDesk(shop)
    }

    @Test("less returns the rest, nothing returns all, and more is counted in full")
    func quantities() async throws {
        let desk = try await desk()
        for _ in 0..<2 {
            let mistakes = try await desk.mistakes(
                in: """
                    reserve a 6  | held 6, 0+6 of 10 left 4
                    settle a 2   | ok
                    show a       | committed 2 of 6, 2+0 of 10 left 8
                    check        | true, 2+0
                    commit a 2   | committed 2 of 6, 2+0 of 10 left 8
                    release a    | conflict: hold it has been committed with a quantity of 2
                    reserve b 6  | held 6, 2+6 of 10 left 2
                    settle b 0   | ok
                    show b       | committed 0 of 6, 2+0 of 10 left 8
                    reserve c 3  | held 3, 2+3 of 10 left 5
                    settle c 9   | ok
                    show c       | committed 9 of 3, 11+0 of 10 left -1
                    reopen       | ok
                    show c       | committed 9 of 3, 11+0 of 10 left -1
                    check        | false, 11+0
                    settle c -1  | quantity must be 0 or more with a reservation_id, not -1
                    track -11    | ok
                    """)
            #expect(mistakes == [])
        }
        try desk.shop.expectVerified()
    }

    @Test("a key makes a repeated settlement a duplicate; without one it is plain use, as it is after any other end")
    func repetitions() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4      | held 4, 0+4 of 10 left 6
                settle a 3 once  | ok
                settle a 3 once  | duplicate
                reopen           | ok
                settle a 3 once  | duplicate
                check            | true, 3+0
                settle a 3       | ok
                check            | true, 6+0
                show a           | committed 3 of 4, 6+0 of 10 left 4
                reserve b 2      | held 2, 6+2 of 10 left 2
                release b        | released 2, 6+0 of 10 left 4
                settle b 1       | ok
                check            | true, 7+0
                show b           | released 2, 7+0 of 10 left 3
                reserve c 2 10   | held 2, 7+2 of 10 left 1
                wait 10          | ok
                settle c 1       | ok
                check            | true, 8+0
                show c           | expired 2, 8+0 of 10 left 2
                settle none 1    | ok
                check            | true, 9+0
                settle none 0    | ok
                check            | true, 9+0
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("an event of another company or name is counted where it belongs, and ends nothing")
    func strangers() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4             | held 4, 0+4 of 10 left 6
                settle a 1 - calls other | ok
                show a                  | held 4, 0+4 of 10 left 6
                settle a 1 - files      | ok
                show a                  | held 4, 0+4 of 10 left 6
                settle a 1              | ok
                show a                  | committed 1 of 4, 1+0 of 10 left 9
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("of two events of one request that settle one hold, the first does")
    func twice() async throws {
        let desk = try await desk()
        let (engine, environment) = (desk.shop.engine, desk.shop.environment)
        #expect(try await desk.mistakes(in: "reserve a 4 | held 4, 0+4 of 10 left 6") == [])
        let events = [2, 3].map { (quantity: Int64) in
            var event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: quantity)
            event.reservationID = desk.holds["a"]
            return event
        }
        #expect(try await engine.track(events, in: environment).accepted == 2)
        #expect(try await desk.mistakes(in: "show a | committed 2 of 4, 5+0 of 10 left 5") == [])
        try desk.shop.expectVerified()
    }

    @Test("an event with its sender's time counts then, and ends the hold now")
    func ownTime() async throws {
        let desk = try await desk(.limit(10, .currentDay))
        let (engine, environment) = (desk.shop.engine, desk.shop.environment)
        #expect(
            try await desk.mistakes(
                in: """
                    reserve a 4 3600 | held 4, 0+4 of 10 left 6
                    reserve b 2 3600 | held 2, 0+6 of 10 left 4
                    """) == [])
        var event = UsageEvent(company: ["id": "acme"], event: "calls", quantity: 3)
        event.reservationID = desk.holds["a"]
        event.sentAt = at("2023-12-31T23:00:00Z")
        event.trustsSentAt = true
        #expect(try await engine.track([event], in: environment).accepted == 1)
        event.reservationID = desk.holds["b"]
        event.isBackfill = true
        #expect(try await engine.track([event], in: environment).accepted == 1)
        #expect(
            try await desk.mistakes(
                in: """
                    show a | committed 3 of 4, 0+2 of 10 left 8
                    show b | held 2, 0+2 of 10 left 8
                    """) == [])
        try desk.shop.expectVerified()
    }

    @Test("a check holds what fits, and holds nothing where it does not")
    func checkAndReserve() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                cas a 4      | true by plan_entitlement, 0 of 10, held 4
                cas b 7      | false by plan_entitlement_usage_exceeded, 0 of 10, held 0
                cas b 6 key  | true by plan_entitlement, 0 of 10, held 6
                cas b 6 key  | true by plan_entitlement, 0 of 10, held 6
                cas b 5 key  | conflict: idempotency_key "key" was used for another request
                check        | false, 0+10
                settle a 4   | ok
                commit b 1   | committed 1 of 6, 5+0 of 10 left 5
                cas b 6 key  | true by plan_entitlement, 0 of 10, held 6
                cas c 6 no   | false by plan_entitlement_usage_exceeded, 5 of 10, held 0
                track -5     | ok
                cas c 6 no   | false by plan_entitlement_usage_exceeded, 5 of 10, held 0
                reopen       | ok
                cas c 6 no   | false by plan_entitlement_usage_exceeded, 5 of 10, held 0
                cas c 10     | true by plan_entitlement, 0 of 10, held 10
                cas d 0      | invalid: quantity must be between 1 and 1,000,000,000,000,000, not 0
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("nothing is held where no metered entitlement decides")
    func nothingToHold() async throws {
        let desk = try await desk()
        let shop = desk.shop
        let beta = try await shop.run(CreateFeature(name: "beta", description: "", type: .boolean))
        var on = EntitlementValue(type: .boolean)
        on.bool = true
        let company = try shop.engine.read(shop.environment) { try $0.company(keys: ["id": "acme"]) }!
        try await shop.run(CreateCompanyOverride(companyID: company.id, featureID: beta.id, value: on))
        #expect(
            try await HoldDesk(shop, "beta").mistakes(in: "cas a 1 | true by company_override, held 0") == [])
        let calls = try shop.engine.read(shop.environment) { $0.flag(key: "calls") }!
        var everybody = RuleInput(name: "everybody", priority: 0, value: true)
        everybody.type = .globalOverride
        try await shop.run(SetFlagRules(flagID: calls.id, rules: [everybody]))
        #expect(try await desk.mistakes(in: "cas a 11 | true by global_override, held 0") == [])
        try await shop.run(SetFlagRules(flagID: calls.id, rules: []))
        try await shop.run(ManagePlan(companyID: company.id))
        #expect(try await desk.mistakes(in: "cas a 1 | false by none, held 0") == [])
        try shop.expectVerified()
    }

    @Test("without a limit everything is held, up to what a count can hold")
    func unlimited() async throws {
        let desk = try await desk(EntitlementInput(valueType: .unlimited))
        #expect(try await desk.mistakes(in: "cas a 7 | true by plan_entitlement, held 7") == [])
        try desk.shop.expectVerified()
    }

    @Test("with ten left 64 callers hold ten among them, and each answer is true to its hold")
    func exactness() async throws {
        let desk = try await desk()
        let (engine, environment) = (desk.shop.engine, desk.shop.environment)
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    let request = try CheckAndReserveRequest(
                        flag: "calls", company: ["id": "acme"], user: nil, quantity: 1, preflight: .none,
                        expiresAt: nil, idempotencyKey: nil)
                    return try await engine.beginCheckAndReserve(request, in: environment) { check, hold in
                        "\(check.decision.value) \(hold?.quantity ?? 0)"
                    }.value()
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["true 1": 10, "false 0": 54])
        try desk.shop.expectVerified()
    }
}

import Basics
import Catalog
import Entitlements
import Model
import Store
import Testing
import Tollgate

/// Rules: Tollgate, "Consume and holds".
@Suite("Holds: units set aside until they are committed, released, or expired")
struct HoldTests {
    private func desk(_ input: EntitlementInput = .limit(10)) async throws -> HoldDesk {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, input)])
        _ = try await shop.company("acme", on: plan)
        return HoldDesk(shop)
    }

    @Test("held units count as used for everybody else, and are never usage")
    func numbers() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4  | held 4, 0+4 of 10 left 6
                reserve b 7  | no 7, 0+4 of 10 left 6
                reserve b 6  | held 6, 0+10 of 10 left 0
                consume 1    | no, 0+10 of 10 left 0
                check        | false, 0+10
                fits 0       | true
                fits 1       | false
                commit a 3   | committed 3 of 4, 3+6 of 10 left 1
                check        | true, 3+6
                fits 1       | true
                fits 2       | false
                consume 1    | yes, 4+6 of 10 left 0
                show b       | held 6, 4+6 of 10 left 0
                release b    | released 6, 4+0 of 10 left 6
                show a       | committed 3 of 4, 4+0 of 10 left 6
                show b       | released 6, 4+0 of 10 left 6
                reserve c 6  | held 6, 4+6 of 10 left 0
                commit c 0   | committed 0 of 6, 4+0 of 10 left 6
                consume 6    | yes, 10+0 of 10 left 0
                reserve d 1  | no 1, 10+0 of 10 left 0
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("a hold is settled once: the same again gets the first answer, anything else is refused")
    func settling() async throws {
        let desk = try await desk()
        for _ in 0..<2 {
            let mistakes = try await desk.mistakes(
                in: """
                    reserve a 4 3600 | held 4, 0+4 of 10 left 6
                    reserve b 5 3600 | held 5, 0+9 of 10 left 1
                    commit a 5       | conflict: quantity must be at most the 4 that are held, not 5
                    commit a -1      | invalid: quantity must be 0 or more, not -1
                    commit a 2       | committed 2 of 4, 2+5 of 10 left 3
                    release b        | released 5, 2+0 of 10 left 8
                    track 5          | ok
                    commit a 2       | committed 2 of 4, 2+5 of 10 left 3
                    commit a 1       | conflict: hold it has been committed with a quantity of 2
                    release a        | conflict: hold it has been committed with a quantity of 2
                    release b        | released 5, 2+0 of 10 left 8
                    commit b 0       | conflict: hold it has been released
                    reopen           | ok
                    commit a 2       | committed 2 of 4, 2+5 of 10 left 3
                    release b        | released 5, 2+0 of 10 left 8
                    commit b 1       | conflict: hold it has been released
                    wait 7200        | ok
                    commit a 2       | committed 2 of 4, 2+5 of 10 left 3
                    release b        | released 5, 2+0 of 10 left 8
                    show a           | committed 2 of 4, 7+0 of 10 left 3
                    track -7         | ok
                    """)
            #expect(mistakes == [])
        }
        try desk.shop.expectVerified()
    }

    @Test("expiry returns the units at its instant and once, whenever the store was opened")
    func expiry() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4       | held 4, 0+4 of 10 left 6
                reserve b 3 61    | held 3, 0+7 of 10 left 3
                reserve c 2 3600  | held 2, 0+9 of 10 left 1
                reserve d 1 10    | held 1, 0+10 of 10 left 0
                wait 59           | ok
                check             | true, 0+9
                show d            | expired 1, 0+9 of 10 left 1
                reopen            | ok
                check             | true, 0+9
                consume 2         | no, 0+9 of 10 left 1
                wait 1            | ok
                show a            | expired 4, 0+5 of 10 left 5
                commit a 1        | conflict: hold it expired at 2024-01-01T00:01:00Z
                release a         | conflict: hold it expired at 2024-01-01T00:01:00Z
                check             | true, 0+5
                commit b 1        | committed 1 of 3, 1+2 of 10 left 7
                wait 10           | ok
                reopen            | ok
                check             | true, 1+2
                release a         | conflict: hold it expired at 2024-01-01T00:01:00Z
                wait 3529         | ok
                reopen            | ok
                consume 8         | no, 1+2 of 10 left 7
                wait 1            | ok
                consume 8         | yes, 9+0 of 10 left 1
                reopen            | ok
                check             | true, 9+0
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("what was promised counts, whatever has become of the limit")
    func changedLimits() async throws {
        let desk = try await desk()
        let shop = desk.shop
        #expect(
            try await desk.mistakes(
                in: """
                    reserve a 8  | held 8, 0+8 of 10 left 2
                    reserve b 2  | held 2, 0+10 of 10 left 0
                    """) == [])
        let company = try shop.engine.read(shop.environment) { try $0.company(keys: ["id": "acme"]) }!
        let calls = try shop.engine.read(shop.environment) { try $0.list(Feature.self, limit: 1)[0] }
        let small = try await shop.plan("Small", [(calls, .limit(5))])
        var manage = ManagePlan(companyID: company.id)
        manage.basePlanID = small.id
        try await shop.run(manage)
        #expect(
            try await desk.mistakes(
                in: """
                    reserve c 1  | no 1, 0+10 of 5 left -5
                    commit a 7   | committed 7 of 8, 7+2 of 5 left -4
                    """) == [])
        try await shop.run(ManagePlan(companyID: company.id))
        #expect(
            try await desk.mistakes(
                in: """
                    reserve c 1  | no 1, 0+0 of any left any
                    commit b 2   | committed 2 of 2, 9+0 of any left any
                    show b       | committed 2 of 2, 9+0 of any left any
                    """) == [])
        manage.basePlanID = small.id
        try await shop.run(manage)
        #expect(
            try await desk.mistakes(
                in: """
                    track -9     | ok
                    reserve d 2  | held 2, 0+2 of 5 left 3
                    reserve e 1  | held 1, 0+3 of 5 left 2
                    """) == [])
        try await shop.run(DeleteCompany(companyID: company.id))
        #expect(
            try await desk.mistakes(
                in: """
                    commit d 1   | conflict: the company of hold it has been deleted: it can only be released
                    release d    | released 2, 0+1 of any left any
                    show e       | held 1, 0+1 of any left any
                    """) == [])
        try shop.expectVerified()
    }

    @Test("without a limit holds are only counted; what cannot be counted any more is not held")
    func unlimited() async throws {
        let desk = try await desk(EntitlementInput(valueType: .unlimited))
        let shop = desk.shop
        #expect(
            try await desk.mistakes(
                in: """
                    reserve a 5  | held 5, 0+5 of any left any
                    check        | true, 0+5
                    commit a 5   | committed 5 of 5, 5+0 of any left any
                    """) == [])
        // Corrections make room in the sum of use and holds, and not in the sum of the holds.
        for _ in 0..<4000 { try await shop.track("calls", "acme", -1_000_000_000_000_000) }
        let request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 1_000_000_000_000_000)
        var holds: [Identifier<Hold>] = []
        while let id = try await shop.engine.reserve(request, in: shop.environment).id { holds.append(id) }
        #expect(holds.count == 4611)
        let refused = try await shop.engine.reserve(request, in: shop.environment)
        #expect(refused.reason == "The counter of this company and event is full")
        // What has been used and taken back counts, too, when it comes to a counter's volume.
        for id in holds[..<611] {
            _ = try await shop.engine.commit(id, quantity: request.quantity, in: shop.environment)
        }
        await #expect {
            try await shop.engine.commit(holds[611], quantity: request.quantity, in: shop.environment)
        } throws: {
            "\($0)" == "the counter of this company and event is full: the hold can only be released"
        }
        let released = try await shop.engine.release(holds[611], in: shop.environment)
        #expect(released.reserved == 3999 * request.quantity)
        try shop.expectVerified()
    }

    @Test("use that was held is billed as any other")
    func billing() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Paid", monthly: 100, [(calls, .payAsYouGo(cents: 5))])
        let company = try await shop.company("acme", on: plan)
        let desk = HoldDesk(shop)
        try await shop.setClock("2024-01-31T23:59:50Z")
        #expect(
            try await desk.mistakes(
                in: """
                    reserve a 7  | held 7, 0+7 of any left any
                    reserve b 9  | held 9, 0+16 of any left any
                    reserve c 5  | held 5, 0+21 of any left any
                    commit a 6   | committed 6 of 7, 6+14 of any left any
                    wait 10      | ok
                    commit b 4   | committed 4 of 9, 10+5 of any left any
                    release c    | released 5, 10+0 of any left any
                    """) == [])
        let usage = try shop.engine.read(shop.environment) { try $0.featureUsage(of: company, feature: calls)! }
        #expect(usage.usage == 10 && usage.billedUsage == 4)
        try await shop.setClock("2024-02-02T00:00:00Z")
        #expect(try shop.ledger().last == "open INV-000002 2024-01-01…2024-02-01: usage 6→30 + base 100")
        try shop.expectVerified()
    }

    @Test("feature usage says no when everything is held")
    func featureUsage() async throws {
        let desk = try await desk()
        _ = try await desk.mistakes(in: "reserve a 10 | -")
        let (access, held) = try desk.shop.engine.read(desk.shop.environment) { view in
            let usage = try view.entitledFeatures(of: view.company(keys: ["id": "acme"])!)[0]
            return (usage.access, usage.held)
        }
        #expect(!access && held == 10)
    }

    @Test("an event that meters two features is held when both allow it")
    func twoFeatures() async throws {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        var create = CreateFeature(name: "burst", description: "", type: .event)
        create.eventSubtype = "calls"
        let burst = try await shop.run(create)
        let plan = try await shop.plan("Plan", [(calls, .limit(10, .currentMonth)), (burst, .limit(3, .currentDay))])
        _ = try await shop.company("acme", on: plan)
        func reserve(_ quantity: Int64, event: String? = nil, feature: String? = nil) async throws -> HoldAnswer {
            try await shop.engine.reserve(
                ReserveRequest(company: ["id": "acme"], event: event, feature: feature, quantity: quantity),
                in: shop.environment)
        }
        #expect(try await !reserve(4, event: "calls").allowed)
        let first = try await reserve(3, event: "calls")
        #expect(first.allocation == 3 && first.remaining == 0)
        // By name only that one is asked, and sees what is held of their event.
        #expect(try await reserve(8, feature: "calls").remaining == 7)
        let named = try await reserve(7, feature: "calls")
        #expect(named.allocation == 10 && named.remaining == 0)
        #expect(try shop.engine.hold(named.id!, in: shop.environment).allocation == 10)
        #expect(try shop.engine.hold(first.id!, in: shop.environment).allocation == 3)
        let committed = try await shop.engine.commit(first.id!, quantity: 3, in: shop.environment)
        #expect(committed.allocation == 3 && committed.remaining == -7)
        try shop.expectVerified()
    }

    @Test("the first answer is kept under its key, also when its hold has ended; no other request has that key")
    func keys() async throws {
        let desk = try await desk()
        let (shop, environment) = (desk.shop, desk.shop.environment)
        var request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 4, idempotencyKey: "k")
        request.expiresAt = at("2024-01-01T00:01:00Z")
        var refused = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 7, idempotencyKey: "r")
        let first = try await shop.engine.reserve(request, in: environment)
        let no = try await shop.engine.reserve(refused, in: environment)
        #expect(first.allowed && !no.allowed && no.id == nil && no.status == nil)
        for _ in 0..<2 {
            #expect(try await shop.engine.reserve(request, in: environment) == first)
            #expect(try await shop.engine.reserve(refused, in: environment) == no)
            try await shop.reopen()
            try await shop.setClock("2024-01-01T00:02:00Z")
        }
        #expect(try shop.engine.hold(first.id!, in: environment).status == .expired)
        var other = request
        other.quantity = 3
        for changed in [other] {
            await #expect(throws: Refusal.self) { try await shop.engine.reserve(changed, in: environment) }
        }
        await #expect(throws: Refusal.self) { try await shop.consume("calls", "acme", 4, key: "k") }
        #expect(try await shop.consume("calls", "acme", 4, key: "c").allowed)
        refused.idempotencyKey = "c"
        await #expect(throws: Refusal.self) { try await shop.engine.reserve(refused, in: environment) }
        try shop.expectVerified()
    }

    @Test(
        "what is wrong is refused by name",
        arguments: [
            ("quantity 0", "quantity must be between 1 and 1,000,000,000,000,000, not 0"),
            ("no company", "company must name at least one key"),
            ("neither", "name either event or feature"),
            ("both", "name either event or feature"),
            ("unknown feature", "feature \"nothing\" does not exist"),
            ("boolean", "feature \"flag\" is not metered: there is nothing to consume"),
            (
                "now",
                "expires_at must be later than 2024-01-01T00:00:00Z, by an hour at most, not "
                    + "2024-01-01T00:00:00Z"
            ),
            (
                "too late",
                "expires_at must be later than 2024-01-01T00:00:00Z, by an hour at most, not "
                    + "2024-01-01T01:00:00.001Z"
            ),
        ])
    func refusals(what: String, sentence: String) async throws {
        let desk = try await desk()
        try await desk.shop.run(CreateFeature(name: "flag", description: "", type: .boolean))
        var request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 1, idempotencyKey: "k")
        switch what {
        case "quantity 0": request.quantity = 0
        case "no company": request.company = [:]
        case "neither": request.feature = nil
        case "both": request.event = "calls"
        case "unknown feature": request.feature = "nothing"
        case "boolean": request.feature = "flag"
        case "now": request.expiresAt = at("2024-01-01T00:00:00Z")
        default: request.expiresAt = at("2024-01-01T01:00:00.001Z")
        }
        await #expect {
            try await desk.shop.engine.reserve(request, in: desk.shop.environment)
        } throws: {
            "\($0)" == sentence
        }
        request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 1, idempotencyKey: "k")
        request.expiresAt = at("2024-01-01T01:00:00Z")
        #expect(try await desk.shop.engine.reserve(request, in: desk.shop.environment).allowed)
    }

    @Test("a hold is known in its own environment only")
    func environments() async throws {
        let desk = try await desk()
        _ = try await desk.mistakes(in: "reserve a 1 | -")
        let other = try await desk.shop.engine.execute(
            CreateEnvironment(name: "other", type: .staging), in: Engine.wholeStore)
        for (id, environment) in [
            (desk.holds["a"]!, other.id), (Identifier<Hold>(ordinal: 5), desk.shop.environment),
        ] {
            #expect {
                try desk.shop.engine.hold(id, in: environment)
            } throws: {
                ($0 as? Refusal)?.kind == .notFound
            }
            for quantity in [nil, 1] as [Int64?] {
                #expect {
                    try desk.shop.engine.beginSettling(id, committing: quantity, in: environment)
                } throws: {
                    ($0 as? Refusal)?.kind == .notFound
                }
            }
        }
    }
}

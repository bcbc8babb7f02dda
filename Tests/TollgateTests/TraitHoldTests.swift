import Basics
import Catalog
import Entitlements
import Model
import Store
import Testing
import Tollgate

/// Rules: Tollgate, "Consume and holds".
@Suite("Traits are consumed and held as events are, and change by what is used")
struct TraitHoldTests {
    private func desk(_ limit: EntitlementInput = .limit(10)) async throws -> HoldDesk {
        let shop = try await Workshop()
        let trait = try await shop.run(DefineTrait(entityType: .company, hierarchy: ["used"], traitType: .number))
        var create = CreateFeature(name: "seats", description: "", type: .trait)
        create.traitID = trait.id
        let seats = try await shop.run(create)
        _ = try await shop.company("acme", on: try await shop.plan("Plan", [(seats, limit)]))
        return HoldDesk(shop, "seats")
    }

    @Test("held units count as used for everybody else; a commit adds to the trait, a release does not")
    func numbers() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                set 2        | ok
                reserve a 4  | held 4, 2+4 of 10 left 4
                check        | true, 2+4
                reserve b 5  | no 5, 2+4 of 10 left 4
                reserve b 4  | held 4, 2+8 of 10 left 0
                check        | false, 2+8
                fits 0       | true
                fits 1       | false
                consume 1    | no, 2+8 of 10 left 0
                commit a 3   | committed 3 of 4, 5+4 of 10 left 1
                trait        | 5
                commit a 3   | committed 3 of 4, 5+4 of 10 left 1
                trait        | 5
                commit a 2   | conflict: hold it has been committed with a quantity of 3
                commit b 5   | conflict: quantity must be at most the 4 that are held, not 5
                consume 1    | yes, 6+4 of 10 left 0
                release b    | released 4, 6+0 of 10 left 4
                trait        | 6
                reopen       | ok
                check        | true, 6+0
                show a       | committed 3 of 4, 6+0 of 10 left 4
                reserve c 4  | held 4, 6+4 of 10 left 0
                reopen       | ok
                check        | false, 6+4
                commit c 0   | committed 0 of 4, 6+0 of 10 left 4
                consume 4    | yes, 10+0 of 10 left 0
                trait        | 10
                set 0        | ok
                reserve d 9  | held 9, 0+9 of 10 left 1
                wait 60      | ok
                commit d 1   | conflict: hold it expired at 2024-01-01T00:01:00Z
                trait        | 0
                check        | true, 0+0
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("an event settles a hold: what it used is added to the trait, and counts under its own name")
    func settledByEvents() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4       | held 4, 0+4 of 10 left 6
                settle a 3 k      | ok
                show a            | committed 3 of 4, 3+0 of 10 left 7
                settle a 3 k      | duplicate
                trait             | 3
                settle a 2        | ok
                trait             | 3
                reserve b 4       | held 4, 3+4 of 10 left 3
                settle b 0        | ok
                show b            | committed 0 of 4, 3+0 of 10 left 7
                reserve c 4       | held 4, 3+4 of 10 left 3
                settle c 9        | ok
                show c            | committed 9 of 4, 12+0 of 10 left -2
                trait             | 12
                check             | false, 12+0
                reopen            | ok
                settle c 9        | ok
                trait             | 12
                """)
        #expect(mistakes == [])
        let events = try desk.shop.engine.read(desk.shop.environment) { view in
            try view.events(EventFilter(), offset: 0, limit: 100).map(\.quantity)
        }
        #expect(events == [9, 9, 0, 2, 3])
        try desk.shop.expectVerified()
    }

    @Test("a trait that has become no count is not changed: the hold stays, and the event counts by itself")
    func unreadable() async throws {
        let desk = try await desk()
        let mistakes = try await desk.mistakes(
            in: """
                reserve a 4  | held 4, 0+4 of 10 left 6
                set 2.5      | ok
                consume 1    | invalid: the trait "used" is "2.5", which is no integer and cannot be incremented
                commit a 1   | invalid: the trait "used" is "2.5", which is no integer and cannot be incremented
                settle a 1   | ok
                show a       | held 4, 0+4 of 10 left 6
                trait        | 2.5
                set 1        | ok
                commit a 1   | committed 1 of 4, 2+0 of 10 left 8
                """)
        #expect(mistakes == [])
        try desk.shop.expectVerified()
    }

    @Test("the same key and request gets the first answer again, also after the trait has changed")
    func keys() async throws {
        let desk = try await desk()
        let (shop, environment) = (desk.shop, desk.shop.environment)
        let first = try await shop.consume("seats", "acme", 4, key: "k")
        #expect(first.allowed && first.usage == 4 && first.remaining == 6)
        for _ in 0..<2 {
            #expect(try await shop.consume("seats", "acme", 4, key: "k") == first)
            try await shop.reopen()
        }
        await #expect(throws: Refusal.self) { try await shop.consume("seats", "acme", 5, key: "k") }
        let request = ReserveRequest(company: ["id": "acme"], feature: "seats", quantity: 6, idempotencyKey: "r")
        let held = try await shop.engine.reserve(request, in: environment)
        #expect(try await shop.engine.reserve(request, in: environment) == held)
        #expect(held.reserved == 6 && held.remaining == 0)
        #expect(try await desk.mistakes(in: "trait | 4") == [])
        try shop.expectVerified()
    }

    @Test("whoever looks sees a unit held or used, never neither and never both")
    func oneMoment() async throws {
        let desk = try await desk(EntitlementInput(valueType: .unlimited))
        let (engine, environment) = (desk.shop.engine, desk.shop.environment)
        let taken = Locked<Int64>(0)
        async let looked = Task.detached {
            var (greatest, looks) = (Int64(0), 0)
            repeat {
                let check = try engine.check("seats", company: ["id": "acme"], user: nil, in: environment)
                let reading = check.decision.entitlement!.reading!
                // One that is being held while this looks may be seen or not.
                guard greatest...taken.withLock({ $0 }) + 1 ~= reading.usage + reading.held else { return -1 }
                (greatest, looks) = (reading.usage + reading.held, looks + 1)
            } while greatest < 1500
            return looks
        }.value
        let request = ReserveRequest(company: ["id": "acme"], feature: "seats", quantity: 1)
        for _ in 0..<1500 {
            let id = try await engine.reserve(request, in: environment).id!
            taken.withLock { $0 += 1 }
            _ = try await engine.commit(id, quantity: 1, in: environment)
        }
        #expect(try await looked > 1000)
    }

    @Test("with ten left 64 callers who consume, and hold and commit, get exactly ten")
    func exactness() async throws {
        let desk = try await desk()
        let (engine, environment) = (desk.shop.engine, desk.shop.environment)
        let taken = try await withThrowingTaskGroup(of: Int64.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    if caller % 2 == 0 {
                        let request = ConsumeRequest(company: ["id": "acme"], feature: "seats")
                        return try await engine.consume(request, in: environment).allowed ? 1 : 0
                    }
                    let request = ReserveRequest(company: ["id": "acme"], feature: "seats", quantity: 2)
                    guard let id = try await engine.reserve(request, in: environment).id else { return 0 }
                    return try await engine.commit(id, quantity: 1, in: environment).committed ?? 0
                }
            }
            return try await group.reduce(0, +)
        }
        let rest = try await desk.shop.consume("seats", "acme", 10 - taken + 1)
        #expect(!rest.allowed && rest.usage == taken && rest.reserved == 0)
        if taken < 10 { #expect(try await desk.shop.consume("seats", "acme", 10 - taken).remaining == 0) }
        try desk.shop.expectVerified()
    }
}

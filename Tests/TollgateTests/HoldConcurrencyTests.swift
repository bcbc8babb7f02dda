import Basics
import Catalog
import Entitlements
import Model
import Store
import TestSupport
import Testing
import Tollgate

@Suite("Holds under many callers, failing commits and restarts")
struct HoldConcurrencyTests {
    private func shop(_ limit: Int64) async throws -> Workshop {
        let shop = try await Workshop()
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, .limit(limit))])
        _ = try await shop.company("acme", on: plan)
        return shop
    }

    private struct Taken: Sendable {
        var used: Int64 = 0
        var left: Int64 = 0
    }

    /// What 32 callers of an event with a limit of 500 get, who reserve, commit, release and consume.
    private func take(_ engine: Engine, _ environment: EnvironmentID) async throws -> Taken {
        let watcher = Task {
            while !Task.isCancelled {
                let check = try engine.check("calls", company: ["id": "acme"], user: nil, in: environment)
                let reading = check.decision.entitlement!.reading!
                #expect(reading.usage + reading.held <= 500 && reading.held >= 0)
                await Task.yield()
            }
        }
        let taken = try await withThrowingTaskGroup(of: Taken.self) { group in
            for task in 0..<32 {
                group.addTask {
                    var random = SplitMix(seed: UInt64(task))
                    var taken = Taken()
                    for turn in 0..<40 {
                        let quantity = Int64.random(in: 1...5, using: &random)
                        if turn % 4 == 0 {
                            let request = ConsumeRequest(company: ["id": "acme"], event: "calls", quantity: quantity)
                            if try await engine.consume(request, in: environment).allowed { taken.used += quantity }
                            continue
                        }
                        let request = ReserveRequest(company: ["id": "acme"], event: "calls", quantity: quantity)
                        guard let id = try await engine.reserve(request, in: environment).id else { continue }
                        switch Int.random(in: 0..<6, using: &random) {
                        case 0: taken.left += quantity
                        case 1...3: _ = try await engine.release(id, in: environment)
                        default:
                            let used = Int64.random(in: 0...quantity, using: &random)
                            _ = try await engine.commit(id, quantity: used, in: environment)
                            taken.used += used
                        }
                    }
                    return taken
                }
            }
            return try await group.reduce(into: Taken()) {
                $0.used += $1.used
                $0.left += $1.left
            }
        }
        watcher.cancel()
        try await watcher.value
        return taken
    }

    @Test("reserving, committing, releasing and consuming at once never passes the limit, and loses no unit")
    func exact() async throws {
        let shop = try await shop(500)
        let taken = try await take(shop.engine, shop.environment)
        for _ in 0..<2 {
            let answer = try await shop.consume("calls", "acme", 500)
            #expect(answer.usage == taken.used && answer.reserved == taken.left && !answer.allowed)
            try await shop.reopen()
        }
        try shop.expectVerified()
        try await shop.setClock("2024-01-01T00:01:00Z")
        let answer = try await shop.consume("calls", "acme", 500 - taken.used)
        #expect(answer.allowed && answer.reserved == 0 && answer.remaining == 0)
        try shop.expectVerified()
    }

    @Test("of those who settle one hold at once, one does; who wants the same is told the same, others are refused")
    func settlingAtOnce() async throws {
        let shop = try await shop(100_000)
        let (engine, environment) = (shop.engine, shop.environment)
        var used: Int64 = 0
        for _ in 0..<40 {
            let request = ReserveRequest(company: ["id": "acme"], event: "calls", quantity: 9)
            let id = try await engine.reserve(request, in: environment).id!
            let answers = try await withThrowingTaskGroup(of: HoldAnswer?.self) { group in
                for caller in 0..<12 {
                    group.addTask {
                        do {
                            if caller % 3 == 0 { return try await engine.release(id, in: environment) }
                            return try await engine.commit(id, quantity: caller % 3 == 1 ? 4 : 7, in: environment)
                        } catch let refusal as Refusal where refusal.kind == .conflict {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let told = answers.compactMap(\.self)
            #expect(told.count == 4 && Set(told.map { $0.committed ?? 0 }).count == 1)
            used += told[0].committed ?? 0
            #expect(told.allSatisfy { $0 == told[0] } && told[0].usage == used && told[0].reserved == 0)
        }
        try shop.expectVerified()
    }

    @Test("the same key at once makes one hold")
    func oneKey() async throws {
        let shop = try await shop(10)
        let (engine, environment) = (shop.engine, shop.environment)
        let answers = try await withThrowingTaskGroup(of: HoldAnswer.self) { group in
            for _ in 0..<24 {
                group.addTask {
                    let request = ReserveRequest(
                        company: ["id": "acme"], event: "calls", quantity: 6, idempotencyKey: "once")
                    return try await engine.reserve(request, in: environment)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0 == answers[0] } && answers[0].reserved == 6)
        try shop.expectVerified()
    }

    @Test(
        "a commit that fails leaves holds as they were, wherever it fails",
        arguments: [CommitStage.begun, .halfWritten])
    func failures(stage: CommitStage) async throws {
        let faults = Locked<CommitStage?>(nil)
        var options = Workshop.options
        options.commitProbe = { reached in
            if faults.withLock({ $0 }) == reached { throw StoreFailure("the test broke this commit") }
        }
        let shop = try await Workshop(options: options)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, .limit(10))])
        _ = try await shop.company("acme", on: plan)
        let desk = HoldDesk(shop)
        func failing(_ line: String) async throws {
            faults.withLock { $0 = stage }
            await #expect(throws: StoreFailure.self) { try await desk.mistakes(in: line + " | -") }
            shop.engine.committer.drain()
            faults.withLock { $0 = nil }
        }
        #expect(
            try await desk.mistakes(
                in: """
                    reserve a 3 10  | held 3, 0+3 of 10 left 7
                    reserve b 4     | held 4, 0+7 of 10 left 3
                    reserve c 1     | held 1, 0+8 of 10 left 2
                    release c       | released 1, 0+7 of 10 left 3
                    """) == [])
        for line in ["commit a 2", "release b", "reserve x 3", "consume 3", "commit a 0", "commit a 3"] {
            try await failing(line)
            #expect(
                try await desk.mistakes(
                    in: """
                        check     | true, 0+7
                        show a    | held 3, 0+7 of 10 left 3
                        show b    | held 4, 0+7 of 10 left 3
                        release c | released 1, 0+7 of 10 left 3
                        consume 4 | no, 0+7 of 10 left 3
                        """) == [], "\(line)")
        }
        // A clock that was not moved has let nothing expire.
        faults.withLock { $0 = stage }
        await #expect(throws: StoreFailure.self) { try await shop.setClock("2024-01-01T00:02:00Z") }
        shop.engine.committer.drain()
        faults.withLock { $0 = nil }
        #expect(
            try await desk.mistakes(
                in: """
                    consume 4  | no, 0+7 of 10 left 3
                    commit a 2 | committed 2 of 3, 2+4 of 10 left 4
                    release b  | released 4, 2+0 of 10 left 8
                    """) == [])
        try shop.expectVerified()
    }

    @Test("a clock that is put back brings nothing back, and ids go on")
    func clockBack() async throws {
        let clock = HandClock(at("2024-01-01T00:00:00Z"))
        let shop = try await Workshop(clock: clock)
        let calls = try await shop.eventFeature("calls")
        let plan = try await shop.plan("Plan", [(calls, .limit(10))])
        _ = try await shop.company("acme", on: plan)
        let request = ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 4)
        let first = try await shop.engine.reserve(request, in: shop.environment)
        clock.set(at("2024-01-01T00:01:00Z"))
        #expect(try await shop.consume("calls", "acme", 10).allowed)
        clock.set(at("2024-01-01T00:00:30Z"))
        await #expect(throws: Refusal.self) {
            try await shop.engine.commit(first.id!, quantity: 1, in: shop.environment)
        }
        try await shop.track("calls", "acme", -10)
        var ids = [first.id!]
        for _ in 0..<3 {
            try await shop.reopen()
            let answer = try await shop.engine.reserve(
                ReserveRequest(company: ["id": "acme"], feature: "calls", quantity: 1), in: shop.environment)
            ids.append(answer.id!)
        }
        #expect(ids == ids.sorted() && Set(ids).count == 4)
        try shop.expectVerified()
    }
}

import Testing
import Tollgate

@Suite struct CheckTests {
    @Test func anAnswerShowsTheLimitThatDecided() async throws {
        let workshop = try await Workshop(at: "2024-01-10T00:00:00Z")
        let calls = try await workshop.eventFeature("calls")
        let plan = try await workshop.plan("Pro", [(calls, .limit(2, .currentMonth))])
        _ = try await workshop.company("acme", on: plan)
        func answer() throws -> CheckAnswer {
            try workshop.engine.check("calls", company: ["id": "acme"], in: workshop.environment)
        }
        let resetAt = Timestamp(rfc3339: "2024-02-01T00:00:00Z")
        for used in 0...3 as ClosedRange<Int64> {
            let answer = try answer()
            #expect(answer.value == (used < 2))
            #expect(answer.usage == used && answer.allocation == 2 && answer.resetAt == resetAt)
            #expect(answer.reason.contains(used < 2 ? "plan entitlement rule" : "plan entitlement usage exceeded rule"))
            try await workshop.track("calls", "acme")
        }
        try await workshop.setClock("2024-02-01T00:00:00Z")
        #expect(try answer().usage == 0)
    }

    @Test func aKeyIsFollowedToWhoeverHoldsIt() async throws {
        let workshop = try await Workshop()
        let calls = try await workshop.eventFeature("calls")
        let plan = try await workshop.plan("Pro", [(calls, .limit(2))])
        #expect(try !workshop.check("calls", "a"))
        let first = try await workshop.company("a", on: plan)
        #expect(try workshop.check("calls", "a"), "nobody held the key when it was asked for first")
        try await workshop.track("calls", "a", 2)
        #expect(try !workshop.check("calls", "a"))

        try await workshop.run(DeleteCompany(companyID: first.id))
        #expect(
            try workshop.engine.check("calls", company: ["id": "a"], in: workshop.environment).reason
                == "Company not found")
        _ = try await workshop.company("a", on: plan)
        #expect(try workshop.check("calls", "a"), "the new company has used nothing")
    }

    @Test func anUnknownFlagIsRefused() async throws {
        let workshop = try await Workshop()
        for company in ["known", "unknown"] {
            if company == "known" { try await workshop.run(UpsertCompany(keys: ["id": company])) }
            #expect(throws: Refusal.self) { try workshop.check("none", company) }
        }
    }
}

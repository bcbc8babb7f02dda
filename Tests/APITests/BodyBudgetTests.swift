import Model
import Testing

@testable import API

@Suite struct BodyBudgetTests {
    @Test func whatABodyTakesComesBackWithItsEnd() throws {
        let budget = BodyBudget(bytes: 100)
        do {
            var first = try BodyBudget.Share(of: budget)
            try first.take(60)
            var second = try BodyBudget.Share(of: budget)
            try second.take(30)
            #expect(throws: Refusal.self) { try second.take(11) }
            try second.take(10)
            #expect(throws: Refusal.self, "nothing is left to begin with") { _ = try BodyBudget.Share(of: budget) }
        }
        var all = try BodyBudget.Share(of: budget)
        try all.take(100)
    }

    @Test func aRefusalSaysThatItMayBeTriedAgain() throws {
        let budget = BodyBudget(bytes: 10)
        var share = try BodyBudget.Share(of: budget)
        do {
            try share.take(11)
            Issue.record("11 of 10 bytes were given")
        } catch {
            #expect(error.kind == .overloaded)
            #expect(error.message.contains("try again"))
        }
    }
}

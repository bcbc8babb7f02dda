internal import Entitlements
internal import Model
internal import Testing

/// Rules: Tollgate, "Consume and holds".
@Suite struct ConsumeDecisionTests {
    @Test func allOrNothing() {
        let max = Int64.max
        let table = """
            entitlement | used | held | quantity | answer
            1000        | 999  | 0    | 1        | allowed 1000 remaining 0
            1000        | 1000 | 0    | 1        | Usage limit reached: 1000 of 1000 used, 1 requested (remaining 0)
            1000        | 990  | 10   | 1        | Usage limit reached: 990 of 1000 used, 10 held, 1 requested (remaining 0)
            1000        | 990  | 9    | 1        | allowed 1000 remaining 0
            10          | 8    | 0    | 5        | Usage limit reached: 8 of 10 used, 5 requested (remaining 2)
            10          | 18   | 0    | 1        | Usage limit reached: 18 of 10 used, 1 requested (remaining -8)
            10          | -5   | 0    | 3        | allowed 10 remaining 12
            10          | 10   | 0    | 0        | allowed 10 remaining 0
            10          | 5    | 0    | \(max)   | Usage limit reached: 5 of 10 used, \(max) requested (remaining 5)
            \(max)      | 1    | 0    | \(max)   | Usage limit reached: 1 of \(max) used, \(max) requested (remaining \(max - 1))
            unlimited   | 5    | 0    | 7        | allowed nil remaining nil
            unlimited   | 5    | 1    | \(max)   | Usage of feature "api-calls" cannot grow from 5, with 1 held, by \(max)
            on          | 5    | 0    | 7        | allowed nil remaining nil
            off         | 0    | 0    | 1        | Feature "api-calls" is switched off for this company
                        | 0    | 0    | 1        | No entitlement for feature "api-calls"
            """
        for row in rows(table) {
            var fixture = Fixture()
            if !row[0].isEmpty { fixture.grant(Fixture.entitlement(EntitlementValue(text: row[0]))) }
            let grant = fixture.company.standing.effectiveGrant(of: fixture.feature.id, at: Fixture.now)
            let answer =
                switch ConsumeDecision(
                    grant, usage: Int64(row[1])!, held: Int64(row[2])!, quantity: Int64(row[3])!)
                {
                case .allowed(let allocation, let remaining):
                    "allowed \(text(allocation)) remaining \(text(remaining))"
                case .refused(let refusal):
                    refusal.reason(feature: "api-calls") + (refusal.remaining.map { " (remaining \($0))" } ?? "")
                }
            #expect(answer == row[4], "\(row)")
        }
    }

    private func text(_ number: Int64?) -> String { number.map { "\($0)" } ?? "nil" }
}

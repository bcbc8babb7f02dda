import Testing

@testable import tollgate_bench

@Suite struct ComparisonTests {
    private func comparison(_ ours: [Double], _ theirs: [Double]) -> Comparison {
        let rounds = ["A": ours, "B": theirs].mapValues { values in
            values.map { Measurement([.perSecond: $0], proof: "p") }
        }
        let contenders = ["A", "B"].map { name in Contender(name: name) { _ in Measurement(proof: "") } }
        return Comparison(
            scenario: Scenario(name: "s", unit: "u", contenders: contenders, goals: []), rounds: rounds)
    }

    @Test func `a goal compares the medians of the rounds`() {
        let comparison = comparison([100, 1, 900], [10, 30])
        let goal = Goal(figure: .perSecond, contender: "A", over: "B", bound: .atLeast(5))
        #expect(comparison.value(of: goal) == 5)
        #expect(goal.isReached(by: 5) && !goal.isReached(by: 4.99))
        #expect(comparison.value(of: Goal(figure: .perSecond, contender: "B", bound: .atMost(1))) == 20)
    }

    @Test func `who did not take part has no figure`() {
        let goal = Goal(figure: .perSecond, contender: "A", over: "C", bound: .atMost(5))
        #expect(comparison([1], [1]).value(of: goal) == nil)
        #expect(goal.isReached(by: 5) && !goal.isReached(by: 5.01))
    }

    @Test(arguments: [
        (0, "0"), (0.123, "0.123"), (0.0504, "0.050"), (1, "1.00"), (12.34, "12.3"), (99.96, "100.0"), (123.4, "123"),
        (1_234_567, "1,234,567"), (100, "100"), (-1_500, "-1,500"), (-0.5, "-0.500"),
    ])
    func `numbers are short`(_ value: Double, _ text: String) {
        #expect(Table.number(value) == text)
    }

    @Test func `columns are aligned and empty ones left out`() {
        #expect(Table.text([["a", "b", "c"], ["long", "", "x"], ["s", "", ""]]) == "a     c\nlong  x\ns")
    }
}

/// A scenario's figures over all rounds, and how they stand to its goals.
struct Comparison {
    let scenario: Scenario
    /// Of each contender by name, one for each round.
    let rounds: [String: [Measurement]]

    /// Lets the contenders work in turn, round by round, so that what disturbs the machine disturbs all alike.
    static func run(_ scenario: Scenario, _ sizes: Sizes, rounds: Int) async throws -> Comparison {
        var found: [String: [Measurement]] = [:]
        for _ in 0..<min(rounds, scenario.rounds) {
            for contender in scenario.contenders where contender.isInstalled {
                found[contender.name, default: []].append(try await contender.work(sizes))
            }
        }
        return Comparison(scenario: scenario, rounds: found)
    }

    /// Nil where the contender did not take part, or has no such figure.
    func median(_ figure: Figure, of contender: String) -> Double? {
        let values = (rounds[contender] ?? []).compactMap { $0.figures[figure] }.sorted()
        guard !values.isEmpty else { return nil }
        return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
    }

    /// The figure, or the ratio, that the goal is about.
    func value(of goal: Goal) -> Double? {
        guard let value = median(goal.figure, of: goal.contender) else { return nil }
        guard let over = goal.over else { return value }
        return median(goal.figure, of: over).map { value / $0 }
    }
}

extension Comparison {
    private var contenders: [String] { scenario.contenders.map(\.name).filter { rounds[$0] != nil } }

    /// What was measured: a row for each contender.
    static func figures(_ comparisons: [Comparison]) -> String {
        let rows = comparisons.flatMap { comparison in
            comparison.contenders.map { contender in
                [comparison.scenario.name, contender]
                    + Figure.allCases.map { comparison.median($0, of: contender).map(Table.number) ?? "" }
                    + [comparison.rounds[contender]?.last?.proof ?? ""]
            }
        }
        return Table.text([["work", "contender"] + Figure.allCases.map(\.rawValue) + ["proof"]] + rows)
    }

    /// What it shows: a row for each goal.
    static func goals(_ comparisons: [Comparison]) -> String {
        let rows = comparisons.flatMap { comparison in
            comparison.scenario.goals.compactMap { goal in
                comparison.value(of: goal).map { value in
                    [
                        comparison.scenario.name, goal.description, goal.bound.description, Table.number(value),
                        goal.isReached(by: value) ? "reached" : "not reached",
                    ]
                }
            }
        }
        return Table.text([["work", "figure", "to reach", "found", ""]] + rows)
    }
}

extension Goal: CustomStringConvertible {
    var description: String {
        let over = over.map { " ÷ \($0)" } ?? ""
        return "\(figure.rawValue): \(contender)\(over)"
    }
}

extension Goal.Bound: CustomStringConvertible {
    var description: String {
        switch self {
        case .atLeast(let least): "≥ \(Table.number(least))"
        case .atMost(let most): "≤ \(Table.number(most))"
        }
    }
}

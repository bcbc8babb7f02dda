import ArgumentParser
import Testing

@testable import tollgate_bench

@Suite struct QuickTests {
    /// Every contender proves its own work and throws when it did not come out; so all that is left is to run them.
    @Test func `every work is done at its smallest`() async throws {
        defer { Workbench.clear() }
        let comparisons = try await Bench.parse(["--quick", "--long"]).compare()
        #expect(comparisons.map(\.scenario.name) == Scenario.all.map(\.name))
        for comparison in comparisons {
            for contender in comparison.scenario.contenders where contender.isInstalled {
                let measurement = try #require(comparison.rounds[contender.name]?.first)
                #expect(!measurement.proof.isEmpty)
                #expect(measurement.figures.values.allSatisfy { $0.isFinite && $0 >= 0 })
            }
            for goal in comparison.scenario.goals {
                let names = comparison.scenario.contenders.map(\.name)
                #expect(names.contains(goal.contender) && goal.over.map(names.contains) ?? true)
            }
        }
    }
}

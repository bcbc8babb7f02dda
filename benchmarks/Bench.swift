internal import ArgumentParser
internal import Foundation

/// Measures what Tollgate is for beside what a user would take instead, in one run on one machine.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate-bench",
        abstract: "Measure Tollgate beside Redis, PostgreSQL and nginx on this machine.",
        discussion: """
            Example: tollgate-bench --only batches --rounds 5

            Servers are started on free ports of the loopback with stores in the temporary directory, and are ended \
            and removed again. Client and server share the machine. Of each figure the median of the rounds counts. A \
            run is added as one line of JSON to the results file. benchmarks/README.md says how it is measured.
            """)

    @ArgumentParser.Flag(help: "Tiny sizes, one round, nothing recorded: shows in seconds that it all works.")
    var quick = false

    @ArgumentParser.Flag(help: "Also what takes very long.")
    var long = false

    @Option(help: "Only the works whose name contains this.")
    var only = ""

    @Option(help: "How often each contender works.")
    var rounds = 3

    @Option(help: "What is measured, for the results file: a version or commit.")
    var label = ""

    @Option(help: "The results file.")
    var results = "benchmarks/results/runs.jsonl"

    func validate() throws {
        guard rounds > 0 else { throw ValidationError("rounds must be at least 1, not \(rounds)") }
    }

    func run() async throws {
        let interrupts = Workbench.clearOnInterrupt()
        defer {
            Workbench.clear()
            for interrupt in interrupts { interrupt.cancel() }
        }
        let comparisons = try await compare()
        print("\n\(Comparison.figures(comparisons))\n\n\(Comparison.goals(comparisons))")
        if !quick { try RunRecord(comparisons, label: label).append(to: results) }
    }

    /// Runs the chosen works one after another, and tells what each found, so that an interrupted run was not in vain.
    func compare() async throws -> [Comparison] {
        var comparisons: [Comparison] = []
        for scenario in Scenario.all where (long || !scenario.isLong) && (only.isEmpty || scenario.name.contains(only))
        {
            FileHandle.standardError.write(Data("\(scenario.name) …\n".utf8))
            let comparison = try await compare(scenario)
            FileHandle.standardError.write(Data("\(Comparison.figures([comparison]))\n\n".utf8))
            comparisons.append(comparison)
        }
        return comparisons
    }

    /// What is not installed is left out of a quick run; any other one says that it is missing.
    private func compare(_ scenario: Scenario) async throws -> Comparison {
        if let missing = scenario.contenders.first(where: { !$0.isInstalled }), !quick {
            throw BenchFailure.missing(missing.name)
        }
        return try await Comparison.run(scenario, quick ? .quick : .full, rounds: quick ? 1 : rounds)
    }
}

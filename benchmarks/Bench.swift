internal import ArgumentParser
internal import Foundation
internal import Tollgate

/// Measures what Tollgate is for: durable events, checks, consumes and invoices each second.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate-bench",
        abstract: "Measure events, checks, consumes and invoices each second on this machine.",
        discussion: """
            Example: tollgate-bench --only events --events 5000000

            Everything runs in this process, on stores in the temporary directory; over HTTP the client shares the \
            machine with the server. The last column proves that the work was done: it is the same on every machine. \
            A run is added as one line of JSON to the results file.
            """)

    @ArgumentParser.Flag(help: "Tiny sizes, nothing recorded: shows in seconds that it all works.")
    var quick = false

    @Option(help: "Only the benchmarks whose name contains this.")
    var only = ""

    @Option(help: "Events to record, in each of the two ways.")
    var events: Int?

    @Option(help: "Checks to ask, in each of the two ways.")
    var checks: Int?

    @Option(help: "Consumes to attempt.")
    var consumes: Int?

    @Option(help: "Companies to close a month for.")
    var companies: Int?

    @Option(help: "What is measured, for the results file: a version or commit.")
    var label = ""

    @Option(help: "The results file.")
    var results = "benchmarks/results/runs.jsonl"

    func run() async throws {
        let measurements = try await measure()
        print(Measurement.table(measurements))
        if !quick { try append(measurements) }
    }

    /// Runs the chosen benchmarks one after another.
    func measure() async throws -> [Measurement] {
        let sizes = Sizes(
            events: events ?? (quick ? 4_000 : 2_000_000), checks: checks ?? (quick ? 500 : 300_000),
            consumes: consumes ?? (quick ? 2_500 : 100_000), companies: companies ?? (quick ? 20 : 10_000))
        var measurements: [Measurement] = []
        for scenario in Scenario.all where only.isEmpty || scenario.name.contains(only) {
            measurements.append(try await scenario.run(sizes))
        }
        return measurements
    }

    private func append(_ measurements: [Measurement]) throws {
        let run = Run(
            at: Date().ISO8601Format(), label: label, cores: ProcessInfo.processInfo.activeProcessorCount,
            measurements: measurements)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(run) + Data("\n".utf8)
        if !FileManager.default.fileExists(atPath: results) {
            guard FileManager.default.createFile(atPath: results, contents: nil) else {
                throw ValidationError("\(results) cannot be made: run from the project's root, or name --results")
            }
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: results))
        try file.seekToEnd()
        try file.write(contentsOf: line)
        try file.close()
    }
}

/// One line of the results file.
private struct Run: Encodable {
    let at: String
    let label: String
    let cores: Int
    let measurements: [Measurement]
}

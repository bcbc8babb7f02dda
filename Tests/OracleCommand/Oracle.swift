internal import ArgumentParser
internal import Basics
internal import Foundation
internal import TestSupport

@main
struct Oracle: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate-oracle",
        abstract: "Decide random flags, and say what Schematic's own rules engine has to be asked to decide the same.",
        subcommands: [Scenarios.self, Comparisons.self])

    /// One line: what the vendor's engine takes, at which time, and what ours decided.
    static func answer(_ scenario: Scenario) throws {
        let line: [String: Any] = [
            "envelope": scenario.envelope, "now": scenario.now.milliseconds, "decision": scenario.decision,
        ]
        try FileHandle.standardOutput.write(contentsOf: JSONSerialization.data(withJSONObject: line) + [0x0A])
    }
}

struct Scenarios: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Random companies, entitlements, overrides, rules and usage: one JSON line for each.")

    @Option(help: "Repeats the scenarios.")
    var seed: UInt64

    @Option(help: "How many.")
    var count: Int

    func run() throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<count { try Oracle.answer(Scenario(&random)) }
    }
}

struct Comparisons: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "One comparison with every operator, for each line of standard input: type, left and right by tabs.",
        discussion: """
            The type is metric or that of a trait; left is "none" for a trait or counter that is not there. Eight lines \
            compare with a constant, and eight more with a trait.
            """)

    func run() throws {
        while let line = readLine() {
            for comparesTraits in [false, true] {
                try Scenario.comparisons(line, comparesTraits: comparesTraits).forEach(Oracle.answer)
            }
        }
    }
}

internal import ArgumentParser
internal import Tollgate

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove that the state is what the journal says, and that the books add up.",
        discussion: """
            Example: tollgate verify --data ./data

            Replays the journal into an empty store and compares everything with the state on disk; adds up the \
            journal's events and compares the sums with every counter; rates every finalised usage line again, and \
            checks that no use is billed twice, that billed, corrected and unbilled add up to what was metered, and \
            that each invoice's seal fits its content and the invoice before. \
            Changes nothing. The exit status is 2 when it finds a difference.
            """)

    private static let shownDifferences = 20

    @OptionGroup var store: DataOption

    func run() async throws {
        try await store.withEngine { engine in
            let report = try engine.verified("verify  ")
            for difference in report.differences.prefix(Self.shownDifferences) { Console.say(difference) }
            guard report.differences.isEmpty else {
                Console.complain("tollgate: \(report.differences.count.grouped) differences")
                throw ExitCode(2)
            }
        }
    }
}

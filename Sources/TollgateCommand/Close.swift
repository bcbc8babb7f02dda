internal import ArgumentParser
internal import Tollgate

struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Close the billing periods that have ended, and issue their invoices.",
        discussion: """
            Example: tollgate close --data ./data --until 2026-09-01T00:00:00Z

            A running server does this by itself. Running it twice, or killing it anywhere and running it again, gives \
            the same invoices. Drafts whose grace is over become open invoices with a number.
            """)

    @OptionGroup var store: DataOption
    @OptionGroup var environments: EnvironmentOption

    @Option(help: ArgumentHelp("Close what has ended by then; without it, by now.", valueName: "instant"))
    var until: Timestamp?

    @ArgumentParser.Flag(help: "Move the environment's test clock to --until first. Not in production.")
    var moveClock = false

    func validate() throws {
        guard !moveClock || until != nil else { throw ValidationError("--move-clock needs --until") }
    }

    func run() async throws {
        try await store.withEngine { engine in
            var refused = 0
            for environment in try environments.environments(in: engine) {
                if moveClock, let until { try await engine.setTestClock(until, in: environment.id) }
                let report = try await engine.closeDue(until: until, in: environment.id)
                Console.say(
                    """
                    \(environment.name): \(report.closed.grouped) periods closed, \(report.invoices.grouped) invoices, \
                    until \(report.until.rfc3339)
                    """)
                for reason in report.refused { Console.complain(reason) }
                refused += report.refused.count
            }
            guard refused == 0 else { throw CommandFailure.refused("\(refused) could not be closed and stay due") }
        }
    }
}

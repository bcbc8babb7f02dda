internal import ArgumentParser
internal import Tollgate

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the store to another directory, as of one instant, while a server may go on using it.",
        discussion: """
            Example: tollgate backup --data ./data --to /backup/tollgate-2026-08-01

            The copy is a data directory: `tollgate serve --data` on it is the restore. The directory is made when \
            there is none, and must not hold a store already. The journal position that is printed is the number of \
            the last entry in the copy, as `tollgate verify` and the metric tollgate_journal_position show it.
            """)

    @OptionGroup var store: DataOption

    @Option(help: ArgumentHelp("The directory to make the copy in.", valueName: "dir"))
    var to: String

    func run() async throws {
        let position = try Engine.backup(of: store.data, to: to)
        Console.say("copied to \(to), journal position \(position)")
    }
}

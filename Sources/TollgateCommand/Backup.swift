internal import ArgumentParser
internal import Glibc
internal import Tollgate

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the store to another directory, as of one instant.",
        discussion: """
            Example: tollgate backup --data ./data --to /backup/tollgate-2026-08-01

            The copy is a data directory: `tollgate serve --data` on it is the restore. The directory is made when there is \
            none, and must not hold a store already.
            """)

    @OptionGroup var store: DataOption

    @Option(help: ArgumentHelp("The directory to make the copy in.", valueName: "dir"))
    var to: String

    func run() async throws {
        guard mkdir(to, 0o700) == 0 || errno == EEXIST else {
            throw CommandFailure.system("\(to) cannot be made", errno: errno)
        }
        try await store.withEngine { engine in
            try engine.backup(to: to)
        }
        Console.say("copied to \(to)")
    }
}

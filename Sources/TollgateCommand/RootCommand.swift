internal import ArgumentParser
internal import Glibc

/// The program `tollgate`: reads the command line, and turns every error into a sentence and an exit status.
@main
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "Meters usage, enforces limits and bills for both: one program, one data directory.",
        discussion: """
            See it work:       tollgate demo
            Run it:            tollgate serve --data /var/lib/tollgate
            Load a file:       tollgate import --data /var/lib/tollgate events.ndjson.gz
            See what is owed:  tollgate invoices list --data /var/lib/tollgate

            One process holds a data directory. While a server runs, ask the server; the other commands open the \
            directory themselves and say so when it is held.

            Exit status: 0 done · 1 refused, or done only in part · 2 verify found differences · 64 the command line \
            is wrong · 75 the data directory is held or cannot be used now: try again.
            """,
        subcommands: [
            Serve.self, Demo.self, Import.self, Close.self, Invoices.self, Usage.self, Verify.self, Backup.self,
            Keys.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            switch exitCode(for: error) {
            case .failure:
                let failure = CommandFailure(error)
                Console.complain("tollgate: \(failure.message)")
                Glibc.exit(failure.status)
            case .validationFailure:
                Console.complain("tollgate: \(fullMessage(for: error).trimmingPrefix("Error: "))")
                Glibc.exit(ExitCode.validationFailure.rawValue)
            default:
                // Help, and statuses thrown as such.
                exit(withError: error)
            }
        }
    }
}

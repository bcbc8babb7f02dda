internal import ArgumentParser
internal import Foundation
internal import Tollgate

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See all of it work on a made-up business: a month of a million events, limits, invoices.",
        discussion: """
            Example: tollgate demo

            Uses the engine inside this process on a folder that is removed at the end. The figures are the same each \
            time, except the rates, which are this machine's.
            """)

    @Option(help: "How many events to stream in.")
    var events = 1_000_000

    @Option(
        help: ArgumentHelp("Keep the data in this directory, to look at with the other commands.", valueName: "dir"))
    var keep: String?

    func validate() throws {
        guard (1...100_000_000).contains(events) else { throw ValidationError("--events is 1 to 100,000,000") }
    }

    func run() async throws {
        let directory = keep ?? FileManager.default.temporaryDirectory.path + "/tollgate-demo-\(getpid())"
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw CommandFailure.refused("\(directory) exists already: name a directory that the demo can make")
        }
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: directory) } }
        let engine = try Engine.open(directory)
        defer { engine.close() }
        Console.say("Tollgate demo · an embedded store in \(directory)\n")
        try await play(engine)
        Console.say(whatNext)
    }

    private func play(_ engine: Engine) async throws {
        let world = try await DemoWorld.make(engine)
        let traffic = try await DemoTraffic.stream(events, into: world)
        try await DemoLimits.run(world)
        try DemoChecks.run(world)
        try await DemoBilling.run(world, expecting: traffic)
        _ = try engine.verified("7 verify    ")
    }

    private var whatNext: String {
        let data = keep ?? "./data"
        return """

            Where to go next
              tollgate serve --data \(data)          the same over HTTP; curl and the Schematic SDKs speak to it
              tollgate invoices list --data \(data)  what every company owes (after tollgate demo --keep \(data))
              tollgate help                         all the commands
              README.md                             one screen of use: curl, Python, Swift
            """
    }
}

internal import API
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import Tollgate
internal import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the HTTP API, and close billing periods as they fall due.",
        discussion: """
            Example: TOLLGATE_API_KEY=sch_dev_secret tollgate serve --data ./data --port 8080

            The first start makes the directory, one environment and a secret API key for it: the one in \
            TOLLGATE_API_KEY, or a new one, which is printed once. When requests are answered it prints one line: \
            tollgate: listening on http://HOST:PORT. Logs go to standard error. SIGTERM and SIGINT let running \
            requests finish, write everything down and exit 0.
            """)

    @OptionGroup var store: DataOption
    @OptionGroup var dedupe: DedupeOption

    @Option(help: "The address to listen on; 0.0.0.0 for all.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 for any that is free.")
    var port = 8080

    @Option(help: "The type of environment that the first start makes.")
    var environment: EnvironmentType?

    @Option(
        help: ArgumentHelp(
            "Journal bytes that a start may have to count again: fewer cost more work with each commit.",
            valueName: "bytes"))
    var journalTail = EngineOptions().journalTailBytes

    @Option(
        help: ArgumentHelp(
            "Address space to begin with, where a machine has little; it grows by itself.", valueName: "bytes"))
    var map = EngineOptions().mapBytes

    @Option(help: "Requests a second that one API key may make to change something; no limit when absent.")
    var rateLimitWrites: Int?

    @Option(help: "The same for reads. Flag checks, events, consumes and reservations are not limited.")
    var rateLimitReads: Int?

    @Option(
        help: ArgumentHelp(
            "The company's key that the subject of a CloudEvent is a value of.", valueName: "key"))
    var subjectKey = "id"

    func validate() throws {
        for rate in [rateLimitWrites, rateLimitReads].compactMap(\.self) {
            guard (1...1_000_000).contains(rate) else {
                throw ValidationError("a rate is 1 to 1000000 requests a second, not \(rate)")
            }
        }
        guard (0...65535).contains(port) else { throw ValidationError("a port is 0 to 65535, not \(port)") }
        guard (1...128).contains(subjectKey.utf8.count) else {
            throw ValidationError("a company's key has 1 to 128 bytes, not \(subjectKey.utf8.count)")
        }
        guard journalTail > 0 else { throw ValidationError("a journal tail has at least 1 byte, not \(journalTail)") }
        guard map > 0 else { throw ValidationError("a map has at least 1 byte, not \(map)") }
    }

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let logger = Logger(label: "tollgate")
        OpenFiles.raiseLimit()
        var options = EngineOptions()
        options.journalTailBytes = journalTail
        options.mapBytes = map
        dedupe.set(&options)
        let engine = try store.open(options)
        defer { engine.close() }
        try await FirstStart(engine: engine, wanted: environment).prepare(
            key: ProcessInfo.processInfo.environment["TOLLGATE_API_KEY"], logger)

        var serverOptions = ServerOptions()
        serverOptions.rates = RequestRates(writes: rateLimitWrites, reads: rateLimitReads)
        serverOptions.streamMemory = store.data + "/streams"
        serverOptions.subjectKey = subjectKey
        var configuration = ServiceGroupConfiguration(
            services: [
                // They end in the reverse order.
                CheckNoter(engine: engine, logger: logger),
                HTTPService(engine: engine, host: host, port: port, logger: logger, options: serverOptions),
                Closer(engine: engine, logger: logger),
                Auditor(engine: engine, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// The HTTP server as one of the things that start and stop together.
private struct HTTPService: Service {
    let engine: Engine
    let host: String
    let port: Int
    let logger: Logger
    let options: ServerOptions

    func run() async throws {
        // The address of an IPv6 socket stands in brackets in a URL.
        let shownHost = host.contains(":") ? "[\(host)]" : host
        do {
            let server = Server(engine: engine, host: host, port: port, logger: logger, options: options)
            try await server.run { port in
                Console.say("tollgate: listening on http://\(shownHost):\(port)")
            }
        } catch {
            throw CommandFailure.refused("serving on \(shownHost):\(port) failed: \(error)")
        }
    }
}

public import Logging
public import Tollgate
internal import Hummingbird
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// The HTTP server: Schematic's API, and Tollgate's additions to it, for one engine.
public struct Server: Sendable {
    private let engine: Engine
    private let host: String
    private let port: Int
    private let logger: Logger

    /// Port 0 takes any free one.
    public init(engine: Engine, host: String, port: Int, logger: Logger) {
        self.engine = engine
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// Serves until the task is cancelled or a graceful shutdown begins; then requests in flight are answered first.
    ///
    /// - Parameter onListening: gets the port, once connections are accepted.
    public func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let application = Application(
            router: Routes.router(for: engine),
            server: .http1(configuration: .init(idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), backlog: 1024),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) },
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), logger: logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        // A cancelled service group drops its connections, so it runs in a task of its own, and cancelling means asking
        // it to stop.
        let running = Task { try await group.run() }
        let stop: @Sendable () -> Void = { Task { await group.triggerGracefulShutdown() } }
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await running.value
            } onCancel: {
                stop()
            }
        } onGracefulShutdown: {
            stop()
        }
    }
}

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
    private let options: ServerOptions

    /// Port 0 takes any free one.
    public init(engine: Engine, host: String, port: Int, logger: Logger, options: ServerOptions = ServerOptions()) {
        self.engine = engine
        self.host = host
        self.port = port
        self.logger = logger
        self.options = options
    }

    /// Serves until the task is cancelled or a graceful shutdown begins; then requests in flight are answered first.
    ///
    /// - Parameter onListening: gets the port, once connections are accepted.
    public func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let application = Self.application(
            engine, ApplicationConfiguration(address: .hostname(host, port: port), backlog: 1024), logger, options
        ) { onListening($0.localAddress?.port ?? port) }
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

    /// The lane for the hot routes, and Hummingbird's router for the others.
    static func application(
        _ engine: Engine, _ configuration: ApplicationConfiguration, _ logger: Logger,
        _ options: ServerOptions = ServerOptions(),
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let metrics = RequestMetrics()
        let streams = StreamHub(engine, memoryPath: options.streamMemory, logger)
        let lane = LaneService(
            engine: engine, metrics: metrics, streams: streams, streamTimes: StreamTimes(), logger: logger,
            idleTimeout: .seconds(75))
        return Application(
            router: Routes.router(for: engine, metrics, streams, options), server: LaneChannel.builder(lane),
            configuration: configuration, onServerRunning: onRunning,
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), logger: logger)
    }
}

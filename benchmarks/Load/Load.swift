internal import Glibc
internal import NIOCore
internal import NIOPosix

/// How long a load lasts, and how fast it may be.
struct LoadPlan: Sendable {
    var warmUp: Duration
    var duration: Duration
    /// Stops after so many requests of a connection, even if there is time left.
    var requestsPerConnection = Int.max
    /// Requests each second over all connections, sent on time whatever the answers do; nil: each when the last one was
    /// answered.
    var pace: Double?
}

/// What a client asks for over one connection.
struct LoadClient: Sendable {
    var template: RequestTemplate
    var stream: OperationStream

    /// - Parameter first: the number of the first client. No two clients of one store may have the same.
    static func many(_ count: Int, from first: Int = 0, _ template: RequestTemplate, companies: Int) -> [LoadClient] {
        (first..<first + count).map {
            LoadClient(template: template, stream: OperationStream(client: $0, companies: companies))
        }
    }
}

/// What a load found. What was warmed up with is in the sums, but not in the figures.
struct LoadResult: Sendable {
    var operations = 0
    var seconds = 0.0
    var latencies = Histogram()
    /// Of all that was sent, for the proof.
    var operationsSent = 0
    var unitsSent: Int64 = 0
    /// The client's own processor time for one operation.
    var clientNanos = 0.0

    var perSecond: Double { Double(operations) / seconds }
}

/// Requests over keep-alive connections to this machine, each of which sends its next one when it has the answer to the
/// last: one thread on NIO.
enum Load {
    static func run(
        _ wire: some Wire, _ clients: [LoadClient], port: Int, _ plan: LoadPlan
    ) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let result: Result<LoadResult, any Error>
        do {
            let running = loop.flatSubmit { () -> EventLoopFuture<LoadResult> in
                let run = LoadRun(plan, connections: clients.count, loop)
                let opened = clients.enumerated().map { index, client in
                    connect(LoadConnection(wire, client, index, run, loop), port: port, loop)
                }
                let bound = NIOLoopBound(run, eventLoop: loop)
                return EventLoopFuture.andAllSucceed(opened, on: loop).flatMap {
                    bound.value.begin()
                    return bound.value.finished.futureResult
                }
            }
            result = .success(try await running.get())
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        return try result.get()
    }

    private static func connect(
        _ connection: LoadConnection<some Wire>, port: Int, _ loop: any EventLoop
    ) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(connection, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { _ in bound.value.greeted.futureResult }
    }
}

/// What the connections of one load share. Used on its event loop only.
final class LoadRun {
    let finished: EventLoopPromise<LoadResult>
    let plan: LoadPlan
    private let connectionCount: Int
    private var working: Int
    private var connections: [any LoadStarting] = []
    private var result = LoadResult()
    private var processorTimeBefore: UInt64 = 0
    private(set) var start = NIODeadline.now()
    private var warm = NIODeadline.now()
    private var end = NIODeadline.now()

    init(_ plan: LoadPlan, connections: Int, _ loop: any EventLoop) {
        self.plan = plan
        finished = loop.makePromise()
        connectionCount = connections
        working = connections
    }

    func add(_ connection: any LoadStarting) { connections.append(connection) }

    func begin() {
        processorTimeBefore = Self.processorTime()
        start = .now()
        warm = start + .nanoseconds(plan.warmUp.nanoseconds)
        end = warm + .nanoseconds(plan.duration.nanoseconds)
        for connection in connections { connection.begin() }
        connections = []
    }

    /// Between two requests of all connections together; nil when they are not paced.
    var interval: TimeAmount? { plan.pace.map { .nanoseconds(Int64(1e9 / $0)) } }
    var stride: Int { connectionCount }

    func isOver(at now: NIODeadline) -> Bool { now >= end }

    func answered(_ operations: Int, sent: NIODeadline, at now: NIODeadline) {
        guard now >= warm else { return }
        result.operations += operations
        result.latencies.record(UInt64((now - sent).nanoseconds))
    }

    func isDone(_ stream: OperationStream) {
        result.operationsSent += stream.count
        result.unitsSent += stream.units
        working -= 1
        guard working == 0 else { return }
        result.seconds = Double((NIODeadline.now() - warm).nanoseconds) / 1e9
        result.clientNanos = Double(Self.processorTime() - processorTimeBefore) / Double(result.operationsSent)
        finished.succeed(result)
    }

    private static func processorTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    var inSeconds: Double { self / .seconds(1) }
}

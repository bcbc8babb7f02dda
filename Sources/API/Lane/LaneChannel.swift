internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Tollgate

/// What all lanes of a server share.
struct LaneService: Sendable {
    let engine: Engine
    let metrics: RequestMetrics
    let streams: StreamHub
    let streamTimes: StreamTimes
    let logger: Logger
    /// How long a connection may be silent while nothing is owed to it.
    let idleTimeout: TimeAmount
}

/// A connection of Hummingbird's HTTP/1 server with a lane before it.
struct LaneChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let http1: HTTP1Channel
    private let service: LaneService

    static func builder(_ service: LaneService) -> HTTPServerBuilder {
        // The lane watches for silence, as it sees all requests.
        HTTPServerBuilder { LaneChannel(http1: HTTP1Channel(responder: $0), service: service) }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1.setup(channel: channel, logger: logger).flatMapThrowing { value in
            try Lane.add(to: channel.pipeline.syncOperations, service)
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http1.handle(value: value, logger: logger)
    }
}

extension Lane {
    /// Adds a lane behind the HTTP decoder.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations, _ service: LaneService) throws {
        let encoder = try pipeline.context(handlerType: HTTPResponseEncoder.self)
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(Lane(service, below: encoder), position: .after(decoder))
    }
}

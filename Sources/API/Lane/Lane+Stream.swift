internal import Model
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import Tollgate

/// Requests that make a stream of their connection.
extension Lane {
    /// Answers the handshake and leaves the connection to a `StreamSocket`; Hummingbird stays behind it, and hears
    /// nothing any more but the end.
    ///
    /// A key that is not good for it is no HTTP error: clients see the codes of websockets only.
    func open(_ stream: StreamRequest, _ exchange: Exchange, _ context: ChannelHandlerContext) {
        guard let acceptance = stream.acceptance(on: context.channel) else {
            return refuse(exchange, Refusal.invalid("\(exchange.path) is a websocket: send its handshake, version 13"))
        }
        service.metrics.count(exchange.method, exchange.pattern, 101, since: exchange.start)
        let (key, reason) = authorize(stream)
        let socket = StreamSocket(service.streams, service.streamTimes)
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let remoteAddress = remoteAddress
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            // A client speaks after it was answered, and by then nobody reads HTTP here.
            pipeline.removeHandler(decoder).assumeIsolated().whenSuccess {
                let (lane, context) = bound.value
                let pipeline = context.pipeline.syncOperations
                let frames = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: StreamSocket.messageLimit))
                do {
                    try pipeline.addHandlers([frames, socket], position: .after(lane))
                } catch {
                    return context.close(promise: nil)
                }
                pipeline.removeHandler(context: lane.encoder).assumeIsolated().whenComplete { _ in }
                pipeline.removeHandler(lane).assumeIsolated().whenComplete { _ in
                    socket.open(acceptance, stream.kind, key, reason, from: remoteAddress)
                }
            }
        } catch {
            context.close(promise: nil)
        }
    }

    /// The key, or why there is none.
    private func authorize(_ stream: StreamRequest) -> (key: APIKey?, reason: String) {
        let fields = HeadFields(stream.head.headers)
        do {
            guard let secret = try stream.secret(fields) else { return (nil, "an API key is missing") }
            return (try service.engine.authorize(secret, fields, for: stream.kind.access), "")
        } catch let refusal as Refusal {
            return (nil, refusal.message)
        } catch {
            return (nil, "this API key is not known")
        }
    }
}

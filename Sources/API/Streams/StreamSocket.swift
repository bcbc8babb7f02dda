internal import Basics
internal import Model
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// The last handler of a connection that has become a websocket: frames to messages and back, keepalive, and the limits
/// that keep one client from costing more than its share.
final class StreamSocket: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    /// The largest message of a client, which names one company, one user, or both.
    static let messageLimit = 64 << 10
    /// Who lets more than this pile up is disconnected; connected again, it gets everything anew.
    static let backlogLimit = 8 << 20
    /// So many messages of a client wait for their answers; more are not read.
    private static let waitingLimit = 64

    private let hub: StreamHub
    private let times: StreamTimes
    private var session: StreamSession?
    private var context: ChannelHandlerContext?
    /// A message that came in part.
    private var fragments: ByteBuffer?
    private var waiting = 0
    private var isReadHeld = false
    private var isClosing = false
    private var lastHeard = NIODeadline.uptimeNanoseconds(0)
    private var heartbeat: Scheduled<Void>?

    init(_ hub: StreamHub, _ times: StreamTimes) {
        self.hub = hub
        self.times = times
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        heartbeat?.cancel()
        if let session { hub.closed(session) }
        session = nil
    }

    /// Begins the conversation, with the answer to the handshake: what was sent before it is none of ours.
    ///
    /// - Parameter key: nil when the client has none that is good for this; `reason` says why.
    func open(
        _ acceptance: ByteBuffer, _ kind: StreamKind, _ key: APIKey?, _ reason: String, from remoteAddress: String
    ) {
        guard let context else { return }
        send([acceptance])
        lastHeard = context.eventLoop.now
        if let key {
            let session = StreamSession(kind, key, from: remoteAddress, self, on: context.eventLoop)
            self.session = session
            hub.opened(session)
            beat(context)
        } else {
            close(.badKey, reason)
        }
        context.read()
    }

    // MARK: - What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        lastHeard = context.eventLoop.now
        if isClosing {
            if frame.opcode == .connectionClose { context.close(promise: nil) }
            return
        }
        // Clients mask, and nobody has agreed on extensions (RFC 6455, sections 5.1 and 5.2).
        guard frame.maskKey != nil else { return close(.protocolError, "frames of clients must be masked") }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return close(.protocolError, "no extension was agreed on") }
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else { return close(.protocolError, "the message before is not complete") }
            collect(frame)
        case .continuation:
            guard fragments != nil else { return close(.protocolError, "there is no message to be continued") }
            collect(frame)
        case .ping: send([StreamFrame.pong(frame.unmaskedData)])
        case .pong: break
        case .connectionClose:
            close(.normalClosure, "")
            context.close(promise: nil)
        default: close(.protocolError, "this kind of frame is not known")
        }
    }

    private func collect(_ frame: WebSocketFrame) {
        var message = fragments ?? ByteBuffer()
        message.writeImmutableBuffer(frame.unmaskedData)
        guard message.readableBytes <= Self.messageLimit else {
            return close(.messageTooLarge, "a message is larger than \(Self.messageLimit) bytes")
        }
        fragments = frame.fin ? nil : message
        guard frame.fin, let session else { return }
        waiting += 1
        hub.received(message, from: session)
    }

    func read(context: ChannelHandlerContext) {
        isReadHeld = waiting >= Self.waitingLimit
        if !isReadHeld { context.read() }
    }

    func answered(_ count: Int) {
        waiting -= count
        guard isReadHeld, waiting < Self.waitingLimit, let context else { return }
        isReadHeld = false
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(.goingAway, "the server is shutting down")
        case ChannelEvent.inputClosed as ChannelEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else { return context.close(promise: nil) }
        close(
            error == .invalidFrameLength ? .messageTooLarge : .protocolError, "this is no frame that can be read")
    }

    // MARK: - What goes out

    /// Sends what fits; a client that has let too much pile up is disconnected at once, as it would not read that
    /// either.
    func send(_ frames: [ByteBuffer]) {
        guard let context, !isClosing else { return }
        for frame in frames {
            let count = frame.readableBytes
            let backlog = session?.backlog.withLock { backlog in
                defer { backlog += count }
                return backlog
            }
            guard (backlog ?? 0) <= Self.backlogLimit else {
                hub.dropped(.backlog)
                return context.close(promise: nil)
            }
            let written = context.eventLoop.makePromise(of: Void.self)
            if let session {
                written.futureResult.whenComplete { _ in session.backlog.withLock { $0 -= count } }
            }
            context.write(wrapOutboundOut(.byteBuffer(frame)), promise: written)
        }
        context.flush()
    }

    /// Says why, and reads on until the client has heard it: were the connection closed with something unread, the
    /// client would be told of that, and of nothing else.
    func close(_ code: WebSocketErrorCode, _ reason: String) {
        guard let context, !isClosing else { return }
        send([StreamFrame.close(code, reason)])
        isClosing = true
        context.close(mode: .output, promise: nil)
        heartbeat?.cancel()
        heartbeat = context.eventLoop.assumeIsolated().scheduleTask(in: times.farewell) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    // MARK: - Keepalive

    private func beat(_ context: ChannelHandlerContext) {
        heartbeat = context.eventLoop.assumeIsolated().scheduleTask(in: times.ping) { [weak self] in
            guard let self, let context = self.context, !isClosing else { return }
            let silence = context.eventLoop.now - lastHeard
            if silence >= times.patience {
                hub.dropped(.silence)
                return context.close(promise: nil)
            }
            if silence >= times.ping { send([StreamFrame.ping()]) }
            beat(context)
        }
    }
}

/// How patient streams are.
struct StreamTimes: Sendable {
    /// A client that has been silent for so long is asked whether it is there.
    var ping = TimeAmount.seconds(25)
    /// One that has been silent for so long is gone.
    var patience = TimeAmount.seconds(75)
    /// How long a client may take to hear that it is disconnected.
    var farewell = TimeAmount.seconds(5)
}

internal import Basics
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Tollgate

/// Stands between a connection's HTTP decoder and Hummingbird. Requests of a `HotRoute` are answered here, on the
/// event loop; all others pass through to Hummingbird, and their answers back.
///
/// One request at a time is on its way: what the client sends after it is held, and while something is held nothing
/// more is read. So answers keep the order of the requests, and a client that does not read its answers is not read
/// either. That a client has closed its side, or sent what is no HTTP, has its place in that order too.
///
/// When the server shuts down, a connection is closed as soon as nothing is owed; a silent one after the idle timeout.
final class Lane: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Arrival {
        case part(HTTPServerRequestPart)
        case error(any Error)
        case inputClosed
    }

    /// Bodies beyond this are read on a thread of their own, so that the loop's other connections do not wait for them.
    private static let largeBody = 64 << 10

    let service: LaneService
    /// Where answers go out: below Hummingbird's encoder, as they are bytes already.
    let encoder: ChannelHandlerContext
    /// Nil when the connection is gone.
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var held = CircularBuffer<Arrival>()
    private var isReadHeld = false
    private var isAdvancing = false
    private var isReading = false
    private var isForwarded = false
    private var isUnflushed = false
    private var isQuiescing = false
    /// After the last answer of the connection: what still comes is not looked at.
    private var isOver = false
    private var lastActive = NIODeadline.uptimeNanoseconds(0)
    private var idleCheck: Scheduled<Void>?
    private var date = DateField()
    private(set) lazy var remoteAddress = encoder.channel.remoteAddress?.ipAddress ?? ""

    init(_ service: LaneService, below encoder: ChannelHandlerContext) {
        self.service = service
        self.encoder = encoder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastActive = context.eventLoop.now
        checkForSilence(in: service.idleTimeout, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleCheck?.cancel()
        self.context = nil
        exchange = nil
        held.removeAll()
    }

    // MARK: - What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        arrive(.part(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        lastActive = context.eventLoop.now
        complete(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isReading = false
        arrive(.error(error))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if exchange == nil, held.isEmpty { context.close(promise: nil) }
        case ChannelEvent.inputClosed as ChannelEvent:
            isReading = false
            arrive(.inputClosed)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func read(context: ChannelHandlerContext) {
        isReadHeld = !held.isEmpty
        if !isReadHeld { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        advance()
        context.fireChannelWritabilityChanged()
    }

    private func arrive(_ arrival: Arrival) {
        held.append(arrival)
        advance()
    }

    /// Handles what is held, as far as its turn has come.
    private func advance() {
        guard let context, !isAdvancing else { return }
        isAdvancing = true
        while isReady(context), let arrival = held.popFirst() { handle(arrival, context) }
        isAdvancing = false
        if !isReading { complete(context) }
        if isReadHeld, held.isEmpty {
            isReadHeld = false
            context.read()
        }
    }

    /// Sends off what was answered, and tells Hummingbird, which waits for that, that it has all there is for now.
    private func complete(_ context: ChannelHandlerContext) {
        flush()
        guard isForwarded else { return }
        isForwarded = false
        context.fireChannelReadComplete()
    }

    private func isReady(_ context: ChannelHandlerContext) -> Bool {
        exchange.map { !$0.isRead } ?? (isOver || context.channel.isWritable)
    }

    private func handle(_ arrival: Arrival, _ context: ChannelHandlerContext) {
        switch arrival {
        case .inputClosed:
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case _ where isOver:
            break
        case .part(let part):
            handle(part, context)
        case .error(let error):
            // Hummingbird answers what is no HTTP, and closes.
            exchange = nil
            isOver = true
            context.fireErrorCaught(error)
        }
    }

    private func handle(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        if case .head(let head) = part { exchange = begin(head) }
        guard let exchange else { return }
        if case .end = part { exchange.isRead = true }
        if exchange.isForwarded {
            isForwarded = true
            context.fireChannelRead(wrapInboundOut(part))
        } else if let stream = exchange.stream {
            if exchange.isRead { open(stream, exchange, context) }
        } else if case .body(let bytes) = part {
            collect(bytes, exchange)
        } else if exchange.isRead {
            carryOut(exchange, context.eventLoop)
        }
        endExchange()
    }

    // MARK: - What goes out

    /// A part of Hummingbird's answer.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        guard case .end = unwrapOutboundIn(data), let exchange, exchange.isForwarded else { return }
        exchange.isAnswered = true
        endExchange()
        advance()
    }

    private func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        encoder.write(NIOAny(IOData.byteBuffer(bytes)), promise: promise)
        isUnflushed = true
    }

    private func flush() {
        guard isUnflushed else { return }
        isUnflushed = false
        encoder.flush()
    }

    /// Goes on to the next request when this one is read and answered.
    private func endExchange() {
        guard let context, let ended = exchange, ended.isOver else { return }
        exchange = nil
        lastActive = context.eventLoop.now
        if ended.isLast {
            isOver = true
            guard !ended.isForwarded else { return }
            flush()
            context.close(mode: .output, promise: nil)
        } else if isQuiescing, held.isEmpty {
            isOver = true
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            write(ByteBuffer(), promise: written)
            flush()
        }
    }
}

// MARK: - Hot requests

extension Lane {
    private func begin(_ head: HTTPRequestHead) -> Exchange {
        let target = URI(head.uri)
        let path = target.path
        if head.method == .GET, let kind = StreamKind(path: path) {
            return Exchange(head, path, stream: StreamRequest(kind: kind, head: head, query: target.query))
        }
        guard head.method == .POST, let (route, parameters) = HotRoute.find(path) else {
            return Exchange(head, path)
        }
        let exchange = Exchange(head, path, route)
        let fields = HeadFields(head.headers)
        do {
            try exchange.accept(
                HotRequest(
                    route, PathParameters(parameters), query: target.query, fields, from: remoteAddress,
                    service.engine))
            if fields.expect?.lowercased() == "100-continue" {
                write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
            }
        } catch {
            refuse(exchange, error)
        }
        return exchange
    }

    private func collect(_ bytes: ByteBuffer, _ exchange: Exchange) {
        do {
            try exchange.append(bytes)
        } catch {
            refuse(exchange, error)
        }
    }

    /// Does what the request asks for, unless it was refused before.
    private func carryOut(_ exchange: Exchange, _ loop: any EventLoop) {
        guard let (request, body) = exchange.take() else { return }
        guard body.readableBytes > Self.largeBody else {
            return answer(exchange, with: Result { try request.begin(body) }, loop)
        }
        let bound = NIOLoopBound((self, exchange), eventLoop: loop)
        NIOThreadPool.singleton.submit { _ in
            let begun = Result { try request.begin(body) }
            loop.execute {
                let (lane, exchange) = bound.value
                lane.answer(exchange, with: begun, loop)
                lane.endExchange()
                lane.advance()
            }
        }
    }

    /// Answers at once, or when what was begun is durable.
    private func answer(
        _ exchange: Exchange, with begun: Result<Pending<Answer>, any Error>, _ loop: any EventLoop
    ) {
        let pending: Pending<Answer>
        switch begun {
        case .success(let value): pending = value
        case .failure(let error): return refuse(exchange, error)
        }
        let bound = NIOLoopBound((self, exchange), eventLoop: loop)
        pending.onSettled { result in
            guard !loop.inEventLoop else { return bound.value.0.answer(bound.value.1, result) }
            // A commit settles many at once: the first wakes the loop, which finds the others.
            loop.execute {
                let (lane, exchange) = bound.value
                lane.answer(exchange, result)
                lane.endExchange()
                lane.advance()
            }
        }
    }

    private func answer(_ exchange: Exchange, _ result: Result<Answer, some Error>) {
        switch result {
        case .success(let answer): write(answer, to: exchange)
        case .failure(let error): refuse(exchange, error)
        }
    }

    func refuse(_ exchange: Exchange, _ error: any Error) {
        _ = exchange.take()
        write(ErrorAnswers.answer(to: error, at: "\(exchange.method) \(exchange.path)", service.logger), to: exchange)
    }

    private func write(_ answer: Answer, to exchange: Exchange) {
        exchange.isAnswered = true
        service.metrics.count(exchange.method, exchange.pattern, answer.status.code, since: exchange.start)
        guard context != nil else { return }
        write(
            answer.message(
                isForBrowsers: CrossOrigin.isForBrowsers(exchange.path), isLast: exchange.isLast,
                date: date.text(at: service.engine.now(in: Engine.wholeStore))))
    }
}

// MARK: - Silence

extension Lane {
    /// Closes the connection when it has been silent for the idle timeout; not while an answer is owed.
    private func checkForSilence(in delay: TimeAmount, _ context: ChannelHandlerContext) {
        idleCheck = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            guard let self, let context = self.context else { return }
            let timeout = service.idleTimeout
            let quiet = context.eventLoop.now - lastActive
            if exchange?.isOwed ?? false { return checkForSilence(in: timeout, context) }
            if quiet < timeout { return checkForSilence(in: timeout - quiet, context) }
            context.close(promise: nil)
        }
    }
}

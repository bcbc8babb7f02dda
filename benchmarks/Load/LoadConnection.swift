internal import NIOCore

/// A connection that waits for the start.
protocol LoadStarting {
    func begin()
}

/// One connection of a load: sends a request, takes its answers, sends the next.
final class LoadConnection<AWire: Wire>: ChannelInboundHandler, LoadStarting {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Settled when the server has answered the protocol's greeting.
    let greeted: EventLoopPromise<Void>
    private let run: LoadRun
    private let index: Int
    private var wire: AWire
    private var template: RequestTemplate
    private var stream: OperationStream
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var isGreeted = false
    /// Answers that are still to come for the request on its way.
    private var awaited = 0
    private var requests = 0
    private var sent = NIODeadline.now()

    init(_ wire: AWire, _ client: LoadClient, _ index: Int, _ run: LoadRun, _ loop: any EventLoop) {
        self.wire = wire
        template = client.template
        stream = client.stream
        self.index = index
        self.run = run
        greeted = loop.makePromise()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        run.add(self)
        if let greeting = wire.greeting {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: greeting)), promise: nil)
        } else {
            isGreeted = true
            greeted.succeed()
        }
    }

    func begin() { sendNext() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes > 0 {
            received.writeBuffer(&bytes)
        } else {
            received = bytes
        }
        do {
            while try wire.next(&received) != nil {
                guard isGreeted else {
                    isGreeted = true
                    greeted.succeed()
                    continue
                }
                awaited -= 1
                if awaited == 0 { answered() }
            }
        } catch {
            fail(error)
        }
    }

    private func answered() {
        let now = NIODeadline.now()
        run.answered(template.operations, sent: sent, at: now)
        guard !run.isOver(at: now), requests < run.plan.requestsPerConnection else {
            run.isDone(stream)
            return
        }
        sendNext()
    }

    private func sendNext() {
        guard let interval = run.interval, let context else { return send() }
        // What is late is sent at once, until the plan is caught up with.
        let due = run.start + interval * (requests * run.stride + index)
        if due <= .now() { return send() }
        context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.send() }
    }

    private func send() {
        guard let context else { return }
        sent = .now()
        requests += 1
        awaited = template.answers
        context.writeAndFlush(wrapOutboundOut(template.next(&stream)), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(BenchFailure("the server closed a connection"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
    }

    private func fail(_ error: any Error) {
        greeted.fail(error)
        run.finished.fail(error)
        context?.close(promise: nil)
    }
}

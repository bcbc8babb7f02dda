internal import NIOCore
internal import NIOHTTP1

/// One request of a connection, until it is read and answered.
final class Exchange {
    /// Nil when Hummingbird answers, or the request asks for a stream.
    let route: HotRoute?
    let stream: StreamRequest?
    let method: String
    let path: String
    /// Whether the client said that it sends no other.
    let isLast: Bool
    let start = ContinuousClock.now

    /// Nil when there is nothing to do any more: it was refused, or the body is complete and on its way.
    private(set) var request: HotRequest?
    private(set) var body = ByteBuffer()
    /// Kept until the answer is known, as the body or what was made of it is.
    private var share: BodyBudget.Share?
    var isRead = false
    var isAnswered = false

    /// Whether Hummingbird answers.
    var isForwarded: Bool { route == nil && stream == nil }
    /// As `/metrics` names it.
    var pattern: String? { route?.pattern ?? stream?.kind.rawValue }
    var isOver: Bool { isRead && isAnswered }
    /// Whether the next step is the server's.
    var isOwed: Bool { isRead && !isAnswered }

    init(_ head: HTTPRequestHead, _ path: String, _ route: HotRoute? = nil, stream: StreamRequest? = nil) {
        self.route = route
        self.stream = stream
        method = head.method.rawValue
        self.path = path
        isLast = !head.isKeepAlive
    }

    /// From here on the body is read.
    func accept(_ request: HotRequest) throws {
        share = try BodyBudget.Share(of: request.budget)
        self.request = request
    }

    /// Adds to the body; one that came in one piece is not copied.
    func append(_ bytes: ByteBuffer) throws {
        guard let request else { return }
        let limit = request.bodyLimit
        let count = body.readableBytes + bytes.readableBytes
        guard count <= limit else { throw BodyTooLarge(limit: limit) }
        try share?.take(bytes.readableBytes)
        guard body.readableBytes > 0 else { return body = bytes }
        if body.writableBytes < bytes.readableBytes {
            var larger = ByteBufferAllocator().buffer(capacity: max(request.head.announcedLength ?? 0, 2 * count))
            larger.writeImmutableBuffer(body)
            body = larger
        }
        body.writeImmutableBuffer(bytes)
    }

    /// The request and its body, which are kept no longer.
    func take() -> (HotRequest, ByteBuffer)? {
        defer {
            request = nil
            body = ByteBuffer()
        }
        return request.map { ($0, body) }
    }
}

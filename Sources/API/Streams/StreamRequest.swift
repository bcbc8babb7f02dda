internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// What a websocket is for, which its path says.
enum StreamKind: String, Sendable, CaseIterable {
    /// Server SDKs: what flags are decided by, so that they decide by themselves.
    case server = "/datastream"
    /// Browsers: the answers for one company and user.
    case browser = "/flags/bootstrap"

    /// Empty components of the path do not count, as everywhere.
    init?(path: String) {
        self.init(rawValue: path.split(separator: "/").map { "/\($0)" }.joined())
    }

    var access: Access {
        switch self {
        case .server: .read
        case .browser: .check
        }
    }
}

/// A request that asks to become a stream.
struct StreamRequest {
    let kind: StreamKind
    let head: HTTPRequestHead
    let query: String?

    /// The key in the query, for browsers, which cannot set fields of a websocket's head; else the one in the head.
    func secret(_ fields: HeadFields) throws -> String? {
        try Query(query).optional("apiKey") ?? fields.secret
    }

    /// The bytes that accept the handshake (RFC 6455, section 4.2.2); nil when it is none that can be accepted.
    func acceptance(on channel: any Channel) -> ByteBuffer? {
        guard head.headers[canonicalForm: "Upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            head.headers[canonicalForm: "Connection"].contains(where: { $0.lowercased() == "upgrade" })
        else { return nil }
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        var response: ByteBuffer?
        // All of it is decided before this returns, on the channel's own loop.
        upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: HTTPHeaders())
            .assumeIsolated().whenSuccess { headers in
                var bytes = ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\n")
                for (name, value) in headers { bytes.writeString("\(name): \(value)\r\n") }
                bytes.writeStaticString("\r\n")
                response = bytes
            }
        return response
    }
}

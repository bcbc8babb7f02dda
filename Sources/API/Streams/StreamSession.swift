internal import Basics
internal import Model
internal import NIOCore
internal import NIOWebSocket

/// One open stream, as the hub knows it: who is at the other end, and how to reach the socket on its event loop.
final class StreamSession: Sendable, Hashable {
    let kind: StreamKind
    let key: APIKey
    let remoteAddress: String
    let loop: any EventLoop
    private let socket: NIOLoopBound<StreamSocket>
    /// Bytes that were sent and have not left yet.
    let backlog = Locked(0)

    init(_ kind: StreamKind, _ key: APIKey, from remoteAddress: String, _ socket: StreamSocket, on loop: any EventLoop)
    {
        self.kind = kind
        self.key = key
        self.remoteAddress = remoteAddress
        self.loop = loop
        self.socket = NIOLoopBound(socket, eventLoop: loop)
    }

    var origin: StreamOrigin { StreamOrigin(key: key.id, address: remoteAddress) }
    var environment: EnvironmentID { key.environmentID }

    /// On the session's loop.
    func send(_ frames: [ByteBuffer]) { socket.value.send(frames) }

    func close(_ code: WebSocketErrorCode, _ reason: String) {
        loop.execute { self.socket.value.close(code, reason) }
    }

    /// So many of the client's messages were answered: as many more are read.
    func answered(_ count: Int) {
        loop.execute { self.socket.value.answered(count) }
    }

    static func == (left: StreamSession, right: StreamSession) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

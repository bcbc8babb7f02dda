internal import Glibc
internal import NIOCore

/// One blocking connection to this machine, for what is asked beside the clock.
final class PlainConnection<AWire: Wire> {
    private let socket: Int32
    private var wire: AWire
    private var received = ByteBuffer()

    init(_ wire: AWire, port: Int) throws {
        self.wire = wire
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in.loopback(port: port)
        let code = withUnsafeBytes(of: &address) { bytes in
            connect(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard code == 0 else { throw BenchFailure("no connection: \(String(cString: strerror(errno)))") }
        if let greeting = wire.greeting { _ = try answer(to: greeting) }
    }

    deinit { close(socket) }

    /// Sends the request and waits for what its answer says.
    @discardableResult
    func answer(to request: [UInt8]) throws -> String {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { bytes in
                send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchFailure("the server closed the connection") }
            sent += count
        }
        while true {
            if let answer = try wire.next(&received) { return String(decoding: answer, as: UTF8.self) }
            let count = received.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 16) { bytes in
                max(0, recv(socket, bytes.baseAddress, bytes.count, 0))
            }
            guard count > 0 else { throw BenchFailure("the server closed the connection") }
        }
    }

    func answer(to request: String) throws -> String { try answer(to: Array(request.utf8)) }
}

extension sockaddr_in {
    static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

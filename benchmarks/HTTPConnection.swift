internal import Glibc

/// One blocking connection to this machine.
final class HTTPConnection {
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafeBytes(of: &address) { bytes in
            connect(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard code == 0 else { throw BenchFailure(description: "no connection: \(String(cString: strerror(errno)))") }
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    /// Sends the request and reads its whole answer. Answers the status.
    func answer(to request: HTTPRequest) throws -> Int {
        var sent = 0
        while sent < request.bytes.count {
            let count = request.bytes.withUnsafeBytes { bytes in
                send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchFailure(description: "the server closed the connection") }
            sent += count
        }
        var received = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { bytes in
                recv(socket, bytes.baseAddress! + received, bytes.count - received, 0)
            }
            guard count > 0 else { throw BenchFailure(description: "the server closed the connection") }
            received += count
            if let (status, length) = Self.head(buffer[..<received]), received >= length { return status }
        }
    }

    /// The status, and the length of head and body; nil while the head is not complete.
    private static func head(_ bytes: ArraySlice<UInt8>) -> (status: Int, length: Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let field = lines.first { $0.hasPrefix("content-length:") }
        let length = field.flatMap { Int($0.dropFirst("content-length:".count).filter { $0 != " " }) } ?? 0
        return (status, end.upperBound + length)
    }
}

internal import Foundation
internal import Synchronization

/// The directories of a run, and how it cleans up.
enum Workbench {
    /// Removed when the run ends, however that is.
    private static let root = Mutex<String?>(nil)

    /// A new empty directory, owned by `user` when we are root.
    static func directory(_ name: String, user: String? = nil) throws -> String {
        let path = try base() + "/\(name)-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let user, getuid() == 0 {
            guard let entry = getpwnam(user), chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
                throw BenchFailure("\(path) cannot be given to \(user)")
            }
        }
        return path
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// Ends every program that was started, and removes every file.
    static func clear() {
        ChildProcess.endAll()
        if let path = root.withLock({ $0.take() }) { remove(path) }
    }

    /// Makes an interrupt clear up before it ends the run.
    static func clearOnInterrupt() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                clear()
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    /// A port that nobody listens on now.
    static func freePort() throws -> Int {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return bind(listener, address, length) == 0 ? getsockname(listener, address, &length) : -1
        }
        guard code == 0 else { throw BenchFailure("no free port: \(String(cString: strerror(errno)))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Where a program is; nil when it is not installed.
    static func program(_ name: String, in more: [String] = []) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (more + path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin"])
            .map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    private static func base() throws -> String {
        try root.withLock { root in
            if let root { return root }
            let path = FileManager.default.temporaryDirectory.path + "/tollgate-bench-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            root = path
            return path
        }
    }
}

internal import Foundation

/// The real program on a data directory.
final class TollgateServer: Sendable {
    let port: Int
    let process: ChildProcess
    private let directory: String

    /// Beside this program, where the build puts both.
    private static var program: String {
        let path = ProcessInfo.processInfo.environment["TOLLGATE_BINARY"]
        return path ?? (CommandLine.ownPath as NSString).deletingLastPathComponent + "/tollgate"
    }

    /// Serves the store for the length of `body`, then ends in good order, so that all it did is on disk.
    static func with<Result>(
        _ store: BenchStore, _ body: (TollgateServer) async throws -> Result
    ) async throws -> Result {
        let server = try await TollgateServer(store)
        defer { server.process.stop() }
        return try await body(server)
    }

    init(_ store: BenchStore) async throws {
        guard access(Self.program, X_OK) == 0 else {
            throw BenchFailure("\(Self.program) is not there: build the product tollgate first")
        }
        directory = store.directory
        let log = "\(directory)/serve-\(UUID().uuidString.prefix(8)).log"
        let process = try ChildProcess(
            [Self.program, "serve", "--data", directory, "--port", "0"], log: log)
        self.process = process
        port = try await process.wait(atMost: .seconds(1_800)) {
            process.output.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:([0-9]+)\n/).flatMap { Int($0.1) }
        }
    }

    @discardableResult
    func ask(_ path: String, _ body: String, method: String = "POST") throws -> String {
        let request = HTTPWire.post(path, body: body).replacing("POST ", with: "\(method) ", maxReplacements: 1)
        return try PlainConnection(HTTPWire(), port: port).answer(to: request)
    }

    /// Bytes of memory that belong to the process alone: files that are mapped, as the store's is, are not among them.
    func residentBytes() throws -> Int64 {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        guard let kilobytes = status.firstMatch(of: /RssAnon:\s+([0-9]+) kB/).flatMap({ Int64($0.1) }) else {
            throw BenchFailure("the memory of process \(process.pid) is not known")
        }
        return kilobytes << 10
    }
}

extension CommandLine {
    /// The file that this process runs.
    fileprivate static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
    }
}

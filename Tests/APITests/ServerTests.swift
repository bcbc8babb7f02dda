import Foundation
import Logging
import Tollgate
import Testing

@testable import API

@Suite struct ServerTests {
    @Test(.timeLimit(.minutes(1)))
    func listensOnAFreePortUntilItIsCancelled() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tollgate-api-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let engine = try Engine.open(directory.path)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = Server(engine: engine, host: "127.0.0.1", port: 0, logger: logger)
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { announce.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        #expect(port > 0)
        running.cancel()
        // Ends without an error: what was in flight has been answered.
        try await running.value
        engine.close()
    }
}

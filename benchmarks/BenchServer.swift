internal import API
internal import Logging
internal import Tollgate

/// The HTTP server of a benchmark, in this process on a free port.
enum BenchServer {
    static func with<Result: Sendable>(
        _ store: BenchStore, _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let server = Server(engine: store.engine, host: "127.0.0.1", port: 0, logger: logger)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup { group in
            group.addTask { () -> Result? in
                try await server.run { port.yield($0) }
                return nil
            }
            group.addTask { () -> Result? in
                for await port in ports { return try await body(port) }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw BenchFailure(description: "the server stopped before it listened")
        }
    }
}

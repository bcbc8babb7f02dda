internal import Foundation

/// The bytes of one request.
struct HTTPRequest {
    let bytes: [UInt8]

    static func post(_ path: String, body: String) -> HTTPRequest {
        let head = """
            POST \(path) HTTP/1.1\r
            Host: localhost\r
            X-Schematic-Api-Key: \(BenchStore.secret)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r

            """
        return HTTPRequest(bytes: Array(head.utf8) + Array(body.utf8))
    }
}

/// Requests over keep-alive connections, each of which sends its next one when it has the answer to the last.
struct HTTPLoad {
    let took: Duration
    let latencies: [Duration]

    /// - Parameter requests: those of each connection. Every answer must have a status of 2xx.
    static func run(_ requests: [[HTTPRequest]], port: Int) async throws -> HTTPLoad {
        let clock = ContinuousClock()
        let started = clock.now
        // Blocking sockets on threads of their own: the least that a client can do beside the server it measures.
        let latencies = try await withThrowingTaskGroup { group in
            for requests in requests {
                group.addTask { try await onThread { try answerTimes(of: requests, port: port) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return HTTPLoad(took: clock.now - started, latencies: latencies)
    }

    private static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    private static func answerTimes(of requests: [HTTPRequest], port: Int) throws -> [Duration] {
        let clock = ContinuousClock()
        let connection = try HTTPConnection(port: port)
        return try requests.map { request in
            let sent = clock.now
            let status = try connection.answer(to: request)
            guard (200...299).contains(status) else {
                throw BenchFailure(description: "an answer had status \(status)")
            }
            return clock.now - sent
        }
    }
}

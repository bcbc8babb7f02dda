internal import Hummingbird
internal import Model
internal import NIOCore

/// A body that is longer than its endpoint takes: 413.
struct BodyTooLarge: Error {
    let limit: Int
}

/// A content encoding that is not read: 415.
struct UnsupportedEncoding: Error {
    let encoding: String
}

/// The most bytes of a body.
enum BodyLimit {
    /// Every endpoint but those of events.
    static let fields = 1 << 20
    static let events = 16 << 20
    /// Events of which nobody knows yet who sends them: what browsers send is small.
    static let anonymousEvents = 1 << 20
}

extension Fields {
    /// The JSON object of a body. An empty body is an empty object where an endpoint requires nothing.
    init(body: ByteBuffer) throws {
        guard body.readableBytes > 0 else {
            self.init([:])
            return
        }
        let json = try body.withUnsafeReadableBytes { try JSONParser.parse($0) }
        guard case .object(let values) = json else {
            throw Refusal.invalid("the body must be a JSON object, not \(json.excerpt)")
        }
        self.init(values)
    }
}

extension Request {
    /// The whole body, of at most so many bytes.
    func bytes(_ head: HeadFields, limit: Int, of budget: BodyBudget) async throws -> ByteBuffer {
        try head.refuseCompressed()
        var share = try BodyBudget.Share(of: budget)
        var bytes = ByteBuffer()
        for try await chunk in body {
            guard bytes.readableBytes + chunk.readableBytes <= limit else { throw BodyTooLarge(limit: limit) }
            try share.take(chunk.readableBytes)
            bytes.writeImmutableBuffer(chunk)
        }
        return bytes
    }
}

internal import HTTPTypes
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

extension Request {
    /// Every endpoint but those of events.
    static let bodyLimit = 1 << 20

    /// The JSON object of the body. An empty body is an empty object where an endpoint requires nothing.
    func fields(limit: Int = bodyLimit) async throws -> Fields {
        let bytes = try await bytes(limit: limit)
        guard bytes.readableBytes > 0 else { return Fields([:]) }
        let json = try bytes.withUnsafeReadableBytes { try JSONParser.parse($0) }
        guard case .object(let values) = json else {
            throw Refusal.invalid("the body must be a JSON object, not \(json.excerpt)")
        }
        return Fields(values)
    }

    func bytes(limit: Int) async throws -> ByteBuffer {
        try refuseCompressed()
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw BodyTooLarge(limit: limit)
        }
    }

    func refuseCompressed() throws {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw UnsupportedEncoding(encoding: encoding)
        }
    }
}

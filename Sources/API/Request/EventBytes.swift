internal import Hummingbird
internal import NIOCore

/// The body of a request of events, in memory that stays where it is while the events are being made durable.
///
/// The scanner reads it in place; nothing of it is copied a second time.
final class EventBytes {
    /// The most bytes of one request.
    static let limit = 16 << 20

    private var memory: UnsafeMutableRawBufferPointer
    private var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    init(of request: Request, limit: Int = EventBytes.limit) async throws {
        try request.refuseCompressed()
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 1024
        guard announced <= limit else { throw BodyTooLarge(limit: limit) }
        memory = .allocate(byteCount: max(1, announced), alignment: 1)
        for try await chunk in request.body {
            guard count + chunk.readableBytes <= limit else { throw BodyTooLarge(limit: limit) }
            append(chunk)
        }
    }

    deinit {
        memory.deallocate()
    }

    private func append(_ chunk: ByteBuffer) {
        let total = count + chunk.readableBytes
        if total > memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(total, memory.count * 2), alignment: 1)
            larger.copyMemory(from: bytes)
            memory.deallocate()
            memory = larger
        }
        chunk.withUnsafeReadableBytes { UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: $0) }
        count = total
    }
}

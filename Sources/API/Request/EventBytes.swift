internal import Hummingbird
internal import NIOCore

/// The body of a request of events, collected into memory that stays where it is while the events are being made durable.
///
/// The scanner reads it in place; nothing of it is copied a second time.
final class EventBytes {
    /// The most bytes of one request.
    static let limit = 16 << 20

    private var memory: UnsafeMutableRawBufferPointer
    private var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    init(of request: Request) async throws {
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 4096
        memory = .allocate(byteCount: max(1, min(announced, Self.limit)), alignment: 1)
        try request.refuseCompressed()
        guard announced <= Self.limit else { throw BodyTooLarge(limit: Self.limit) }
        for try await chunk in request.body {
            try append(chunk)
        }
    }

    deinit {
        memory.deallocate()
    }

    private func append(_ chunk: ByteBuffer) throws {
        let total = count + chunk.readableBytes
        guard total <= Self.limit else { throw BodyTooLarge(limit: Self.limit) }
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

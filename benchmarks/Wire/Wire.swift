internal import NIOCore

/// The client's side of a protocol: enough of it to tell answers apart, and nothing more.
protocol Wire: Sendable {
    /// What a connection begins with, and which is answered once before the first request; nil where nothing is said.
    var greeting: [UInt8]? { get }

    /// Moves the reader over one whole answer. Answers with what it says: the body, the value, the first column; nil
    /// while the answer is not complete, and then the reader has not moved.
    ///
    /// - Throws: when the server says that the request failed.
    mutating func next(_ bytes: inout ByteBuffer) throws -> ByteBufferView?
}

extension Wire {
    var greeting: [UInt8]? { nil }
}

extension ByteBuffer {
    /// The bytes from `offset` on from the reader, without moving it.
    func view(at offset: Int, length: Int) -> ByteBufferView {
        viewBytes(at: readerIndex + offset, length: length)!
    }
}

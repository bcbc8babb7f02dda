internal import Glibc
internal import NIOCore

/// HTTP/1.1 answers whose bodies have a stated length.
struct HTTPWire: Wire {
    /// What every body must contain, so that an answer of another meaning is noticed.
    var expected: [UInt8] = []

    init(expecting text: String = "") {
        expected = Array(text.utf8)
    }

    mutating func next(_ bytes: inout ByteBuffer) throws -> ByteBufferView? {
        let head = try bytes.withUnsafeReadableBytes { try Head($0) }
        guard let head, bytes.readableBytes >= head.bytes + head.bodyBytes else { return nil }
        let body = bytes.view(at: head.bytes, length: head.bodyBytes)
        bytes.moveReaderIndex(forwardBy: head.bytes + head.bodyBytes)
        guard (200...299).contains(head.status) else {
            throw BenchFailure("an answer had status \(head.status): \(String(decoding: body, as: UTF8.self))")
        }
        guard expected.isEmpty || body.holds(expected) else {
            throw BenchFailure("an answer had another meaning than expected: \(String(decoding: body, as: UTF8.self))")
        }
        return body
    }

    static func post(_ path: String, body: String) -> String {
        """
        POST \(path) HTTP/1.1\r
        Host: 127.0.0.1\r
        X-Schematic-Api-Key: \(BenchStore.secret)\r
        Content-Type: application/json\r
        Content-Length: \(body.utf8.count)\r
        \r
        \(body)
        """
    }

    private struct Head {
        let status: Int
        let bytes: Int
        let bodyBytes: Int

        private static let end = Array("\r\n\r\n".utf8)

        /// Nil while the head is not complete.
        init?(_ bytes: UnsafeRawBufferPointer) throws {
            guard let base = bytes.baseAddress, let end = bytes.offset(of: Self.end) else { return nil }
            self.bytes = end + Self.end.count
            guard self.bytes > 16, let status = Int(decoding: bytes[9..<12]) else {
                throw BenchFailure("what came is not an HTTP/1.1 answer")
            }
            self.status = status
            var length: Int?
            var line = base
            while let feed = memchr(line, 0x0A, base + end + 2 - line) {
                line = UnsafeRawPointer(feed) + 1
                guard strncasecmp(line.assumingMemoryBound(to: CChar.self), "content-length:", 15) == 0 else {
                    continue
                }
                let value = bytes[(line - base + 15)..<(end + 2)].prefix { $0 != 0x0D }
                length = Int(decoding: value.drop { $0 == 0x20 })
            }
            guard let length else { throw BenchFailure("an answer says no Content-Length") }
            bodyBytes = length
        }
    }
}

extension Int {
    /// The number that the digits say; nil for anything else than digits, and for none.
    init?(decoding digits: some Sequence<UInt8>) {
        self = 0
        var hasDigits = false
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            self = self * 10 + Int(digit - 0x30)
            hasDigits = true
        }
        if !hasDigits { return nil }
    }
}

extension UnsafeRawBufferPointer {
    /// Where the text begins in these bytes; nil when it is not in them.
    fileprivate func offset(of text: [UInt8]) -> Int? {
        var start = 0
        while start + text.count <= count,
            let found = memchr(baseAddress! + start, Int32(text[0]), count - start - text.count + 1)
        {
            start = UnsafeRawPointer(found) - baseAddress!
            if memcmp(found, text, text.count) == 0 { return start }
            start += 1
        }
        return nil
    }
}

extension ByteBufferView {
    fileprivate func holds(_ text: [UInt8]) -> Bool {
        withUnsafeBytes { $0.offset(of: text) != nil }
    }
}

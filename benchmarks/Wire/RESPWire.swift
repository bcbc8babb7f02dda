internal import Glibc
internal import NIOCore

/// The Redis protocol: single values only, which is all that is asked for here.
struct RESPWire: Wire {
    mutating func next(_ bytes: inout ByteBuffer) throws -> ByteBufferView? {
        guard let lineBytes = bytes.withUnsafeReadableBytes(Self.lineBytes) else { return nil }
        let line = bytes.view(at: 1, length: lineBytes - 3)
        switch bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) {
        case UInt8(ascii: ":"), UInt8(ascii: "+"):
            bytes.moveReaderIndex(forwardBy: lineBytes)
            return line
        case UInt8(ascii: "$"):
            guard let length = Int(decoding: line) else { throw BenchFailure("Redis has no value for a key") }
            guard bytes.readableBytes >= lineBytes + length + 2 else { return nil }
            let value = bytes.view(at: lineBytes, length: length)
            bytes.moveReaderIndex(forwardBy: lineBytes + length + 2)
            return value
        default:
            throw BenchFailure("Redis said \(String(decoding: line, as: UTF8.self))")
        }
    }

    /// The length of the first line with its end; nil while it is not complete.
    private static func lineBytes(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let feed = memchr(base, 0x0A, bytes.count) else { return nil }
        let length = UnsafeRawPointer(feed) - base + 1
        return length > 3 ? length : nil
    }

    /// A command as Redis reads it fastest.
    static func command(_ words: String...) -> String { command(words) }

    static func command(_ words: [String]) -> String {
        words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
    }
}

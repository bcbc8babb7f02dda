internal import NIOCore

/// PostgreSQL's protocol 3: trust authentication and simple queries.
struct PostgresWire: Wire {
    let greeting: [UInt8]? = {
        let settings = Array("user\0postgres\0database\0postgres\0\0".utf8)
        let version: UInt32 = 3 << 16
        return (UInt32(settings.count + 8).bigEndianBytes + version.bigEndianBytes) + settings
    }()

    /// The answer to a query is all up to "ready for query"; what it says is the first column of the last row.
    mutating func next(_ bytes: inout ByteBuffer) throws -> ByteBufferView? {
        var offset = 0
        var value = bytes.view(at: 0, length: 0)
        while let kind = bytes.getInteger(at: bytes.readerIndex + offset, as: UInt8.self),
            let length = bytes.getInteger(at: bytes.readerIndex + offset + 1, as: UInt32.self),
            bytes.readableBytes > offset + Int(length)
        {
            switch UnicodeScalar(kind) {
            case "E":
                let fields = bytes.view(at: offset + 5, length: Int(length) - 4)
                let texts = fields.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                throw BenchFailure("PostgreSQL said \(texts.joined(separator: ", "))")
            case "R" where bytes.getInteger(at: bytes.readerIndex + offset + 5, as: UInt32.self) != 0:
                throw BenchFailure("PostgreSQL asks for a password, which a cluster for benchmarks has not")
            case "D":
                let size = bytes.getInteger(at: bytes.readerIndex + offset + 7, as: Int32.self) ?? 0
                value = bytes.view(at: offset + 11, length: max(0, Int(size)))
            case "Z":
                bytes.moveReaderIndex(forwardBy: offset + Int(length) + 1)
                return value
            default:
                break
            }
            offset += Int(length) + 1
        }
        return nil
    }

    static func query(_ sql: String) -> [UInt8] {
        [UInt8(ascii: "Q")] + UInt32(sql.utf8.count + 5).bigEndianBytes + Array(sql.utf8) + [0]
    }
}

extension UInt32 {
    fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

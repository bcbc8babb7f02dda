public import Basics

/// What ties a finalised invoice to the one before it: change a digit anywhere, and no later seal fits.
public struct InvoiceSeal: Codable, Sendable, Equatable, Packed {
    /// Of the invoice with the number before; nil for an environment's first sealed one.
    public let previous: InvoiceDigest?
    /// SHA-256 of the previous digest, 32 zeros where there is none, and then of the fields of the invoice's record up
    /// to its seal, one after another, as they were when it became final: `open`, with nothing paid and nothing
    /// credited, and updated at that instant. All else never changes again.
    public let digest: InvoiceDigest

    public init(previous: InvoiceDigest?, digest: InvoiceDigest) {
        self.previous = previous
        self.digest = digest
    }

    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 2)
        previous.pack(into: &writer)
        digest.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(2)
        previous = try InvoiceDigest?(unpacking: &reader)
        digest = try InvoiceDigest(unpacking: &reader)
    }
}

/// 32 bytes, as four big-endian words.
public struct InvoiceDigest: Codable, Sendable, Equatable, Packed {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Nil unless there are 32 bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        func word(_ place: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self))
        }
        first = word(0)
        second = word(1)
        third = word(2)
        fourth = word(3)
    }

    public init?(_ bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ InvoiceDigest($0) }) else { return nil }
        self = digest
    }

    /// Before the first.
    package static let zero = InvoiceDigest([UInt8](repeating: 0, count: 32))!

    public var bytes: [UInt8] { withBytes { Array($0) } }

    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeBytes(of: (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian), body)
    }

    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public func pack(into writer: inout RecordWriter) {
        writer.writeArray(count: 4)
        first.pack(into: &writer)
        second.pack(into: &writer)
        third.pack(into: &writer)
        fourth.pack(into: &writer)
    }

    public init(unpacking reader: inout RecordReader) throws(MalformedRecord) {
        try reader.readFields(4)
        first = try reader.readUInt64()
        second = try reader.readUInt64()
        third = try reader.readUInt64()
        fourth = try reader.readUInt64()
    }
}

extension Invoice {
    /// Its record, and with it the seal that it gets, as it becomes final.
    ///
    /// - Parameter hash: SHA-256 of 32 bytes, those of the seal before or zeros, and then of more.
    package mutating func seal(
        after previous: InvoiceDigest?, hash: (InvoiceDigest?, UnsafeRawBufferPointer) -> InvoiceDigest
    ) -> [UInt8] {
        // Packed once for both, as this is a good part of what closing a period costs.
        var writer = RecordWriter()
        writer.writeArray(count: Self.packedFields)
        let start = writer.position
        packContent(into: &writer)
        let seal = InvoiceSeal(previous: previous, digest: writer.withBytes(from: start) { hash(previous, $0) })
        self.seal = seal
        Optional(seal).pack(into: &writer)
        return writer.bytes
    }

    /// The same hash of what it was when it became final.
    package func digest(
        after previous: InvoiceDigest?, hash: (InvoiceDigest?, UnsafeRawBufferPointer) -> InvoiceDigest
    ) -> InvoiceDigest {
        var original = self
        original.status = .open
        original.settlements = []
        original.credits = nil
        original.updatedAt = finalizedAt ?? updatedAt
        var writer = RecordWriter()
        original.packContent(into: &writer)
        return writer.withBytes(from: 0) { hash(previous, $0) }
    }
}

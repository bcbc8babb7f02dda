public import Basics

/// What ties a finalised invoice to the one before it: change a digit anywhere, and no later seal fits.
public struct InvoiceSeal: Codable, Sendable, Equatable, Packed {
    /// Of the invoice with the number before; nil for an environment's first sealed one.
    public let previous: InvoiceDigest?
    /// SHA-256 of `Invoice.sealedBytes(after: previous)`.
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
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var rest = bytes.makeIterator()
        func word() -> UInt64 { (0..<8).reduce(0) { word, _ in word << 8 | UInt64(rest.next() ?? 0) } }
        first = word()
        second = word()
        third = word()
        fourth = word()
    }

    public var bytes: [UInt8] {
        [first, second, third, fourth].flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
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
    /// The bytes that a finalised invoice's seal is the hash of: a CBOR array (RFC 8949, shortest form) that begins
    /// with 1, the number of this form, and the words of the previous digest or null.
    ///
    /// What follows is all that never changes again: number, ids, currency, period, the times of finalisation and
    /// payment, the total, and of each line what it is, for what, how much and when. Ids are their ordinals, times
    /// milliseconds since 1970, decimals as everywhere in records. A part of no stored record, so that records may
    /// grow.
    public func sealedBytes(after previous: InvoiceDigest?) -> [UInt8] {
        var writer = RecordWriter()
        writer.writeArray(count: 13)
        Int64(1).pack(into: &writer)
        previous.pack(into: &writer)
        number.pack(into: &writer)
        id.pack(into: &writer)
        environmentID.pack(into: &writer)
        companyID.pack(into: &writer)
        subscriptionID.pack(into: &writer)
        currency.pack(into: &writer)
        period.pack(into: &writer)
        finalizedAt.pack(into: &writer)
        dueAt.pack(into: &writer)
        total.pack(into: &writer)
        writer.writeArray(count: lines.count)
        for line in lines { line.packSealed(into: &writer) }
        return writer.bytes
    }
}

extension InvoiceLine {
    fileprivate func packSealed(into writer: inout RecordWriter) {
        writer.writeArray(count: 13)
        id.pack(into: &writer)
        type.pack(into: &writer)
        description.pack(into: &writer)
        planID.pack(into: &writer)
        versionID.pack(into: &writer)
        featureID.pack(into: &writer)
        quantity.pack(into: &writer)
        unitAmount.pack(into: &writer)
        amount.pack(into: &writer)
        period.pack(into: &writer)
        correctsLineID.pack(into: &writer)
        (derivation?.lineID).pack(into: &writer)
        (derivation?.tax).pack(into: &writer)
    }
}

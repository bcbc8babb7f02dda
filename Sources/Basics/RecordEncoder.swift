/// Writes any `Codable` value as a record: one CBOR item (RFC 8949) that every CBOR tool can read.
///
/// The same value always gives the same bytes. Keyed containers become maps with text keys, sorted as section 4.2.1
/// says (shorter keys first, then by bytes), so neither declaration order nor a `Dictionary`'s hash order shows.
/// Integers take their shortest form, past 64 bits the bignum tags 2 and 3; floating point is always 64 bits wide;
/// `[UInt8]` is a byte string; lengths are always stated.
///
/// A `Set`, and a `Dictionary` whose keys cannot be coding keys, would be written in hash order: both are refused with
/// `EncodingError.invalidValue`. So are a key written twice and nesting deeper than `RecordEncoder.depthLimit`. A type
/// that loops over a `Set` by itself is not noticed: it must sort.
public struct RecordEncoder: Sendable {
    /// How many arrays and maps may stand inside each other.
    public static let depthLimit = 64

    public init() {}

    public func encode<T: Encodable>(_ value: T) throws -> [UInt8] {
        let item = try RecordItem(value, path: .root)
        var writer = RecordWriter()
        try writer.write(item, depth: 0)
        return writer.bytes
    }
}

/// Writes items as bytes, RFC 8949 section 3.
private struct RecordWriter {
    var bytes: [UInt8] = []

    mutating func write(_ item: RecordItem, depth: Int) throws {
        switch item {
        case .null: bytes.append(0xF6)
        case .bool(let value): bytes.append(value ? 0xF5 : 0xF4)
        case .unsigned(let value): write(major: 0, bignumTag: 2, value)
        case .negative(let value): write(major: 1, bignumTag: 3, value)
        case .double(let value):
            bytes.append(0xFB)
            write(bigEndian: value.bitPattern)
        case .bytes(let value):
            writeHead(major: 2, UInt64(value.count))
            bytes.append(contentsOf: value)
        case .text(let value): write(value)
        case .array(let array):
            try check(depth)
            writeHead(major: 4, UInt64(array.items.count))
            for item in array.items { try write(item, depth: depth + 1) }
        case .map(let map):
            try check(depth)
            try write(map, depth: depth + 1)
        case .slot(let slot):
            try write(slot.content, depth: depth)
        }
    }

    private func check(_ depth: Int) throws {
        guard depth < RecordEncoder.depthLimit else {
            throw refusal(depth, "The value nests deeper than \(RecordEncoder.depthLimit) containers.")
        }
    }

    private mutating func write(_ map: RecordMap, depth: Int) throws {
        let fields = map.fields.sorted { Self.precedes($0.key, $1.key) }
        writeHead(major: 5, UInt64(fields.count))
        for (place, field) in fields.enumerated() {
            // Not `==`: two spellings of one character are one String but two keys.
            if place > 0, fields[place - 1].key.utf8.elementsEqual(field.key.utf8) {
                throw refusal(field.key, "The key \(field.key) was written twice in one container.")
            }
            write(field.key)
            try write(field.item, depth: depth)
        }
    }

    /// The order of the encoded keys: the length comes first in a head, so it decides first.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private mutating func write(_ text: String) {
        writeHead(major: 3, UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func write(major: UInt8, bignumTag: UInt8, _ value: UInt128) {
        if let short = UInt64(exactly: value) { return writeHead(major: major, short) }
        let width = 16 - value.leadingZeroBitCount / 8
        writeHead(major: 6, UInt64(bignumTag))
        writeHead(major: 2, UInt64(width))
        for place in (0..<width).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> (place * 8)))
        }
    }

    /// The first byte of an item and its argument, in as few bytes as hold it.
    private mutating func writeHead(major: UInt8, _ argument: UInt64) {
        let first = major << 5
        if argument < 24 {
            bytes.append(first | UInt8(argument))
        } else if let short = UInt8(exactly: argument) {
            bytes.append(first | 24)
            bytes.append(short)
        } else if let short = UInt16(exactly: argument) {
            bytes.append(first | 25)
            write(bigEndian: short)
        } else if let short = UInt32(exactly: argument) {
            bytes.append(first | 26)
            write(bigEndian: short)
        } else {
            bytes.append(first | 27)
            write(bigEndian: argument)
        }
    }

    private mutating func write(bigEndian value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private func refusal(_ value: Any, _ sentence: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: [], debugDescription: sentence))
    }
}

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

/// Writes items as bytes.
extension RecordWriter {
    fileprivate mutating func write(_ item: RecordItem, depth: Int) throws {
        switch item {
        case .null: writeNull()
        case .bool(let value): write(value)
        case .unsigned(let value): write(major: 0, bignumTag: 2, value)
        case .negative(let value): write(major: 1, bignumTag: 3, value)
        case .double(let value): write(value)
        case .bytes(let value): write(value)
        case .text(let value): write(value)
        case .array(let array):
            try Self.check(depth)
            writeArray(count: array.items.count)
            for item in array.items { try write(item, depth: depth + 1) }
        case .map(let map):
            try Self.check(depth)
            try write(map, depth: depth + 1)
        case .slot(let slot):
            try write(slot.content, depth: depth)
        }
    }

    private static func check(_ depth: Int) throws {
        guard depth < RecordEncoder.depthLimit else {
            throw refusal(depth, "The value nests deeper than \(RecordEncoder.depthLimit) containers.")
        }
    }

    private mutating func write(_ map: RecordMap, depth: Int) throws {
        let fields = map.fields.sorted { Self.precedes($0.key, $1.key) }
        writeMap(count: fields.count)
        for (place, field) in fields.enumerated() {
            // Not `==`: two spellings of one character are one String but two keys.
            if place > 0, fields[place - 1].key.utf8.elementsEqual(field.key.utf8) {
                throw Self.refusal(field.key, "The key \(field.key) was written twice in one container.")
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

    private static func refusal(_ value: Any, _ sentence: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: [], debugDescription: sentence))
    }
}

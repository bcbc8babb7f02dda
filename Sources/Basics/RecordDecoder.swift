/// Reads what `RecordEncoder` writes, and any CBOR that keeps to the same subset.
///
/// Fields that the type does not know are ignored and absent optionals are nil, so types may gain and lose optional
/// fields. Refused with `MalformedRecord`: bytes that end early or go on after the record, maps whose keys do not
/// ascend (a duplicate among them), unstated lengths, tags other than bignums, and nesting deeper than
/// `RecordEncoder.depthLimit`. Refused with `DecodingError`: a record that is well formed and does not fit the type.
/// No bytes trap.
public struct RecordDecoder: Sendable {
    public init() {}

    /// `bytes` need to stay only for the call: a `Decodable` must not keep its decoder.
    public func decode<T: Decodable>(_ type: T.Type, from bytes: UnsafeRawBufferPointer) throws -> T {
        try RecordItemDecoder(index: try RecordIndex(bytes), place: 0, path: .root).decode(type)
    }

    public func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        try bytes.withUnsafeBytes { try decode(type, from: $0) }
    }
}

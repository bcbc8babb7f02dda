/// Bytes that are no record: where, counted from 0, and why.
///
/// For a `Codable` type, thrown before any field is read: a well-formed record that does not fit it gives a
/// `DecodingError` instead. A `Packed` one is checked as it is read.
public struct MalformedRecord: Error, Hashable {
    public enum Reason: Hashable, Sendable {
        /// The record states more bytes, elements or fields than are left for them.
        case ended(needed: UInt64, left: Int)
        case trailing(Int)
        case tooDeep(limit: Int)
        /// A tag, simple value or unstated length that records do not use, or a packed field of another kind than its
        /// type's; the byte is that which announces it.
        case unsupported(UInt8)
        case notUTF8
        case keyNotText
        case duplicateKey(String)
        /// A key that stands after one that it should precede.
        case keyOutOfOrder(String)
        /// A packed field of the right kind whose value its type does not have.
        case unfit
    }

    public let offset: Int
    public let reason: Reason
}

extension MalformedRecord: CustomStringConvertible {
    public var description: String {
        "The record is malformed at byte \(offset): \(sentence)"
    }

    private var sentence: String {
        switch reason {
        case .ended(let needed, let left): "it states \(needed) more where at most \(left) can follow."
        case .trailing(let count): "\(count) bytes follow its end."
        case .tooDeep(let limit): "it nests deeper than \(limit) containers."
        case .unsupported(let byte): "items that start with 0x\(String(byte, radix: 16)) are not used in records."
        case .notUTF8: "a text is not UTF-8."
        case .keyNotText: "a map's key is not a text."
        case .duplicateKey(let key): "the key \(key) is there twice."
        case .keyOutOfOrder(let key): "the key \(key) follows one that it should precede."
        case .unfit: "a field has a value that its type does not know."
        }
    }
}

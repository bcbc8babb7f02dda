internal import Basics

/// What stands under a key once a command's writes are committed.
package enum Written: Sendable {
    case nothing
    case bytes([UInt8])
    /// A record that the committer packs, beside the commands that follow.
    case record(any Record)

    package init(_ bytes: [UInt8]?) {
        self = bytes.map { .bytes($0) } ?? .nothing
    }

    init<R: Record>(_ record: R, as change: any Record) throws {
        self = R.self is any Packed.Type ? .record(change) : .bytes(try record.encoded())
    }

    /// As the store holds it; nil for nothing.
    package func encoded() throws -> [UInt8]? {
        switch self {
        case .nothing: nil
        case .bytes(let bytes): bytes
        case .record(let record): try record.encoded()
        }
    }

    func decoded<R: Record>(_ type: R.Type) throws -> R? {
        switch self {
        case .nothing: return nil
        case .bytes(let bytes): return try R.decoded(bytes)
        case .record(let record):
            guard let record = record as? R else { preconditionFailure("a \(R.kind) was written as another kind") }
            return record
        }
    }
}

package import Basics
package import Model

/// One entry of the journal: a command, a block of events, a hold as a change left it, or a request of the audit log,
/// with the environment and time it was applied at.
///
/// Bytes: kind (1) ‖ environment (4) ‖ time in milliseconds (8) ‖ payload.
package struct JournalEntry: Sendable {
    package enum Kind: UInt8, Sendable {
        case command = 1
        case events = 2
        case hold = 3
        case audit = 4
    }

    package static let headerWidth = 13

    package let kind: Kind
    package let environment: EnvironmentID
    package let at: Timestamp
    package let payload: [UInt8]

    package init(kind: Kind, environment: EnvironmentID, at: Timestamp, payload: [UInt8]) {
        self.kind = kind
        self.environment = environment
        self.at = at
        self.payload = payload
    }

    package init(_ bytes: UnsafeRawBufferPointer) throws(StoreFailure) {
        guard bytes.count >= Self.headerWidth, let kind = Kind(rawValue: bytes[0]) else {
            throw StoreFailure("the journal has an entry that this version cannot read")
        }
        self.kind = kind
        environment = Identifier(ordinal: UInt64(bytes.bigEndian32(at: 1)))
        at = bytes.timestamp(at: 5)
        payload = Array(bytes[Self.headerWidth...])
    }

    /// What stands before the payload.
    package static func header(_ kind: Kind, in environment: EnvironmentID, at: Timestamp) -> [UInt8] {
        var bytes = KeyBytes(capacity: headerWidth)
        bytes.append(kind.rawValue)
        bytes.append(environment)
        bytes.append(at)
        return bytes.bytes
    }

    package var encoded: EncodedEntry {
        EncodedEntry(environment: environment, at: at, bytes: Self.header(kind, in: environment, at: at) + payload)
    }
}

/// An entry as the bytes that the journal will hold.
package struct EncodedEntry: Sendable {
    package let environment: EnvironmentID
    package let at: Timestamp
    package let bytes: [UInt8]

    package init(environment: EnvironmentID, at: Timestamp, bytes: [UInt8]) {
        self.environment = environment
        self.at = at
        self.bytes = bytes
    }
}

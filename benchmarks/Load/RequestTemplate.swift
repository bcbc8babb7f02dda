internal import NIOCore

/// The bytes of one request, or of several sent together, with places of fixed width that each sending fills anew.
///
/// So a client costs some ten nanoseconds for an event, and what is measured is the server.
struct RequestTemplate: Sendable {
    /// What stands in a text for something to be filled in, as wide as that.
    enum Place {
        /// An idempotency key, shaped like a UUID.
        static let key = String(repeating: "\u{11}", count: 36)
        /// Digits that name a company.
        static let company = String(repeating: "\u{12}", count: 8)
        /// One digit.
        static let quantity = "\u{13}"
    }

    /// How many answers the server gives to these bytes.
    let answers: Int
    /// How many events or other operations these bytes ask for.
    let operations: Int
    private var buffer: ByteBuffer
    private let keys: Places?
    private let companies: Places?
    private let quantities: Places?

    /// - Parameter bytes: a place may stand in it for each operation, all of one kind at the same distance.
    init(_ bytes: [UInt8], operations: Int, answers: Int) {
        self.answers = answers
        self.operations = operations
        buffer = ByteBuffer(bytes: bytes)
        keys = Places(of: Place.key, in: bytes, operations)
        companies = Places(of: Place.company, in: bytes, operations)
        quantities = Places(of: Place.quantity, in: bytes, operations)
    }

    init(_ text: String, operations: Int = 1, answers: Int = 1) {
        self.init(Array(text.utf8), operations: operations, answers: answers)
    }

    /// The bytes with the next operations of the stream in them. Writes in place when the last ones have left.
    mutating func next(_ stream: inout OperationStream) -> ByteBuffer {
        buffer.withUnsafeMutableReadableBytes { bytes in
            for index in 0..<operations {
                let operation = stream.next()
                if let keys { operation.writeKey(to: bytes, at: keys[index]) }
                if let companies { operation.writeCompany(to: bytes, at: companies[index]) }
                if let quantities { bytes[quantities[index]] = UInt8(truncatingIfNeeded: 0x30 + operation.quantity) }
            }
        }
        return buffer
    }
}

/// Where the places of one kind are.
private struct Places: Sendable {
    private let first: Int
    private let distance: Int

    /// Nil where the text has no such place.
    init?(of place: String, in bytes: [UInt8], _ operations: Int) {
        let mark = place.utf8.first!
        let found = bytes.indices.filter { bytes[$0] == mark && ($0 == 0 || bytes[$0 - 1] != mark) }
        guard let first = found.first else { return nil }
        let distance = operations == 1 ? 0 : found[1] - first
        precondition(
            found == (0..<operations).map { first + $0 * distance }, "places are not at the same distance")
        self.first = first
        self.distance = distance
    }

    subscript(index: Int) -> Int { first + index * distance }
}

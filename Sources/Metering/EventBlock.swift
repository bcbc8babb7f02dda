package import Basics
package import Model

/// A batch of accepted events as one journal entry: packed, because there are many.
///
/// Per event: type (1) ‖ flags (1) ‖ company ‖ user ‖ meter ‖ quantity ‖ effective − received ‖ key ‖ JSON. Numbers are
/// variable-length (7 bits a byte, signed ones zigzag), byte strings have their length in front.
package struct EventBlock {
    /// The most events of one block: with it and the journal's sequence an event has an id.
    package static let limit = 1 << 14
    private static let backfillFlag: UInt8 = 1
    private static let timedFlag: UInt8 = 2
    private static let failedFlag: UInt8 = 4

    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    /// One event of a block, with its bytes still in the block.
    package struct Event {
        package let type: EventType
        package let isBackfill: Bool
        /// Its sender named the effective time: then that is part of what its idempotency key stands for.
        package let isTimed: Bool
        /// Stored for the record, not counted: its key may not write.
        package let isFailed: Bool
        package let company: UInt64
        package let user: UInt64
        package let meter: UInt64
        package let quantity: Int64
        package let effective: Timestamp
        package let key: UnsafeRawBufferPointer
        package let json: UnsafeRawBufferPointer

        package init(
            type: EventType, isBackfill: Bool, isTimed: Bool, isFailed: Bool = false, company: UInt64, user: UInt64,
            meter: UInt64,
            quantity: Int64,
            effective: Timestamp, key: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer
        ) {
            self.type = type
            self.isBackfill = isBackfill
            self.isTimed = isTimed
            self.isFailed = isFailed
            self.company = company
            self.user = user
            self.meter = meter
            self.quantity = quantity
            self.effective = effective
            self.key = key
            self.json = json
        }
    }

    package static func eventID(sequence: UInt64, index: Int) -> Identifier<RecordedEvent> {
        Identifier(ordinal: sequence << 14 | UInt64(index))
    }

    package static func place(of id: Identifier<RecordedEvent>) -> (sequence: UInt64, index: Int) {
        (id.ordinal >> 14, Int(id.ordinal & UInt64(limit - 1)))
    }

    package mutating func append(_ event: Event, received: Timestamp) {
        bytes.append(event.type.rawValue)
        bytes.append(
            (event.isBackfill ? Self.backfillFlag : 0) | (event.isTimed ? Self.timedFlag : 0)
                | (event.isFailed ? Self.failedFlag : 0))
        append(event.company)
        append(event.user)
        append(event.meter)
        append(signed: event.quantity)
        append(signed: event.effective.milliseconds - received.milliseconds)
        append(event.key)
        append(event.json)
        count += 1
    }

    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func append(signed number: Int64) {
        append(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    private mutating func append(_ run: UnsafeRawBufferPointer) {
        append(UInt64(run.count))
        bytes.append(contentsOf: run)
    }

    /// Visits the events of a block in order, until `body` answers false.
    package static func forEach(
        in payload: [UInt8], received: Timestamp, _ body: (Int, Event) throws -> Bool
    ) throws {
        try payload.withUnsafeBytes { bytes in
            var reader = Reader(bytes: bytes)
            var index = 0
            while !reader.isAtEnd {
                guard try body(index, try reader.event(received: received)) else { return }
                index += 1
            }
        }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var offset = 0

        var isAtEnd: Bool { offset == bytes.count }

        mutating func event(received: Timestamp) throws(StoreFailure) -> Event {
            guard let type = EventType(rawValue: try byte()) else { throw Self.damaged }
            let flags = try byte()
            return Event(
                type: type, isBackfill: flags & EventBlock.backfillFlag != 0,
                isTimed: flags & EventBlock.timedFlag != 0, isFailed: flags & EventBlock.failedFlag != 0,
                company: try number(), user: try number(),
                meter: try number(), quantity: try signedNumber(),
                effective: Timestamp(milliseconds: received.milliseconds &+ (try signedNumber())), key: try run(),
                json: try run())
        }

        private static let damaged = StoreFailure("a block of events in the journal is damaged")

        private mutating func byte() throws(StoreFailure) -> UInt8 {
            guard offset < bytes.count else { throw Self.damaged }
            offset += 1
            return bytes[offset - 1]
        }

        private mutating func number() throws(StoreFailure) -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                let next = try byte()
                value |= UInt64(next & 0x7F) << shift
                if next < 0x80 { return value }
            }
            throw Self.damaged
        }

        private mutating func signedNumber() throws(StoreFailure) -> Int64 {
            let value = try number()
            return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        }

        private mutating func run() throws(StoreFailure) -> UnsafeRawBufferPointer {
            let count = try number()
            guard count <= UInt64(bytes.count - offset) else { throw Self.damaged }
            defer { offset += Int(count) }
            return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
        }
    }
}

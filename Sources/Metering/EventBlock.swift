package import Basics
package import Model
package import Store

/// A batch of accepted events as one journal entry: packed, because there are many.
///
/// Per event: type (1) ‖ flags (1) ‖ company ‖ user ‖ meter ‖ quantity ‖ effective − received ‖ key ‖ JSON, and, where
/// its bucket does not begin at the full hour, effective − start of the bucket. Numbers are variable-length (7 bits a
/// byte, signed ones zigzag), byte strings have their length in front. Last, where the event adds to derived meters:
/// their number, and for each the meter, and its value or token.
package struct EventBlock: ~Copyable {
    /// The most events of one block: with it and the journal's sequence an event has an id.
    package static let limit = 1 << 14
    private static let backfillFlag: UInt8 = 1
    private static let timedFlag: UInt8 = 2
    private static let failedFlag: UInt8 = 4
    private static let cutFlag: UInt8 = 8
    private static let derivedFlag: UInt8 = 16
    /// What an event takes besides its key and JSON: two bytes, five numbers, two lengths, the cut.
    private static let fixedWidth = 2 + 8 * 10
    /// The most of one addition to a derived meter: three numbers.
    private static let derivedWidth = 3 * 10

    private var memory: UnsafeMutableRawBufferPointer
    private var used: Int
    package private(set) var count = 0
    private let environment: EnvironmentID
    private let received: Timestamp

    /// - Parameter capacity: bytes to begin with.
    package init(in environment: EnvironmentID, received: Timestamp, capacity: Int = 1024) {
        self.environment = environment
        self.received = received
        let header = JournalEntry.header(.events, in: environment, at: received)
        memory = .allocate(byteCount: max(capacity, header.count), alignment: 1)
        memory.copyBytes(from: header)
        used = header.count
    }

    deinit {
        memory.deallocate()
    }

    /// The journal entry.
    package var entry: EncodedEntry {
        EncodedEntry(environment: environment, at: received, bytes: Array(memory[..<used]))
    }

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
        /// Where the bucket begins that it is counted in.
        package let bucketStart: Timestamp
        package let key: UnsafeRawBufferPointer
        package let json: UnsafeRawBufferPointer
        fileprivate var packedDerived = UnsafeRawBufferPointer(start: nil, count: 0)

        /// - Parameter bucketStart: nil for an event that is counted nowhere.
        package init(
            type: EventType, isBackfill: Bool, isTimed: Bool, isFailed: Bool = false, company: UInt64, user: UInt64,
            meter: UInt64, quantity: Int64, effective: Timestamp, bucketStart: Timestamp?, key: UnsafeRawBufferPointer,
            json: UnsafeRawBufferPointer
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
            self.bucketStart = bucketStart ?? Counter.hourStart(of: effective)
            self.key = key
            self.json = json
        }

        /// What it added to derived meters.
        package var derived: [DerivedUse] {
            if packedDerived.isEmpty { return [] }
            var reader = Reader(bytes: packedDerived)
            guard let uses = try? reader.derived() else {
                preconditionFailure("what an event added was read once, when the event was")
            }
            return uses
        }

        /// Whether it is in a counter.
        package var isCounted: Bool {
            !isFailed && company != 0 && meter != 0 && (quantity != 0 || !packedDerived.isEmpty)
        }
    }

    package static func eventID(sequence: UInt64, index: Int) -> Identifier<RecordedEvent> {
        Identifier(ordinal: sequence << 14 | UInt64(index))
    }

    package static func place(of id: Identifier<RecordedEvent>) -> (sequence: UInt64, index: Int) {
        (id.ordinal >> 14, Int(id.ordinal & UInt64(limit - 1)))
    }

    package mutating func append(_ event: Event, derived: ArraySlice<DerivedUse> = []) {
        reserve(
            Self.fixedWidth + event.key.count + event.json.count
                + (derived.isEmpty ? 0 : 10 + derived.count * Self.derivedWidth))
        let isCut = event.bucketStart != Counter.hourStart(of: event.effective)
        append(event.type.rawValue)
        append(
            (event.isBackfill ? Self.backfillFlag : 0) | (event.isTimed ? Self.timedFlag : 0)
                | (event.isFailed ? Self.failedFlag : 0) | (isCut ? Self.cutFlag : 0)
                | (derived.isEmpty ? 0 : Self.derivedFlag))
        append(event.company)
        append(event.user)
        append(event.meter)
        append(signed: event.quantity)
        append(signed: event.effective.milliseconds - received.milliseconds)
        append(event.key)
        append(event.json)
        if isCut { append(signed: event.effective.milliseconds - event.bucketStart.milliseconds) }
        if !derived.isEmpty {
            append(UInt64(derived.count))
            for use in derived { append(use) }
        }
        count += 1
    }

    private mutating func reserve(_ count: Int) {
        guard used + count > memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, used + count), alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<used]))
        memory.deallocate()
        memory = larger
    }

    // Room has been made for all that follow.

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        memory.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }

    @inline(__always)
    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    private mutating func append(signed number: Int64) {
        append(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    }

    private mutating func append(_ use: DerivedUse) {
        append(MeterKind.packed(use.meter))
        switch use.kind {
        case .additive, .greatest: append(signed: use.value)
        case .latest, .each:
            append(signed: use.value)
            append(UInt64(truncatingIfNeeded: use.token))
        case .unique:
            append(UInt64(truncatingIfNeeded: use.token >> 64))
            append(UInt64(truncatingIfNeeded: use.token))
        }
    }

    @inline(__always)
    private mutating func append(_ run: UnsafeRawBufferPointer) {
        append(UInt64(run.count))
        UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: run)
        used += run.count
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
            let (company, user, meter) = (try number(), try number(), try number())
            let quantity = try signedNumber()
            let effective = try instant(received.milliseconds.addingReportingOverflow(try signedNumber()))
            let (key, json) = (try run(), try run())
            let start: Timestamp? =
                flags & EventBlock.cutFlag == 0
                ? nil : try instant(effective.milliseconds.subtractingReportingOverflow(try signedNumber()))
            var event = Event(
                type: type, isBackfill: flags & EventBlock.backfillFlag != 0,
                isTimed: flags & EventBlock.timedFlag != 0, isFailed: flags & EventBlock.failedFlag != 0,
                company: company, user: user, meter: meter, quantity: quantity, effective: effective,
                bucketStart: start, key: key, json: json)
            if flags & EventBlock.derivedFlag != 0 {
                let first = offset
                _ = try derived()
                event.packedDerived = UnsafeRawBufferPointer(rebasing: bytes[first..<offset])
            }
            return event
        }

        mutating func derived() throws(StoreFailure) -> [DerivedUse] {
            var uses: [DerivedUse] = []
            for _ in 0..<(try number()) { uses.append(try use()) }
            return uses
        }

        private mutating func use() throws(StoreFailure) -> DerivedUse {
            let meter = MeterKind.unpacked(try number())
            switch MeterKind(ofMeter: meter) {
            case .additive, .greatest: return DerivedUse(meter: meter, value: try signedNumber(), token: 0)
            case .latest, .each:
                let value = try signedNumber()
                return DerivedUse(meter: meter, value: value, token: UInt128(try number()))
            case .unique:
                let high = UInt128(try number())
                return DerivedUse(meter: meter, value: 0, token: high << 64 | UInt128(try number()))
            }
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

        private func instant(_ sum: (partialValue: Int64, overflow: Bool)) throws(StoreFailure) -> Timestamp {
            guard !sum.overflow else { throw Self.damaged }
            return Timestamp(milliseconds: sum.partialValue)
        }

        private mutating func run() throws(StoreFailure) -> UnsafeRawBufferPointer {
            let count = try number()
            guard count <= UInt64(bytes.count - offset) else { throw Self.damaged }
            defer { offset += Int(count) }
            return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
        }
    }
}

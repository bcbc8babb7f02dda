internal import Basics
internal import Metering
internal import Model
internal import Store

extension FuzzEntry {
    /// An entry is read as it was written; a hold is written as it was read, and a block of events gives events that
    /// make the same block again.
    func checkJournal(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let entry = try Self.refusing({ try JournalEntry(bytes) }) else { return }
        guard entry.encoded.bytes == Array(bytes) else { throw Finding("an entry is read as another one") }
        switch entry.kind {
        case .command: return
        case .hold: try Self.checkHold(entry)
        case .audit: _ = try Self.refusing { try AuditEntry(entry) }
        case .events: try Self.checkBlock(entry)
        }
    }

    private static func checkHold(_ entry: JournalEntry) throws(Finding) {
        let hold = try refusing { try entry.payload.withUnsafeBytes { try Hold(packed: $0) } }
        guard let hold, let again = try refusing({ try hold.packed.withUnsafeBytes { try Hold(packed: $0) } }) else {
            return
        }
        guard again == hold else { throw Finding("a hold lost something on its way") }
    }

    private static func checkBlock(_ entry: JournalEntry) throws(Finding) {
        guard let events = try refusing({ try events(of: entry) }) else { return }
        let block = block(of: events, like: entry)
        do {
            let again = try block.bytes.withUnsafeBytes { try JournalEntry($0) }
            guard try Self.events(of: again) == events else { throw Finding("a block lost something on its way") }
        } catch {
            throw Finding("a block that was read cannot be written and read: \(error)")
        }
    }

    private struct PlainBlockEvent: Equatable {
        let type: EventType
        let flags: [Bool]
        let numbers: [UInt64]
        let quantity: Int64
        let times: [Timestamp]
        let key: [UInt8]
        let json: [UInt8]
        let derived: [DerivedUse]
    }

    private static func events(of entry: JournalEntry) throws -> [PlainBlockEvent] {
        var events: [PlainBlockEvent] = []
        try EventBlock.forEach(in: entry.payload, received: entry.at) { index, event in
            guard index == events.count else { throw Finding("event \(events.count) has the index \(index)") }
            events.append(
                PlainBlockEvent(
                    type: event.type, flags: [event.isBackfill, event.isTimed, event.isFailed],
                    numbers: [event.company, event.user, event.meter], quantity: event.quantity,
                    times: [event.effective, event.bucketStart], key: Array(event.key), json: Array(event.json),
                    derived: event.derived))
            return true
        }
        return events
    }

    private static func block(of events: [PlainBlockEvent], like entry: JournalEntry) -> EncodedEntry {
        var block = EventBlock(in: entry.environment, received: entry.at)
        for event in events {
            event.key.withUnsafeBytes { key in
                event.json.withUnsafeBytes { json in
                    block.append(
                        EventBlock.Event(
                            type: event.type, isBackfill: event.flags[0], isTimed: event.flags[1],
                            isFailed: event.flags[2], company: event.numbers[0], user: event.numbers[1],
                            meter: event.numbers[2], quantity: event.quantity, effective: event.times[0],
                            bucketStart: event.times[1], key: key, json: json),
                        derived: event.derived[...])
                }
            }
        }
        return block.entry
    }
}

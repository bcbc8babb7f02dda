package import Basics
internal import Metering
package import Model
internal import Store

/// Which recorded events are wanted.
package struct EventFilter: Sendable {
    package var company: Identifier<Company>?
    package var user: Identifier<User>?
    package var subtype: String?
    package var types: Set<EventType> = []
    package var idempotencyKey: String?

    package init() {}
}

extension ReadView {
    /// Newest first. Reads the journal backwards until the page is full.
    package func events(_ filter: EventFilter, offset: Int, limit: Int) throws -> [RecordedEvent] {
        var page = Page<RecordedEvent>(offset: offset, limit: limit)
        guard limit > 0 else { return [] }
        let names = eventNames()
        let meter = filter.subtype.map { catalog.nouns.meters[$0]?.id.ordinal ?? .max }
        let key = filter.idempotencyKey.map { Array($0.utf8) }
        try snapshot.forEachEntry(reversed: true) { sequence, entry in
            guard entry.kind == .events, entry.environment == environment.id else { return true }
            var found: [RecordedEvent] = []
            try EventBlock.forEach(in: entry.payload, received: entry.at) { index, event in
                guard filter.company.map({ $0.ordinal == event.company }) ?? true,
                    filter.user.map({ $0.ordinal == event.user }) ?? true, meter.map({ $0 == event.meter }) ?? true,
                    filter.types.isEmpty || filter.types.contains(event.type),
                    key.map({ $0.elementsEqual(event.key) }) ?? true
                else { return true }
                let id = EventBlock.eventID(sequence: sequence, index: index)
                found.append(RecordedEvent(id, event, received: entry.at, names))
                return true
            }
            for event in found.reversed() where !page.take(event) { return false }
            return true
        }
        return page.items
    }

    package func event(_ id: Identifier<RecordedEvent>) throws -> RecordedEvent? {
        let (sequence, wanted) = EventBlock.place(of: id)
        guard let entry = try snapshot.entry(sequence), entry.kind == .events, entry.environment == environment.id
        else {
            return nil
        }
        var found: RecordedEvent?
        try EventBlock.forEach(in: entry.payload, received: entry.at) { index, event in
            if index == wanted { found = RecordedEvent(id, event, received: entry.at, eventNames()) }
            return index < wanted
        }
        return found
    }

    private func eventNames() -> [UInt64: String] {
        Dictionary(catalog.nouns.meters.values.map { ($0.id.ordinal, $0.eventSubtype) }) { first, _ in first }
    }
}

extension RecordedEvent {
    fileprivate init(
        _ id: Identifier<RecordedEvent>, _ event: EventBlock.Event, received: Timestamp, _ names: [UInt64: String]
    ) {
        self.init(
            id: id, type: event.type, quantity: event.quantity,
            idempotencyKey: event.key.isEmpty ? nil : String(decoding: event.key, as: UTF8.self), capturedAt: received,
            effectiveAt: event.effective, isBackfill: event.isBackfill, json: Array(event.json))
        isFailed = event.isFailed
        subtype = names[event.meter]
        company = event.company == 0 ? nil : Identifier(ordinal: event.company)
        user = event.user == 0 ? nil : Identifier(ordinal: event.user)
    }
}

internal import EventScanner

extension FuzzEntry {
    /// Deeper than this, limits of depth decide, which the plain reader does not know.
    private static let comparedDepth = 56

    /// What the plain reader makes of a body: nil where nothing of it can be used, and of an event where it is refused.
    private typealias Expected = [PlainEvent?]?

    /// Every form reads the body. The scanner must accept what the plain reader accepts, and read the same from it.
    func checkEvents(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        let body = Array(bytes)
        var scanner = EventScanner()
        for form in EventForm.allCases {
            let found = try scan(body, as: form, &scanner)
            guard let expected = Self.expected(body, as: form) else { continue }
            try compare(found, expected, form)
        }
    }

    private func scan(
        _ body: [UInt8], as form: EventForm, _ scanner: inout EventScanner
    ) throws(Finding) -> Expected {
        do {
            return try body.withUnsafeBytes { bytes in
                try scanner.scan(bytes, as: form) { events in
                    try (0..<events.count).map { try own(events[$0]) }
                }
            }
        } catch let failure as ScanFailure {
            guard !failure.sentence.isEmpty else { throw Finding("a failure without a sentence") }
            return nil
        } catch let finding as Finding {
            throw finding
        } catch {
            throw Finding("a scan failed with something other than its own failure: \(error)")
        }
    }

    /// The event's own copy, nil when it is refused.
    private func own(_ event: ScannedEvent) throws(Finding) -> PlainEvent? {
        if let refusal = event.refusal {
            guard !refusal.sentence.isEmpty else { throw Finding("a refusal without a sentence") }
            return nil
        }
        let plain = PlainEvent(event)
        for text in plain.texts where String(validating: text, as: UTF8.self) == nil {
            throw Finding("a scanned text is not UTF-8: \(text)")
        }
        if event.kind == .track, let track = plain.track { try checkBuffer(plain, track) }
        if let traits = event.rawTraits { try checkTraits(traits) }
        return plain
    }

    /// Each field of a track event's traits is found by its name, and by no other.
    private func checkTraits(_ bytes: ScannedEvent.Text) throws(Finding) {
        guard case .object(let fields)? = PlainJSON(Array(bytes)[...])?.content else {
            throw Finding("traits are no object")
        }
        let all = fields.map { String(decoding: $0.name, as: UTF8.self) }
        let names = Array(Set(all)) + ["no field has this name"]
        let found = RawTraits.values(of: names, in: bytes)
        for (name, value) in zip(names, found) {
            let expected = all.lastIndex(of: name).map { RawTraits.Value(fields[$0].value.content) }
            guard value == expected else {
                throw Finding(
                    "the trait \(name) is \(String(describing: value)), and plainly \(String(describing: expected))")
            }
        }
    }

    /// The same event made from values must read as the scanned one does.
    private func checkBuffer(_ event: PlainEvent, _ track: PlainEvent.Track) throws(Finding) {
        func string(_ text: PlainEvent.Text) -> String { String(decoding: text, as: UTF8.self) }
        func maybe(_ text: PlainEvent.Text) -> String? { text.isEmpty ? nil : string(text) }
        var buffer = EventBuffer()
        buffer.begin(
            string(track.name), quantity: track.quantity ?? 1, idempotencyKey: maybe(event.idempotencyKey),
            sentAt: maybe(event.sentAt), isTrusted: event.isTrusted, isBackfill: event.isBackfill)
        for key in track.company { buffer.addCompanyKey(string(key.name), string(key.value)) }
        for key in track.user { buffer.addUserKey(string(key.name), string(key.value)) }
        var expected = PlainEvent()
        expected.type = event.type
        expected.idempotencyKey = event.idempotencyKey
        expected.sentAt = event.sentAt
        expected.isTrusted = event.isTrusted
        expected.isBackfill = event.isBackfill
        expected.track = PlainEvent.Track(
            name: track.name, company: track.company, user: track.user, quantity: track.quantity ?? 1)
        let made = buffer.withEvents { events in events[0].isRefused ? nil : PlainEvent(events[0]) }
        guard made == expected else {
            throw Finding("made from values the event is \(String(describing: made)), not \(expected)")
        }
    }

    private func compare(_ found: Expected, _ expected: Expected, _ form: EventForm) throws(Finding) {
        guard found?.count == expected?.count else {
            throw Finding("\(form): \(count(found)), where the plain reader finds \(count(expected))")
        }
        guard let found, let expected else { return }
        for (index, (found, expected)) in zip(found, expected).enumerated() where found != expected {
            throw Finding(
                "\(form), event \(index): \(String(describing: found)), and plainly \(String(describing: expected))")
        }
    }

    private func count(_ events: Expected) -> String { events.map { "\($0.count) events" } ?? "a failure" }
}

// MARK: - What is expected

extension FuzzEntry {
    /// Nil when depth may decide.
    private static func expected(_ body: [UInt8], as form: EventForm) -> Expected? {
        form == .ndjson ? lines(body) : document(body[...], of: body, as: form)
    }

    private static func document(_ text: ArraySlice<UInt8>, of body: [UInt8], as form: EventForm) -> Expected? {
        guard let json = PlainJSON(text) else { return isDeep(text) ? nil : .some(nil) }
        guard json.depth <= comparedDepth else { return nil }
        func events(_ elements: [PlainJSON]) -> [PlainEvent?] { elements.map { PlainEvent($0, in: body) } }
        switch (form, json.content) {
        case (.single, .object): return [PlainEvent(json, in: body)]
        case (.batch, .array(let elements)): return events(elements)
        case (.batch, .object(let fields)):
            guard case .array(let elements)? = fields.last(where: { $0.name == Array("events".utf8) })?.value.content
            else { return .some(nil) }
            return events(elements)
        default: return .some(nil)
        }
    }

    /// Each line is an event; blank ones are skipped, one that is no JSON object is refused by itself.
    private static func lines(_ body: [UInt8]) -> Expected? {
        var events: [PlainEvent?] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            if isBlank { continue }
            guard let event = document(line, of: body, as: .single) else { return nil }
            events.append(event?.first ?? nil)
        }
        return events.isEmpty ? .some(nil) : events
    }

    /// Malformed text may be too deep before it is malformed.
    private static func isDeep(_ text: ArraySlice<UInt8>) -> Bool {
        text.count { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } > comparedDepth
    }
}

extension RawTraits.Value {
    fileprivate init(_ plain: PlainJSON.Content) {
        self =
            switch plain {
            case .null: .null
            case .bool(let value): .bool(value)
            case .number(let literal): .number(String(decoding: literal, as: UTF8.self))
            case .string(let text): .text(String(decoding: text, as: UTF8.self))
            case .array: .list
            case .object: .object
            }
    }
}

extension PlainEvent {
    fileprivate init(_ event: ScannedEvent) {
        func text(_ text: ScannedEvent.Text?) -> Text { text.map { Array($0) } ?? [] }
        func keys(_ keys: ScannedEvent.Keys) -> [Key] {
            keys.map { Key(name: Array($0.name), value: Array($0.value)) }
        }
        let names: [ScannedEvent.Kind: String] = [
            .track: "track", .identify: "identify", .flagCheck: "flag_check", .inference: "inference",
        ]
        type = Array(names[event.kind]!.utf8)
        body = text(event.rawBody)
        apiKey = text(event.apiKey)
        idempotencyKey = text(event.idempotencyKey)
        sentAt = text(event.sentAt)
        trackerEventID = text(event.trackerEventID)
        trackerUserID = text(event.trackerUserID)
        isTrusted = event.hasTrustedClientClock
        isBackfill = event.isBackfill
        let read = Track(
            name: text(event.name), company: keys(event.company), user: keys(event.user), quantity: event.quantity,
            traits: text(event.rawTraits), leaseID: text(event.leaseID), reservationID: text(event.reservationID))
        track = event.kind == .track || read != Track() ? read : nil
    }

    fileprivate var texts: [Text] {
        let own = [body, apiKey, idempotencyKey, sentAt, trackerEventID, trackerUserID]
        guard let track else { return own }
        return own + [track.name, track.traits, track.leaseID, track.reservationID]
            + (track.company + track.user).flatMap { [$0.name, $0.value] }
    }
}

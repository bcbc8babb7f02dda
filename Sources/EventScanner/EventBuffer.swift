internal import CSimdJSON

/// Track events made from values, laid out as the scanner lays out those that it reads: one way leads on from both.
///
/// The same limits hold; what breaks one is refused by itself.
package struct EventBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var events: [scan_event] = []
    private var keys: [scan_key] = []

    package init() {}

    package var count: Int { events.count }

    /// Begins an event; what follows adds to it.
    package mutating func begin(
        _ name: String, quantity: Int64, idempotencyKey: String?, sentAt: String?, isTrusted: Bool, isBackfill: Bool,
        reservationID: String? = nil
    ) {
        var event = scan_event()
        event.type = .SCAN_TYPE_TRACK
        event.trusted_client_clock = isTrusted
        event.backfill = isBackfill
        event.track.quantity = quantity
        event.track.has_quantity = true
        event.track.name = append(name, .SCAN_FIELD_EVENT, &event.refusal)
        if event.track.name.count == 0 { event.refusal.refuse(.SCAN_REASON_MISSING, .SCAN_FIELD_EVENT) }
        if let idempotencyKey {
            event.idempotency_key = append(idempotencyKey, .SCAN_FIELD_IDEMPOTENCY_KEY, &event.refusal)
        }
        if let sentAt { event.sent_at = append(sentAt, .SCAN_FIELD_SENT_AT, &event.refusal) }
        if let reservationID {
            event.track.reservation_id = append(reservationID, .SCAN_FIELD_RESERVATION_ID, &event.refusal)
        }
        events.append(event)
    }

    /// Names the company of the event begun last, by one of its keys. All of them one after another, before the user's.
    package mutating func addCompanyKey(_ name: String, _ value: String) {
        var event = events[events.count - 1]
        addKey(name, value, .SCAN_FIELD_COMPANY, to: &event.track.company, &event.refusal)
        events[events.count - 1] = event
    }

    /// Likewise its user.
    package mutating func addUserKey(_ name: String, _ value: String) {
        var event = events[events.count - 1]
        addKey(name, value, .SCAN_FIELD_USER, to: &event.track.user, &event.refusal)
        events[events.count - 1] = event
    }

    /// Gives the event begun last its traits: a JSON object with a field at least, whose bytes are not looked at again.
    package mutating func setTraits(_ json: [UInt8]) {
        var event = events[events.count - 1]
        event.track.traits = append(json)
        if event.track.traits.count > SCAN_TRAITS_LIMIT {
            event.refusal.refuse(.SCAN_REASON_TOO_LONG, .SCAN_FIELD_TRAITS, measured: event.track.traits.count)
        }
        events[events.count - 1] = event
    }

    private mutating func addKey(
        _ name: String, _ value: String, _ owner: scan_field, to range: inout scan_keys, _ refusal: inout scan_refusal
    ) {
        if range.count == 0 { range.first = UInt32(keys.count) }
        range.count += 1
        let key = scan_key(name: append(name), value: append(value))
        keys.append(key)
        if range.count > SCAN_KEY_LIMIT { refusal.refuse(.SCAN_REASON_TOO_MANY_KEYS, owner) }
        if key.name.count == 0 { refusal.refuse(.SCAN_REASON_KEY_NAME_EMPTY, owner) }
        if key.name.count > SCAN_KEY_NAME_LIMIT {
            refusal.refuse(.SCAN_REASON_KEY_NAME_TOO_LONG, owner, measured: key.name.count)
        }
        if key.value.count == 0 { refusal.refuse(.SCAN_REASON_KEY_VALUE_EMPTY, owner, detail: key.name) }
        if key.value.count > SCAN_KEY_VALUE_LIMIT {
            refusal.refuse(
                .SCAN_REASON_KEY_VALUE_TOO_LONG, owner, detail: key.name, measured: key.value.count)
        }
    }

    private mutating func append(_ text: String, _ field: scan_field, _ refusal: inout scan_refusal) -> scan_text {
        let place = append(text)
        if place.count > SCAN_TEXT_LIMIT { refusal.refuse(.SCAN_REASON_TOO_LONG, field, measured: place.count) }
        return place
    }

    private mutating func append(_ text: String) -> scan_text { append(text.utf8) }

    private mutating func append(_ text: some Sequence<UInt8>) -> scan_text {
        let start = bytes.count
        bytes.append(contentsOf: text)
        return scan_text(offset: UInt32(start), count: UInt32(bytes.count - start))
    }

    /// Lends the events, as the scanner does.
    package func withEvents<R>(_ visit: (borrowing ScannedEvents) throws -> R) rethrows -> R {
        try bytes.withUnsafeBufferPointer { bytes in
            try events.withUnsafeBufferPointer { events in
                try keys.withUnsafeBufferPointer { keys in
                    var result = scan_result()
                    result.base = bytes.baseAddress
                    result.events = events.baseAddress
                    result.keys = keys.baseAddress
                    result.count = events.count
                    return try visit(ScannedEvents(result))
                }
            }
        }
    }
}

extension scan_refusal {
    /// The first reason stays.
    fileprivate mutating func refuse(
        _ reason: scan_reason, _ field: scan_field, detail: scan_text = scan_text(), measured: UInt32 = 0
    ) {
        guard self.reason == .SCAN_REASON_NONE else { return }
        self = scan_refusal(reason: reason, field: field, detail: detail, measured: measured)
    }
}

internal import CSimdJSON

/// The events of one body, in its order; the place of an event is its index in the request.
///
/// Valid only inside the closure that it was handed to, as is everything taken from it: copy what must stay.
package struct ScannedEvents: ~Copyable {
    private let result: scan_result

    init(_ result: scan_result) {
        self.result = result
    }

    package var count: Int { result.count }

    package subscript(index: Int) -> ScannedEvent {
        precondition(index >= 0 && index < count, "the index of a scanned event must be below their count")
        return ScannedEvent(record: result.events + index, base: result.base, keys: result.keys)
    }
}

/// One event as a view of the scanner's memory: no field is copied or decoded before it is asked for.
///
/// Look at `refusal` first: of a refused event nothing else means anything.
/// A field is nil when it is absent, null, or an empty string.
package struct ScannedEvent {
    /// UTF-8, without its quotes and escapes.
    package typealias Text = UnsafeBufferPointer<UInt8>

    package enum Kind: Sendable {
        case track, identify, flagCheck, inference
    }

    fileprivate let record: UnsafePointer<scan_event>
    fileprivate let base: UnsafePointer<UInt8>
    fileprivate let keys: UnsafePointer<scan_key>?

    package var isRefused: Bool { record.pointee.refusal.reason != .SCAN_REASON_NONE }

    package var refusal: EventRefusal? {
        EventRefusal(record.pointee.refusal, detail: excerpt(of: record.pointee.refusal.detail))
    }

    package var kind: Kind {
        switch record.pointee.type {
        case .SCAN_TYPE_TRACK: .track
        case .SCAN_TYPE_IDENTIFY: .identify
        case .SCAN_TYPE_FLAG_CHECK: .flagCheck
        case .SCAN_TYPE_INFERENCE: .inference
        }
    }

    package var apiKey: Text? { text(record.pointee.api_key) }
    package var idempotencyKey: Text? { text(record.pointee.idempotency_key) }
    package var trackerEventID: Text? { text(record.pointee.tracker_event_id) }
    package var trackerUserID: Text? { text(record.pointee.tracker_user_id) }
    /// As it was sent, not yet read as a time.
    package var sentAt: Text? { text(record.pointee.sent_at) }
    package var hasTrustedClientClock: Bool { record.pointee.trusted_client_clock }
    package var isBackfill: Bool { record.pointee.backfill }

    /// The JSON object of the event's body, checked to its last byte.
    package var rawBody: Text? { text(record.pointee.body) }

    // The rest is of track events, and but for quantity and traits of inference events; other kinds have none of it.

    package var name: Text? { text(record.pointee.track.name) }
    package var company: Keys { Keys(range: record.pointee.track.company, event: self) }
    package var user: Keys { Keys(range: record.pointee.track.user, event: self) }
    /// Nil means 1. May be zero or negative: who may send that is the caller's rule.
    package var quantity: Int64? { record.pointee.track.has_quantity ? record.pointee.track.quantity : nil }
    package var reservationID: Text? { text(record.pointee.track.reservation_id) }
    package var leaseID: Text? { text(record.pointee.track.lease_id) }
    /// A JSON object with at least one field, checked to its last byte.
    package var rawTraits: Text? { text(record.pointee.track.traits) }

    /// The first 64 bytes, so that what a client sent cannot swell the answer.
    private func excerpt(of detail: scan_text) -> String {
        guard let text = text(detail) else { return "" }
        return String(decoding: text.prefix(64), as: UTF8.self) + (text.count > 64 ? "…" : "")
    }

    fileprivate func text(_ text: scan_text) -> Text? {
        text.count == 0 ? nil : Text(start: base + Int(text.offset), count: Int(text.count))
    }
}

extension ScannedEvent {
    /// The keys that name a company or a user, none of them empty, each name once.
    package struct Keys: RandomAccessCollection {
        fileprivate let range: scan_keys
        fileprivate let event: ScannedEvent

        package var startIndex: Int { 0 }
        package var endIndex: Int { Int(range.count) }

        package subscript(index: Int) -> (name: Text, value: Text) {
            precondition(index >= 0 && index < endIndex, "the index of a key must be below their count")
            let key = event.keys![Int(range.first) + index]
            return (event.text(key.name)!, event.text(key.value)!)
        }
    }
}

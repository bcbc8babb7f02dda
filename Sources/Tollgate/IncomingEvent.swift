internal import EventScanner
internal import Basics
internal import Model

/// An event as it comes in, from JSON or from a typed value, before anything is looked up. Valid only while its source
/// is.
struct IncomingEvent {
    typealias Text = UnsafeBufferPointer<UInt8>

    enum Content {
        case track(name: Text, company: [(name: Text, value: Text)], user: [(name: Text, value: Text)], quantity: Int64)
        /// Carries its meaning in its JSON.
        case other(EventType)
    }

    let content: Content
    let key: Text?
    let sentAt: Moment
    let isTrusted: Bool
    let isBackfill: Bool
    /// A quantity of 0 only settles something else.
    let settlesHold: Bool
    /// The API key that the event itself names.
    let apiKey: Text?
    let json: Text

    enum Moment {
        case absent
        case unreadable
        case at(Timestamp)
    }

    /// Its sender names the effective time.
    var isTimed: Bool { isTrusted || isBackfill }

    var type: EventType {
        switch content {
        case .track: .track
        case .other(let type): type
        }
    }
}

extension IncomingEvent {
    /// The scanned event, or the sentence that refuses it.
    static func reading(_ event: ScannedEvent) -> Result<IncomingEvent, Refusal> {
        if let refusal = event.refusal { return .failure(.invalid(refusal.sentence)) }
        let content: Content
        switch event.kind {
        case .track:
            guard let name = event.name else { return .failure(.invalid("event is missing")) }
            content = .track(
                name: name, company: Array(event.company), user: Array(event.user), quantity: event.quantity ?? 1)
        case .identify: content = .other(.identify)
        case .flagCheck: content = .other(.flagCheck)
        case .inference:
            return .failure(.invalid("inference events are not metered by this release: send a track event"))
        }
        return .success(
            IncomingEvent(
                content: content, key: event.idempotencyKey ?? event.trackerEventID,
                sentAt: event.sentAt.map { Timestamp(rfc3339: $0).map(Moment.at) ?? .unreadable } ?? .absent,
                isTrusted: event.hasTrustedClientClock, isBackfill: event.isBackfill,
                settlesHold: event.reservationID != nil || event.leaseID != nil, apiKey: event.apiKey,
                json: (event.kind == .track ? event.rawTraits : event.rawBody) ?? Text(start: nil, count: 0)))
    }
}

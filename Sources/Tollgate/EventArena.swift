internal import Basics
internal import Model

/// Typed events laid out as bytes, so that they take the same way as scanned ones.
struct EventArena {
    private var bytes: [UInt8] = []
    private var events: [Layout] = []

    private struct Layout {
        let event: UsageEvent
        let name: Range<Int>
        let company: [(Range<Int>, Range<Int>)]
        let user: [(Range<Int>, Range<Int>)]
        let key: Range<Int>
    }

    init(_ events: [UsageEvent]) {
        for event in events {
            let name = append(event.event)
            let company = append(event.company)
            let user = append(event.user)
            let key = append(event.idempotencyKey ?? "")
            self.events.append(Layout(event: event, name: name, company: company, user: user, key: key))
        }
    }

    private mutating func append(_ text: String) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        return start..<bytes.count
    }

    private mutating func append(_ keys: [String: String]) -> [(Range<Int>, Range<Int>)] {
        keys.map { (append($0.key), append($0.value)) }
    }

    func withIncoming<R>(_ body: ([Result<IncomingEvent, Refusal>]) throws -> R) throws -> R {
        try bytes.withUnsafeBufferPointer { bytes in
            func text(_ range: Range<Int>) -> IncomingEvent.Text { IncomingEvent.Text(rebasing: bytes[range]) }
            return try body(
                events.map { layout in
                    guard !layout.name.isEmpty else { return .failure(.invalid("event is missing")) }
                    let event = layout.event
                    return .success(
                        IncomingEvent(
                            content: .track(
                                name: text(layout.name), company: layout.company.map { (text($0), text($1)) },
                                user: layout.user.map { (text($0), text($1)) }, quantity: event.quantity),
                            key: layout.key.isEmpty ? nil : text(layout.key),
                            sentAt: event.sentAt.map(IncomingEvent.Moment.at) ?? .absent,
                            isTrusted: event.trustsSentAt, isBackfill: event.isBackfill, settlesHold: false,
                            apiKey: nil, json: IncomingEvent.Text(start: nil, count: 0)))
                })
        }
    }
}

internal import Tollgate
internal import EventScanner

/// Where an environment's test clock must stand for the events of an import to happen "now".
///
/// A batch spans less than the invoice grace. So when the clock moves to the batch's last event and a period ended on
/// the way, that period's invoice is still a draft, which the batch's events of that period join.
final class EventClock {
    private let span: TimeSpan
    private var scanner = EventScanner()
    private var first: Timestamp?
    /// The latest time that an admitted event names.
    private(set) var latest: Timestamp?

    init(_ environment: Environment) {
        // Without a grace a batch is what has one and the same time.
        span = TimeSpan(milliseconds: max(1, environment.billing.invoiceGraceSeconds * 1000))
    }

    func startBatch() {
        first = nil
    }

    /// Whether the event of this line can be in the batch with those admitted since `startBatch`.
    func admits(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let sentAt = sentAt(of: line) else { return true }
        if let first, sentAt >= first + span { return false }
        first = first ?? sentAt
        latest = max(latest ?? sentAt, sentAt)
        return true
    }

    /// Nil for a line that names no time or cannot be read: the engine will say what is wrong with it.
    private func sentAt(of line: UnsafeRawBufferPointer) -> Timestamp? {
        try? scanner.scan(line, as: .single) { events in
            events.count == 1 ? events[0].sentAt.flatMap { Timestamp(rfc3339: $0) } : nil
        }
    }
}

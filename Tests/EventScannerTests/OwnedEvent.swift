import EventScanner

/// Everything a scanned event says, copied out of the scanner so that tests can compare it.
struct OwnedEvent: Equatable {
    var refusal: String?
    var kind = ScannedEvent.Kind.track
    var apiKey: String?
    var idempotencyKey: String?
    var trackerEventID: String?
    var trackerUserID: String?
    var sentAt: String?
    var hasTrustedClientClock = false
    var isBackfill = false
    var body: String?
    var name: String?
    var company: [String: String] = [:]
    var user: [String: String] = [:]
    var quantity: Int64?
    var reservationID: String?
    var leaseID: String?
    var traits: String?
}

extension OwnedEvent {
    init(_ event: ScannedEvent) {
        if let refusal = event.refusal {
            self.refusal = refusal.sentence
            return
        }
        kind = event.kind
        apiKey = event.apiKey.map(string)
        idempotencyKey = event.idempotencyKey.map(string)
        trackerEventID = event.trackerEventID.map(string)
        trackerUserID = event.trackerUserID.map(string)
        sentAt = event.sentAt.map(string)
        hasTrustedClientClock = event.hasTrustedClientClock
        isBackfill = event.isBackfill
        body = event.rawBody.map(string)
        name = event.name.map(string)
        company = pairs(event.company)
        user = pairs(event.user)
        quantity = event.quantity
        reservationID = event.reservationID.map(string)
        leaseID = event.leaseID.map(string)
        traits = event.rawTraits.map(string)
    }
}

/// Traps when the bytes are not UTF-8: the scanner promises that they are.
private func string(_ text: ScannedEvent.Text) -> String {
    guard let string = String(validating: text, as: UTF8.self) else { fatalError("a scanned text is not UTF-8") }
    return string
}

private func pairs(_ keys: ScannedEvent.Keys) -> [String: String] {
    Dictionary(uniqueKeysWithValues: keys.map { (string($0.name), string($0.value)) })
}

extension EventScanner {
    /// The events of a body, or the failure that there is instead.
    mutating func owned(
        _ body: [UInt8], as form: EventForm = .batch, limit: Int = 10_000
    ) -> Result<[OwnedEvent], ScanFailure> {
        do {
            return .success(
                try body.withUnsafeBytes { bytes in
                    try scan(bytes, as: form, limit: limit) { events in
                        (0..<events.count).map { OwnedEvent(events[$0]) }
                    }
                })
        } catch let failure as ScanFailure {
            return .failure(failure)
        } catch {
            fatalError("a scan failed with something other than its own failure: \(error)")
        }
    }
}

/// The events of a text by a scanner of its own.
func scanned(_ body: String, as form: EventForm = .batch, limit: Int = 10_000) throws -> [OwnedEvent] {
    var scanner = EventScanner()
    return try scanner.owned(Array(body.utf8), as: form, limit: limit).get()
}

/// The rows of a text table, each `left => right`.
func rows(of table: String) -> [(String, String)] {
    table.split(separator: "\n").map { row in
        let parts = row.split(separator: " => ")
        precondition(parts.count == 2, "a row has a left and a right side: \(row)")
        return (String(parts[0]), String(parts[1]))
    }
}

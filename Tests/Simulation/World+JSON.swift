internal import EventScanner
internal import Foundation
internal import Tollgate

extension World {
    /// Events as a client sends them.
    func json(_ events: [UsageEvent]) throws -> Data {
        let objects = events.map { event in
            var body: [String: Any] = ["event": event.event, "quantity": event.quantity, "company": event.company]
            if !event.user.isEmpty { body["user"] = event.user }
            body["reservation_id"] = event.reservationID?.description
            var object: [String: Any] = ["type": "track", "body": body]
            object["idempotency_key"] = event.idempotencyKey
            object["sent_at"] = event.sentAt?.rfc3339
            if event.trustsSentAt { object["trusted_client_clock"] = true }
            if event.isBackfill { object["backfill"] = true }
            return object
        }
        return try JSONSerialization.data(withJSONObject: ["events": objects])
    }
}

extension Engine {
    func track(json: Data, in environment: EnvironmentID) async throws -> TrackAnswer {
        let key = APIKey(
            id: Identifier(ordinal: 1), environmentID: environment, name: "simulation", kind: .secret, readonly: false,
            hash: [], createdAt: Timestamp(milliseconds: 0))
        let body = UnsafeMutableRawBufferPointer.allocate(byteCount: json.count, alignment: 1)
        defer { body.deallocate() }
        body.copyBytes(from: json)
        return try await track(body: UnsafeRawBufferPointer(body), form: .batch, in: environment, key: key)
    }
}

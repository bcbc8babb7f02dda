internal import Basics
internal import Metering
internal import Model
internal import Store

/// The first answers of consumes that carried an idempotency key.
final class ConsumeAnswers: Sendable {
    private static let stripeCount = 64

    private struct Kept: Codable {
        let request: ConsumeRequest
        let answer: ConsumeAnswer
        let at: Timestamp
    }

    /// Held while an answer is looked up and made, so that a key is decided on once.
    private let stripes: [Locked<Void>] = (0..<stripeCount).map { _ in Locked(()) }

    /// Where the answer to a key stands.
    func place(of key: String, in environment: EnvironmentID, _ secret: KeyedHash) -> StoreKey {
        .answer(Array(key.utf8).withUnsafeBytes { secret.hash128($0) }, in: environment)
    }

    /// The first answer to the key, or the one that `decide` makes now. A key that stands for another request is
    /// refused.
    func once(
        _ request: ConsumeRequest, _ place: StoreKey, _ now: Timestamp, _ store: Store,
        decide: () throws -> ConsumeAnswer, elseJoin join: () -> Void
    ) throws -> ConsumeAnswer {
        try stripes[Int(place.bytes.last!) & (Self.stripeCount - 1)].withLock { _ in
            guard let bytes = try store.value(place) else { return try decide() }
            let kept = try RecordDecoder().decode(Kept.self, from: bytes)
            guard now - kept.at < DedupeWindow.length else { return try decide() }
            guard kept.request == request else {
                throw Refusal.conflict(
                    "idempotency_key \"\(request.idempotencyKey ?? "")\" was used for another request")
            }
            join()
            return kept.answer
        }
    }

    func writes(
        _ answer: ConsumeAnswer, _ request: ConsumeRequest, _ now: Timestamp, _ place: StoreKey?
    ) throws -> [StoreKey: [UInt8]?] {
        guard let place else { return [:] }
        return [place: try RecordEncoder().encode(Kept(request: request, answer: answer, at: now))]
    }
}

internal import Basics
internal import Model
internal import Store

/// The first answers of consumes that carried an idempotency key, kept by day for as long as the key counts.
final class ConsumeAnswers: Sendable {
    private static let stripeCount = 64
    /// Answers are kept by day whatever the window's length is: that may be another at the next start.
    private static let day = TimeSpan.hours(24)

    private let window: TimeSpan

    private struct Kept: Codable {
        let request: ConsumeRequest
        let answer: ConsumeAnswer
        let at: Timestamp
    }

    /// Held while an answer is looked up and made, so that a key is decided on once.
    /// A byte each: ThreadSanitizer takes the place of an empty value for that of its object.
    private let stripes: [Locked<UInt8>] = (0..<stripeCount).map { _ in Locked(0) }

    /// Up to where outdated answers have been deleted.
    private let cleared = Locked<[EnvironmentID: [UInt8]]>([:])

    /// - Parameter window: for how long an answer counts.
    init(window: TimeSpan) {
        self.window = window
    }

    /// Where the answers of one key stand.
    struct Place {
        let environment: EnvironmentID
        fileprivate let hash: (UInt64, UInt64)

        init(of key: String, in environment: EnvironmentID, _ secret: KeyedHash) {
            self.environment = environment
            hash = Array(key.utf8).withUnsafeBytes { secret.hash128($0) }
        }

        /// The key of an answer that is given at an instant.
        fileprivate func key(at instant: Timestamp) -> StoreKey {
            .answer(hash, day: ConsumeAnswers.day(of: instant), in: environment)
        }
    }

    private static func day(of instant: Timestamp) -> Timestamp {
        let length = day.milliseconds
        return Timestamp(milliseconds: instant.milliseconds - (instant.milliseconds % length + length) % length)
    }

    /// The first answer to the key, or the one that `decide` makes now. A key that stands for another request is
    /// refused.
    func once(
        _ request: ConsumeRequest, _ place: Place, _ now: Timestamp, _ store: Store,
        decide: () throws -> ConsumeAnswer, elseJoin join: () -> Void
    ) throws -> ConsumeAnswer {
        try stripes[Int(truncatingIfNeeded: place.hash.0) & (Self.stripeCount - 1)].withLock { _ in
            guard let bytes = try newest(place, now, store) else { return try decide() }
            let kept = try RecordDecoder().decode(Kept.self, from: bytes)
            guard now - kept.at < window else { return try decide() }
            guard kept.request == request else {
                throw Refusal.conflict(
                    "idempotency_key \"\(request.idempotencyKey ?? "")\" was used for another request")
            }
            join()
            return kept.answer
        }
    }

    /// The last answer to the key that may still count: it stands in this day, or in one that the window reaches.
    private func newest(_ place: Place, _ now: Timestamp, _ store: Store) throws -> [UInt8]? {
        var day = Self.day(of: now)
        let oldest = Self.day(of: now - window)
        while oldest <= day {
            if let bytes = try store.value(place.key(at: day)) { return bytes }
            day = day - Self.day
        }
        return nil
    }

    func writes(
        _ answer: ConsumeAnswer, _ request: ConsumeRequest, _ now: Timestamp, _ place: Place?, _ store: Store
    ) throws -> [StoreKey: [UInt8]?] {
        guard let place else { return [:] }
        var writes = try outdated(in: place.environment, now, store)
        writes[place.key(at: now)] = try RecordEncoder().encode(Kept(request: request, answer: answer, at: now))
        return writes
    }

    /// Deletes the two oldest answers whose day is over: each new answer clears away more than it adds, so what is kept
    /// stays in proportion to two days.
    private func outdated(
        in environment: EnvironmentID, _ now: Timestamp, _ store: Store
    ) throws -> [StoreKey: [UInt8]?] {
        var start = KeyBytes()
        start.append(environment)
        let first = cleared.withLock { $0[environment] } ?? start.bytes
        var last = KeyBytes()
        last.append(environment)
        last.append(Self.day(of: now - window))
        var deletions: [StoreKey: [UInt8]?] = [:]
        try store.snapshot().forEach(.answers, from: first, to: last.bytes) { key, _ in
            deletions[StoreKey(.answers, Array(key))] = .some(nil)
            return deletions.count < 2
        }
        // The next one goes on behind these, which may not be committed yet.
        if let behind = deletions.keys.max()?.bytes { cleared.withLock { $0[environment] = behind + [0] } }
        return deletions
    }

    /// Deletions may have been taken back with a failed commit.
    func forgetAll() {
        cleared.withLock { $0.removeAll() }
    }
}

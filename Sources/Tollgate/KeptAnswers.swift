internal import Basics
internal import Model
internal import Store

/// A request that may carry an idempotency key, and then has one answer however often it is sent.
protocol KeyedRequest: Codable, Equatable {
    associatedtype Answer: Codable
    /// Tells apart what the answers are kept of. Part of the store's format: nil is a consume.
    static var operation: String? { get }
    var idempotencyKey: String? { get }
    /// The flag key or id of the feature that it names.
    var feature: String? { get }
    /// Refuses what is wrong whatever the state.
    func check() throws(Refusal)
}

/// The first answers to requests that carried an idempotency key, kept by day for as long as the key counts.
final class KeptAnswers: Sendable {
    private static let stripeCount = 64
    /// Answers are kept by day whatever the window's length is: that may be another at the next start.
    private static let day = TimeSpan.hours(24)

    private let window: TimeSpan

    private struct Kept<Request: KeyedRequest>: Codable {
        let operation: String?
        let request: Request
        let answer: Request.Answer
        let at: Timestamp
    }

    /// The part of it that is read before one knows what it is of.
    private struct Head: Codable {
        let operation: String?
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
        /// Answers that go when this one comes.
        fileprivate var outdated: [StoreKey: [UInt8]?] = [:]

        init(of key: String, in environment: EnvironmentID, _ secret: KeyedHash) {
            self.environment = environment
            hash = Array(key.utf8).withUnsafeBytes { secret.hash128($0) }
        }

        /// The key of an answer that is given at an instant.
        fileprivate func key(at instant: Timestamp) -> StoreKey {
            .answer(hash, day: KeptAnswers.day(of: instant), in: environment)
        }
    }

    private static func day(of instant: Timestamp) -> Timestamp {
        let length = day.milliseconds
        return Timestamp(milliseconds: instant.milliseconds - (instant.milliseconds % length + length) % length)
    }

    /// The first answer to the key, or the one that `decide` makes now. A key that stands for another request is
    /// refused.
    func once<Request: KeyedRequest>(
        _ request: Request, _ place: Place, _ now: Timestamp, _ store: Store,
        decide: (Place) throws -> Request.Answer, elseJoin join: () -> Void
    ) throws -> Request.Answer {
        func decideNow() throws -> Request.Answer {
            // Reading may fail, and then nothing must have been counted or held.
            var place = place
            place.outdated = try outdated(in: place.environment, now, store)
            return try decide(place)
        }
        return try stripes[Int(truncatingIfNeeded: place.hash.0) & (Self.stripeCount - 1)].withLock { _ in
            guard let bytes = try newest(place, now, store) else { return try decideNow() }
            let head = try RecordDecoder().decode(Head.self, from: bytes)
            guard now - head.at < window else { return try decideNow() }
            let kept =
                head.operation == Request.operation
                ? try RecordDecoder().decode(Kept<Request>.self, from: bytes) : nil
            guard let kept, kept.request == request else {
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

    /// What keeps an answer at its place; nothing without one.
    func writes<Request: KeyedRequest>(
        _ answer: Request.Answer, _ request: Request, _ now: Timestamp, _ place: Place?
    ) throws -> [StoreKey: [UInt8]?] {
        guard let place else { return [:] }
        var writes = place.outdated
        let kept = Kept(operation: Request.operation, request: request, answer: answer, at: now)
        writes[place.key(at: now)] = try RecordEncoder().encode(kept)
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

extension Engine {
    /// Decides on a request, once for its key, in one pass of the gate. Durable when the ticket says so.
    func begin<Request: KeyedRequest>(
        _ request: Request, in environment: EnvironmentID,
        _ decide: (Request, EnvironmentRuntime, CommitTicket, KeptAnswers.Place?) throws -> Request.Answer
    ) throws -> (answer: Request.Answer, ticket: CommitTicket) {
        try request.check()
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let ticket = CommitTicket()
        func answer() throws -> Request.Answer {
            try once(request, in: environment, ticket) { try decide(request, runtime, ticket, $0) }
        }
        // Events are counted side by side; a trait is changed by a command, alone.
        let beside = try committer.gate.shared { runtime.catalog.isOfTrait(request.feature) ? nil : try answer() }
        return (try beside ?? committer.gate.exclusive(answer), ticket)
    }

    /// The first answer to the request's key, or the one that `decide` makes now; inside the gate.
    private func once<Request: KeyedRequest>(
        _ request: Request, in environment: EnvironmentID, _ ticket: CommitTicket,
        decide: (KeptAnswers.Place?) throws -> Request.Answer
    ) throws -> Request.Answer {
        guard let key = request.idempotencyKey, !key.isEmpty else { return try decide(nil) }
        let place = KeptAnswers.Place(of: key, in: environment, store.secret)
        return try answers.once(request, place, now(in: environment), store) {
            try decide($0)
        } elseJoin: {
            committer.join(ticket)
        }
    }

    /// Keeps the answer to a request that changed nothing, if it has a key.
    func remember<Request: KeyedRequest>(
        _ answer: Request.Answer, of request: Request, _ now: Timestamp, _ ticket: CommitTicket,
        _ place: KeptAnswers.Place?
    ) throws {
        if place != nil {
            committer.enqueue(nil, writes: try answers.writes(answer, request, now, place), ticket)
        } else {
            ticket.settleWithoutCommit()
        }
    }
}

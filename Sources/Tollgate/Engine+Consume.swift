public import Basics
internal import Metering
public import Model
internal import Store

/// "Count this, if it is still allowed." Names the feature, or the event that meters it.
public struct ConsumeRequest: Codable, Sendable, Equatable {
    public var company: [String: String]
    public var event: String?
    /// A flag key or a feature id.
    public var feature: String?
    public var quantity: Int64
    public var idempotencyKey: String?

    public init(
        company: [String: String], event: String? = nil, feature: String? = nil, quantity: Int64 = 1,
        idempotencyKey: String? = nil
    ) {
        self.company = company
        self.event = event
        self.feature = feature
        self.quantity = quantity
        self.idempotencyKey = idempotencyKey
    }
}

/// Whether it was allowed and so counted, with the numbers that decided.
public struct ConsumeAnswer: Codable, Sendable, Equatable {
    public var allowed: Bool
    public var recorded: Bool
    /// Of the limit's window, after this.
    public var usage: Int64
    public var reserved: Int64 = 0
    /// Nil when no number limits the feature.
    public var allocation: Int64?
    public var remaining: Int64?
    public var resetAt: Timestamp?
    public var reason: String
}

extension Engine {
    /// Checks and counts in one durable step: with N left, any number of concurrent callers get exactly N.
    ///
    /// A refusal records nothing. The same idempotency key and request within the dedupe window gets the first answer
    /// again, refusals too.
    /// - Throws: `Refusal` for a request that is wrong as such, or a key that was used for another one.
    public func consume(_ request: ConsumeRequest, in environment: EnvironmentID) async throws -> ConsumeAnswer {
        try await beginConsume(request, in: environment).value()
    }

    /// Checks and counts; durable when the answer may be told.
    package func beginConsume(
        _ request: ConsumeRequest, in environment: EnvironmentID
    ) throws -> Pending<ConsumeAnswer> {
        try request.check()
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let ticket = CommitTicket()
        let answer = try committer.gate.shared {
            try once(request, in: environment, ticket) { try decide(request, runtime, ticket, rememberAt: $0) }
        }
        tally.withLock { $0.add(answer) }
        return Pending(answer, ticket)
    }

    /// One decision, inside the gate.
    private func decide(
        _ request: ConsumeRequest, _ runtime: EnvironmentRuntime, _ ticket: CommitTicket,
        rememberAt place: KeptAnswers.Place?
    ) throws -> ConsumeAnswer {
        let now = now(in: runtime.id)
        let limits: UseLimits
        switch try useLimits(of: request, runtime, at: now) {
        case .found(let found): limits = found
        case .refused(let reason):
            let answer = ConsumeAnswer(allowed: false, recorded: false, usage: 0, reason: reason)
            try remember(answer, of: request, now, ticket, place)
            return answer
        }
        let key = request.idempotencyKey.flatMap { $0.isEmpty ? nil : Array($0.utf8) } ?? []
        let fingerprint =
            key.isEmpty ? nil : key.withUnsafeBufferPointer { runtime.dedupe.fingerprint($0, type: .track) }
        if let fingerprint {
            let content = contentCheck(limits.key.company, 0, limits.key.meter, request.quantity, 0)
            guard case .new = try runtime.dedupe.judge(fingerprint, content: content, at: now) else {
                throw Refusal.conflict("idempotency_key \"\(request.idempotencyKey!)\" was used for an event")
            }
            runtime.dedupe.note([fingerprint], commit: committer.currentCommit)
        }
        let seen: (usage: [Int64], held: Int64, start: Timestamp?)
        do {
            seen = try counters.consume(
                request.quantity, from: limits.key, in: runtime.id, windows: limits.windows, at: now,
                received: settled(now, in: runtime.id)
            ) { limits.allow(request.quantity, usage: $0, held: $1) }
        } catch {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            throw error
        }
        let verdict = limits.verdict(on: request.quantity, usage: seen.usage, held: seen.held)
        let isCounted = seen.start != nil
        var answer = ConsumeAnswer(
            allowed: isCounted, recorded: isCounted, usage: verdict.usage + (isCounted ? request.quantity : 0),
            reserved: seen.held, allocation: verdict.allocation, remaining: verdict.remaining,
            resetAt: verdict.resetAt, reason: "Allowed")
        if let refusal = verdict.refusal {
            answer.reason = refusal
        } else if !isCounted {
            answer.reason = UseLimits.fullCounter
        }
        if isCounted {
            let use = CountedUse(key: limits.key, quantity: request.quantity, start: seen.start, idempotencyKey: key)
            let writes = try answers.writes(answer, request, now, place)
            enqueue(use.block(in: runtime.id, at: now), writes: writes, ticket)
        } else {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            try remember(answer, of: request, now, ticket, place)
        }
        return answer
    }
}

extension ConsumeRequest: KeyedRequest {
    typealias Answer = ConsumeAnswer
    static var operation: String? { nil }

    /// Refuses what is wrong whatever the state.
    func check() throws(Refusal) {
        guard quantity > 0, quantity <= Self.greatestQuantity else {
            throw .invalid("quantity must be between 1 and 1,000,000,000,000,000, not \(quantity)")
        }
        guard !company.isEmpty else { throw .invalid("company must name at least one key") }
        guard (idempotencyKey?.utf8.count ?? 0) <= 256 else {
            throw .invalid("idempotency_key is longer than 256 bytes")
        }
        guard (event == nil) != (feature == nil) else { throw .invalid("name either event or feature") }
    }

    static let greatestQuantity: Int64 = 1_000_000_000_000_000
}

public import Basics
internal import Catalog
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
        let (answer, ticket) = try begin(request, in: environment, decide)
        tally.withLock { $0.consumes.add(answer.allowed) }
        guard answer.recorded else { return Pending(answer, ticket) }
        return Pending(answer, try billThresholds(ofCompany: request.company, in: environment, after: ticket))
    }

    /// One decision, inside the gate, alone where a trait is used.
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
        if case .trait(let trait) = limits.target {
            return try decide(request, limits, trait, runtime, ticket, now, rememberAt: place)
        }
        var counted = countedUse(under: limits, request.quantity, runtime.catalog)
        let key = request.idempotencyKey.flatMap { $0.isEmpty ? nil : Array($0.utf8) } ?? []
        let fingerprint =
            key.isEmpty ? nil : key.withUnsafeBufferPointer { runtime.dedupe.fingerprint($0, type: .track) }
        if let fingerprint {
            let content = contentCheck(counted.key.company, 0, counted.key.meter, request.quantity, 0)
            guard case .new = try runtime.dedupe.judge(fingerprint, content: content, at: now) else {
                throw Refusal.conflict("idempotency_key \"\(request.idempotencyKey!)\" was used for an event")
            }
            runtime.dedupe.note([fingerprint], commit: committer.currentCommit)
        }
        let useTime = useTime(now, in: runtime.id)
        let seen: Seen
        do {
            seen = try consume(&counted, limits, runtime, now, useTime)
        } catch {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            throw error
        }
        let answer = ConsumeAnswer(limits, request.quantity, seen)
        if seen.isTaken {
            counted.start = seen.start
            counted.idempotencyKey = key
            let writes = try answers.writes(answer, request, now, place)
            enqueue(counted.block(in: runtime.id, at: now, useTime), writes: writes, ticket)
        } else {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            try remember(answer, of: request, now, ticket, place)
        }
        return answer
    }

    /// The same for a trait, which a command changes.
    private func decide(
        _ request: ConsumeRequest, _ limits: UseLimits, _ trait: Identifier<TraitDefinition>,
        _ runtime: EnvironmentRuntime, _ ticket: CommitTicket, _ now: Timestamp, rememberAt place: KeptAnswers.Place?
    ) throws -> ConsumeAnswer {
        var counted = countedUse(under: limits, request.quantity, runtime.catalog)
        let seen = try consume(&counted, limits, runtime, now, useTime(now, in: runtime.id))
        let answer = ConsumeAnswer(limits, request.quantity, seen)
        guard seen.isTaken else {
            try remember(answer, of: request, now, ticket, place)
            return answer
        }
        let writes = try answers.writes(answer, request, now, place)
        let add = AddToTrait(companyID: limits.companyID, traitID: trait, quantity: request.quantity)
        _ = try applyAlone(add, in: runtime.id, at: now, nil)
        committer.enqueue(nil, writes: writes, ticket)
        return answer
    }

    private func consume(
        _ use: inout CountedUse, _ limits: UseLimits, _ runtime: EnvironmentRuntime, _ now: Timestamp,
        _ useTime: Timestamp
    ) throws -> Seen {
        let quantity = use.quantity
        return try counters.consume(
            quantity, from: limits.key, of: use.key, derived: &use.derived, in: runtime.id, used: limits.used,
            at: useTime, received: settled(now, in: runtime.id)
        ) { limits.allow(quantity, usage: $0, held: $1) }
    }
}

/// What a decision saw and did.
private typealias Seen = (usage: [Int64], held: Int64, isTaken: Bool, start: Timestamp?)

extension ConsumeAnswer {
    fileprivate init(_ limits: UseLimits, _ quantity: Int64, _ seen: Seen) {
        let verdict = limits.verdict(on: quantity, usage: seen.usage, held: seen.held)
        self.init(
            allowed: seen.isTaken, recorded: seen.isTaken, usage: verdict.usage + (seen.isTaken ? quantity : 0),
            reserved: seen.held, allocation: verdict.allocation, remaining: verdict.remaining,
            resetAt: verdict.resetAt,
            reason: verdict.refusal ?? (seen.isTaken ? "Allowed" : UseLimits.fullCounter))
    }
}

extension ConsumeRequest: KeyedRequest {
    typealias Answer = ConsumeAnswer
    static var operation: String? { nil }

    func check() throws(Refusal) {
        try Self.check(quantity, idempotencyKey)
        guard !company.isEmpty else { throw .invalid("company must name at least one key") }
        guard (event == nil) != (feature == nil) else { throw .invalid("name either event or feature") }
    }

    static func check(_ quantity: Int64, _ idempotencyKey: String?) throws(Refusal) {
        guard quantity > 0, quantity <= greatestQuantity else {
            throw .invalid("quantity must be between 1 and 1,000,000,000,000,000, not \(quantity)")
        }
        guard (idempotencyKey?.utf8.count ?? 0) <= 256 else {
            throw .invalid("idempotency_key is longer than 256 bytes")
        }
    }

    static let greatestQuantity: Int64 = 1_000_000_000_000_000
}

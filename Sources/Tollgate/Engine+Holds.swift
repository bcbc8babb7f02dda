public import Basics
internal import Catalog
internal import Metering
public import Model
internal import Store

extension Engine {
    /// Sets units aside in one durable step: with N left, any number of concurrent callers hold N at most.
    ///
    /// A refusal holds nothing. The same idempotency key and request within the dedupe window gets the first answer
    /// again, refusals too.
    /// - Throws: `Refusal` for a request that is wrong as such, or a key that was used for another one.
    public func reserve(_ request: ReserveRequest, in environment: EnvironmentID) async throws -> HoldAnswer {
        try await beginReserve(request, in: environment).value()
    }

    /// Counts units of a hold as used now, and returns the rest of them. Asked for the same again it answers the same.
    ///
    /// What was promised counts whatever has become of the limit since.
    /// - Throws: `Refusal` for a hold that is not there, was settled otherwise, or has expired, and for more units than
    ///   it has.
    public func commit(
        _ id: Identifier<Hold>, quantity: Int64, in environment: EnvironmentID
    ) async throws -> HoldAnswer {
        try await beginSettling(id, committing: quantity, in: environment).value()
    }

    /// Returns the units of a hold. Asked again it answers the same.
    ///
    /// - Throws: `Refusal` for a hold that is not there, was committed, or has expired.
    public func release(_ id: Identifier<Hold>, in environment: EnvironmentID) async throws -> HoldAnswer {
        try await beginSettling(id, committing: nil, in: environment).value()
    }

    /// The hold as it is, with the numbers of its limit as they are.
    ///
    /// - Throws: `Refusal` for a hold that is not there.
    public func hold(_ id: Identifier<Hold>, in environment: EnvironmentID) throws -> HoldAnswer {
        let runtime = try requireRuntime(environment)
        let now = now(in: environment)
        let (hold, limits, usage, held) = try store.patiently {
            guard let hold = try store.snapshot().hold(id, in: environment) else { throw Self.noHold(id) }
            return try committer.gate.shared {
                let limits = try useLimits(of: hold, runtime, at: now).limits
                let (usage, held) = try counters.reading(of: limits.key, used: limits.used, at: now)
                return (hold, limits, usage, held)
            }
        }
        let verdict = limits.verdict(on: 0, usage: usage, held: held)
        var answer = HoldAnswer(hold, hold.status(at: now), usage: verdict.usage, reserved: held)
        answer.allocation = verdict.allocation
        answer.remaining = verdict.remaining
        return answer
    }

    // MARK: - Reserving

    /// Holds; durable when the answer may be told.
    package func beginReserve(
        _ request: ReserveRequest, in environment: EnvironmentID
    ) throws -> Pending<HoldAnswer> {
        let (answer, ticket) = try begin(request, in: environment, decide)
        tally.withLock { $0.reservations.add(answer.allowed) }
        return Pending(answer, ticket)
    }

    /// One decision, inside the gate.
    private func decide(
        _ request: ReserveRequest, _ runtime: EnvironmentRuntime, _ ticket: CommitTicket,
        rememberAt place: KeptAnswers.Place?
    ) throws -> HoldAnswer {
        let now = now(in: runtime.id)
        let (answer, hold, _) = try take(request, runtime, at: now)
        try keep(answer, of: request, beside: hold, now, runtime, ticket, place)
        return answer
    }

    /// Journals a hold, if one was taken, with the answer that is kept of it.
    func keep<Request: KeyedRequest>(
        _ answer: Request.Answer, of request: Request, beside hold: Hold?, _ now: Timestamp,
        _ runtime: EnvironmentRuntime, _ ticket: CommitTicket, _ place: KeptAnswers.Place?
    ) throws {
        if let hold {
            record(hold, answers: try answers.writes(answer, request, now, place), now, runtime.id, ticket)
        } else {
            try remember(answer, of: request, now, ticket, place)
        }
    }

    /// Decides on a hold and takes it, inside the gate; the caller journals it. Answers also what the decision saw.
    func take(
        _ request: ReserveRequest, _ runtime: EnvironmentRuntime, at now: Timestamp
    ) throws -> (answer: HoldAnswer, hold: Hold?, seen: CounterReader.Reading?) {
        let expiresAt = request.expiresAt ?? now + Hold.usualSpan
        guard now < expiresAt, expiresAt <= now + Hold.longestSpan else {
            throw Refusal.invalid(
                "expires_at must be later than \(now.rfc3339), by an hour at most, not \(expiresAt.rfc3339)")
        }
        let limits: UseLimits
        switch try useLimits(of: request.use, runtime, at: now) {
        case .found(let found):
            guard found.measure == nil else {
                throw Refusal.invalid(
                    "feature \"\(request.feature!)\" has an aggregation: nothing of it can be reserved")
            }
            limits = found
        case .refused(let reason):
            return (HoldAnswer(refusing: request.quantity, reason: reason), nil, nil)
        }
        let hold = Hold(
            id: try newHoldID(at: now, in: runtime.id), companyID: limits.companyID, target: limits.target,
            featureID: request.feature.flatMap { runtime.catalog.feature(named: $0)?.id }, quantity: request.quantity,
            expiresAt: expiresAt)
        let (usage, held, isHeld) = try counters.reserve(hold, used: limits.used, at: now) {
            limits.allow(request.quantity, usage: $0, held: $1)
        }
        let verdict = limits.verdict(on: request.quantity, usage: usage, held: held)
        var answer =
            isHeld
            ? HoldAnswer(hold, .held, usage: verdict.usage, reserved: held + hold.quantity)
            : HoldAnswer(
                refusing: request.quantity, reason: verdict.refusal ?? UseLimits.fullCounter, usage: verdict.usage,
                reserved: held)
        answer.allocation = verdict.allocation
        answer.remaining = verdict.remaining
        let seen = CounterReader.Reading(key: limits.key, window: limits.window, usage: usage[0], held: held)
        return (answer, isHeld ? hold : nil, seen)
    }

    private func newHoldID(at now: Timestamp, in environment: EnvironmentID) throws -> Identifier<Hold> {
        if holdOrdinals.withLock({ $0[environment] }) == nil {
            let last = try store.snapshot().lastHold(in: environment)
            holdOrdinals.withLock { if $0[environment] == nil { $0[environment] = HoldOrdinals(after: last) } }
        }
        let random = UInt16.random(in: .min ... .max)
        return Identifier(ordinal: holdOrdinals.withLock { $0[environment]!.next(at: now, random: random) })
    }

    // MARK: - What all of a hold's life needs

    /// The limits that the hold was made under, as they are now; the company is nil when it has been deleted.
    func useLimits(
        of hold: Hold, _ runtime: EnvironmentRuntime, at now: Timestamp
    ) throws -> (company: CompanyState?, limits: UseLimits) {
        let company = try runtime.company(hold.companyID)
        let (catalog, nouns) = (runtime.catalog, runtime.catalog.nouns)
        let named = hold.featureID.map { [nouns.features[$0]].compactMap(\.self) } ?? Array(nouns.features.values)
        let metered = named.filter { catalog.target(of: $0) == hold.target }.sorted { $0.id < $1.id }
        return (
            company, UseLimits(hold.companyID, hold.target, of: metered.map(catalog.keyed), company, at: now)
        )
    }

    /// Journals a hold as a change left it.
    func record(
        _ hold: Hold, answers: [StoreKey: [UInt8]?] = [:], _ now: Timestamp, _ environment: EnvironmentID,
        _ ticket: CommitTicket?
    ) {
        let bytes = hold.packed
        let entry = JournalEntry(kind: .hold, environment: environment, at: now, payload: bytes)
        var writes = answers
        writes[.hold(hold.id.ordinal, in: environment)] = bytes
        committer.enqueue(entry.encoded, writes: writes, ticket)
    }

    static func noHold(_ id: Identifier<Hold>) -> Refusal { .notFound("there is no reservation \(id)") }
}

extension ReserveRequest: KeyedRequest {
    typealias Answer = HoldAnswer
    static var operation: String? { "reserve" }

    func check() throws(Refusal) { try use.check() }

    /// What it would be to use the units at once.
    fileprivate var use: ConsumeRequest {
        ConsumeRequest(
            company: company, event: event, feature: feature, quantity: quantity, idempotencyKey: idempotencyKey)
    }
}

public import Basics
internal import Catalog
internal import Entitlements
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
        guard request.quantity > 0, request.quantity <= 1_000_000_000_000_000 else {
            throw Refusal.invalid("quantity must be between 1 and 1,000,000,000,000,000, not \(request.quantity)")
        }
        guard !request.company.isEmpty else { throw Refusal.invalid("company must name at least one key") }
        guard (request.idempotencyKey?.utf8.count ?? 0) <= 256 else {
            throw Refusal.invalid("idempotency_key is longer than 256 bytes")
        }
        guard (request.event == nil) != (request.feature == nil) else {
            throw Refusal.invalid("name either event or feature")
        }
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let ticket = CommitTicket()
        let answer = try committer.gate.shared {
            guard let key = request.idempotencyKey, !key.isEmpty else {
                return try decide(request, runtime, ticket, rememberAt: nil)
            }
            let place = ConsumeAnswers.Place(of: key, in: environment, store.secret)
            return try answers.once(request, place, now(in: environment), store) {
                try decide(request, runtime, ticket, rememberAt: place)
            } elseJoin: {
                committer.join(ticket)
            }
        }
        tally.withLock { $0.add(answer) }
        return Pending(answer, ticket)
    }

    /// One decision, inside the gate.
    private func decide(
        _ request: ConsumeRequest, _ runtime: EnvironmentRuntime, _ ticket: CommitTicket,
        rememberAt place: ConsumeAnswers.Place?
    ) throws -> ConsumeAnswer {
        let now = now(in: runtime.id)
        let catalog = runtime.catalog
        let features = try meteredFeatures(of: request, catalog)
        guard let ordinal = try resolve(.company, request.company, in: runtime.id),
            case let company = Identifier<Company>(ordinal: ordinal), let state = try runtime.company(company)
        else {
            return try answer(request, refusing: "Company not found", now, runtime, ticket, place)
        }
        let limits = features.compactMap { feature, key in
            state.standing.effectiveGrant(of: feature.id, at: now).map { (grant: $0, key: key) }
        }
        guard !limits.isEmpty else {
            let reason = ConsumeRefusal.noEntitlement.reason(feature: features[0].key)
            return try answer(request, refusing: reason, now, runtime, ticket, place)
        }
        guard let subtype = features[0].feature.eventSubtype, let meter = catalog.nouns.meters[subtype] else {
            preconditionFailure("an event feature has a meter from its creation")
        }
        let windows = limits.map { limit in
            state.usageWindow(
                period: limit.grant.terms.value.metricPeriod, reset: limit.grant.terms.value.metricPeriodMonthReset,
                at: now)
        }
        func decision(_ index: Int, _ usage: Int64) -> ConsumeDecision {
            ConsumeDecision(limits[index].grant, usage: usage, held: 0, quantity: request.quantity)
        }
        let key = request.idempotencyKey.flatMap { $0.isEmpty ? nil : Array($0.utf8) } ?? []
        let fingerprint =
            key.isEmpty ? nil : key.withUnsafeBufferPointer { runtime.dedupe.fingerprint($0, type: .track) }
        if let fingerprint {
            let content = contentCheck(company.ordinal, 0, meter.id.ordinal, request.quantity, 0)
            guard case .new = try runtime.dedupe.judge(fingerprint, content: content, at: now) else {
                throw Refusal.conflict("idempotency_key \"\(request.idempotencyKey!)\" was used for an event")
            }
            runtime.dedupe.note([fingerprint], commit: committer.currentCommit)
        }
        let usage: [Int64]
        let bucketStart: Timestamp?
        do {
            (usage, bucketStart) = try counters.consume(
                request.quantity, from: CounterKey(company: company, meter: meter.id), in: runtime.id,
                windows: windows, at: now, received: settled(now, in: runtime.id)
            ) { usage in
                usage.indices.allSatisfy { if case .allowed = decision($0, usage[$0]) { true } else { false } }
            }
        } catch {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            throw error
        }
        let isCounted = bucketStart != nil
        let decisions = usage.indices.map { decision($0, usage[$0]) }
        let deciding = Self.deciding(decisions)
        var answer = ConsumeAnswer(
            allowed: isCounted, recorded: isCounted, usage: usage[deciding] + (isCounted ? request.quantity : 0),
            resetAt: windows[deciding].end, reason: "")
        switch decisions[deciding] {
        case .allowed(let allocation, let remaining):
            answer.allocation = allocation
            answer.remaining = remaining
            answer.reason = isCounted ? "Allowed" : "The counter of this company and event is full"
        case .refused(let refusal):
            answer.allocation = refusal.allocation
            answer.remaining = refusal.remaining
            answer.reason = refusal.reason(feature: limits[deciding].key)
        }
        if isCounted {
            try record(request, company, meter.id, key, bucketStart, answer, now, runtime, ticket, place)
        } else {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            try remember(answer, of: request, now, ticket, place)
        }
        return answer
    }

    /// The one whose numbers are shown: a refusal, else the least that remains.
    private static func deciding(_ decisions: [ConsumeDecision]) -> Int {
        func rank(_ decision: ConsumeDecision) -> Int64 {
            switch decision {
            case .refused: .min
            case .allowed(_, let remaining): remaining ?? .max
            }
        }
        return decisions.indices.min { rank(decisions[$0]) < rank(decisions[$1]) }!
    }

    private func meteredFeatures(
        of request: ConsumeRequest, _ catalog: CatalogSnapshot
    ) throws -> [(feature: Feature, key: String)] {
        let nouns = catalog.nouns
        func keyed(_ feature: Feature) -> (Feature, String) {
            (feature, nouns.flags[feature.flagID]?.key ?? feature.name)
        }
        if let event = request.event {
            let features = nouns.features.values.filter { $0.type == .event && $0.eventSubtype == event }
            guard !features.isEmpty else { throw Refusal.notFound("no feature is metered by event \"\(event)\"") }
            return features.sorted { $0.id < $1.id }.map(keyed)
        }
        let name = request.feature ?? ""
        let byID = Identifier<Feature>(name).flatMap { nouns.features[$0] }
        let byKey = catalog.compiledFlags[name]?.featureID.flatMap { nouns.features[$0] }
        guard let feature = byID ?? byKey else { throw Refusal.notFound("feature \"\(name)\" does not exist") }
        guard feature.type == .event, feature.eventSubtype != nil else {
            throw Refusal.conflict("feature \"\(name)\" is not metered by an event: there is nothing to consume")
        }
        return [keyed(feature)]
    }

    private func answer(
        _ request: ConsumeRequest, refusing reason: String, _ now: Timestamp, _ runtime: EnvironmentRuntime,
        _ ticket: CommitTicket, _ place: ConsumeAnswers.Place?
    ) throws -> ConsumeAnswer {
        let answer = ConsumeAnswer(allowed: false, recorded: false, usage: 0, reason: reason)
        try remember(answer, of: request, now, ticket, place)
        return answer
    }

    /// Journals what was counted, and its answer with it.
    private func record(
        _ request: ConsumeRequest, _ company: Identifier<Company>, _ meter: Identifier<Meter>, _ key: [UInt8],
        _ bucketStart: Timestamp?, _ answer: ConsumeAnswer, _ now: Timestamp, _ runtime: EnvironmentRuntime,
        _ ticket: CommitTicket, _ place: ConsumeAnswers.Place?
    ) throws {
        var block = EventBlock(in: runtime.id, received: now, capacity: 128 + key.count)
        key.withUnsafeBytes { key in
            block.append(
                EventBlock.Event(
                    type: .track, isBackfill: false, isTimed: false, company: company.ordinal, user: 0,
                    meter: meter.ordinal, quantity: request.quantity, effective: now, bucketStart: bucketStart,
                    key: key, json: UnsafeRawBufferPointer(start: nil, count: 0)))
        }
        let writes = try answers.writes(answer, request, now, place, store)
        enqueue(block, writes: writes, ticket)
    }

    private func remember(
        _ answer: ConsumeAnswer, of request: ConsumeRequest, _ now: Timestamp, _ ticket: CommitTicket,
        _ place: ConsumeAnswers.Place?
    ) throws {
        if place != nil {
            committer.enqueue(nil, writes: try answers.writes(answer, request, now, place, store), ticket)
        } else {
            ticket.settleWithoutCommit()
        }
    }
}

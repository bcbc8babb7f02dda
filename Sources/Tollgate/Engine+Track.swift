public import Basics
package import EventScanner
internal import Catalog
internal import Metering
public import Model
internal import Store

extension Engine {
    /// The most events of one request.
    public static let batchLimit = 10_000

    /// Counts events, each once, and waits until they are durable. Unusable ones are refused by themselves.
    public func track(_ events: [UsageEvent], in environment: EnvironmentID) async throws -> TrackAnswer {
        try await track(UsageBatch(events), in: environment)
    }

    /// The same for events that are packed already.
    public func track(_ batch: UsageBatch, in environment: EnvironmentID) async throws -> TrackAnswer {
        guard batch.count <= Self.batchLimit else {
            throw Refusal.invalid("more than \(Self.batchLimit) events in one call: \(batch.count)")
        }
        var ticket = CommitTicket()
        let answer = try batch.buffer.withEvents { try record($0, in: environment, sender: .secret, &ticket) }
        try await ticket.wait()
        return answer
    }

    /// Counts the events of a request's body, in any of its forms, and waits until they are durable.
    ///
    /// - Throws: `Refusal` when the body cannot be read as events at all.
    package func track(
        body: UnsafeRawBufferPointer, form: EventForm, limit: Int = Engine.batchLimit, in environment: EnvironmentID,
        key: APIKey
    ) async throws -> TrackAnswer {
        try await beginTrack(body: body, form: form, limit: limit, in: environment, key: key).value()
    }

    /// Counts the events of a request's body. The bytes are not looked at any more when this returns.
    package func beginTrack(
        body: UnsafeRawBufferPointer, form: EventForm, limit: Int = Engine.batchLimit, in environment: EnvironmentID,
        key: APIKey
    ) throws -> Pending<TrackAnswer> {
        var ticket = CommitTicket()
        do {
            let answer = try scanners.scan(body, as: form, limit: limit) { events in
                try record(events, in: environment, sender: EventSender(key), &ticket)
            }
            return Pending(answer, ticket)
        } catch let failure as ScanFailure {
            throw Refusal.invalid(failure.sentence)
        }
    }

    /// Resolves, judges and counts a batch, and enqueues what was counted. What names unknown companies is tried again
    /// after they have been made; the second time nothing is missing, unless its keys contradict each other.
    ///
    /// - Parameter ticket: replaced by the one to wait for.
    private func record(
        _ events: borrowing ScannedEvents, in environment: EnvironmentID, sender: EventSender,
        _ ticket: inout CommitTicket
    ) throws -> TrackAnswer {
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let failures = committer.statistics.failures
        let refused = sender == .readonly ? [:] : try identify(events, runtime)
        var batch = TrackBatch(self, runtime, sender: sender, count: events.count)
        var missing = MissingEntities()
        try batch.resolve(events, refused: refused, &missing)
        if !missing.isEmpty {
            _ = try apply(missing.command, in: environment, nil)
            batch = TrackBatch(self, runtime, sender: sender, count: events.count)
            var stillMissing = MissingEntities()
            try batch.resolve(events, refused: refused, &stillMissing)
        }
        defer { ticket = billThresholds(of: batch.drafts.lazy.map(\.company), runtime, after: ticket) }
        committer.gate.enter(alone: batch.changesTraits)
        defer { committer.gate.leave() }
        // What the batch refers to may have been taken back by a failed commit since.
        guard committer.statistics.failures == failures else {
            throw StoreFailure("a write failed while these events were looked at: nothing of them was counted")
        }
        do {
            try batch.count(events)
        } catch {
            // What has been counted before the store failed is journaled all the same: sent again, it is a duplicate.
            _ = batch.enqueue(ticket)
            throw error
        }
        let answer = batch.enqueue(ticket)
        if sender != .readonly { noteFlagChecks(in: events, runtime) }
        tally.withLock { $0.add(answer) }
        return answer
    }

    /// Carries out identify events as the commands they are, unless their keys were seen. Answers those that were
    /// refused, by index.
    private func identify(
        _ events: borrowing ScannedEvents, _ runtime: EnvironmentRuntime
    ) throws -> [Int: Refusal] {
        var refusals: [Int: Refusal] = [:]
        for index in 0..<events.count where !events[index].isRefused && events[index].kind == .identify {
            let event = events[index]
            if let key = event.idempotencyKey ?? event.trackerEventID,
                runtime.dedupe.holds(runtime.dedupe.fingerprint(key, type: .identify), at: now(in: runtime.id))
            {
                continue
            }
            do {
                try identify(event, in: runtime.id)
            } catch let refusal as Refusal {
                refusals[index] = refusal
            }
        }
        return refusals
    }

    private func identify(_ event: ScannedEvent, in environment: EnvironmentID) throws {
        guard let decode = options.decodeIdentify else {
            throw Refusal.invalid("identify events are not read by this program")
        }
        let who = try decode(event.rawBody ?? ScannedEvent.Text(start: nil, count: 0))
        if let company = who.company {
            var upsert = UpsertCompany(keys: company.keys)
            upsert.name = company.name
            upsert.traits = company.traits
            upsert.lastSeenAt = now(in: environment)
            _ = try apply(upsert, in: environment, nil)
        }
        var upsert = UpsertUser(keys: who.user.keys)
        upsert.name = who.user.name
        upsert.traits = who.user.traits
        upsert.lastSeenAt = now(in: environment)
        upsert.companies = who.company.map { [$0.keys] } ?? []
        _ = try apply(upsert, in: environment, nil)
    }

    /// The instant up to which no boundary can be made any more when an event is received at `now`.
    ///
    /// While a test clock stands still a subscription may yet start or end at this very instant, after the event.
    func settled(_ now: Timestamp, in environment: EnvironmentID) -> Timestamp {
        self.environment(environment)?.testClock == nil ? now : now - Subscription.instant
    }

    /// Enqueues a block of counted events, with the mark by which the dedupe window finds its beginning after a
    /// restart. Answers its sequence.
    @discardableResult
    func enqueue(
        _ block: borrowing EventBlock, writes: [StoreKey: [UInt8]?] = [:], _ ticket: CommitTicket?
    ) -> UInt64 {
        let entry = block.entry
        return committer.enqueue(entry, writes: writes, ticket) { marks.mark(entry, $0) }
    }

    /// Who holds the keys; nil when nobody does. Refuses keys that name two.
    func resolve(
        _ type: EntityType, _ keys: ScannedEvent.Keys, in environment: EnvironmentID
    ) throws -> UInt64? {
        guard !keys.isEmpty else { return nil }
        // One key that somebody holds is the rule; everything else takes the whole of it.
        if keys.count == 1,
            let owner = try self.keys.owner(type, name: keys[0].name, value: keys[0].value, in: environment)
        {
            return owner
        }
        let texts = Dictionary(
            keys.map { (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
        ) { _, last in last }
        return try resolve(type, texts, in: environment)
    }

    func resolve(_ type: EntityType, _ keys: [String: String], in environment: EnvironmentID) throws -> UInt64? {
        let lookup = KeyLookup(
            type,
            owner: { name, value in
                var name = name
                var value = value
                return try name.withUTF8 { name in
                    try value.withUTF8 { try self.keys.owner(type, name: name, value: $0, in: environment) }
                }
            },
            exists: { ordinal in
                switch type {
                case .company: try self.store.record(Identifier<Company>(ordinal: ordinal), in: environment) != nil
                case .user: try self.store.record(Identifier<User>(ordinal: ordinal), in: environment) != nil
                }
            })
        return try lookup.resolve(keys)
    }
}

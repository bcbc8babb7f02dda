public import Basics
package import EventScanner
internal import Catalog
internal import Metering
public import Model
internal import Store

/// One use of a feature, in process.
public struct UsageEvent: Sendable {
    public var company: [String: String]
    public var user: [String: String] = [:]
    public var event: String
    public var quantity: Int64
    /// The same key again within 24 hours is the same event.
    public var idempotencyKey: String?
    /// The time that counts instead of the receipt, when `trustsSentAt` or `isBackfill` is set.
    public var sentAt: Timestamp?
    public var trustsSentAt = false
    /// Counts as usage, but is never billed.
    public var isBackfill = false

    public init(company: [String: String], event: String, quantity: Int64 = 1, idempotencyKey: String? = nil) {
        self.company = company
        self.event = event
        self.quantity = quantity
        self.idempotencyKey = idempotencyKey
    }
}

extension Engine {
    /// The most events of one request.
    public static let batchLimit = 10_000

    /// Counts events, each once, and waits until they are durable. Unusable ones are refused by themselves.
    public func track(_ events: [UsageEvent], in environment: EnvironmentID) async throws -> TrackAnswer {
        guard events.count <= Self.batchLimit else {
            throw Refusal.invalid("more than \(Self.batchLimit) events in one call: \(events.count)")
        }
        let arena = EventArena(events)
        let ticket = CommitTicket()
        let answer = try arena.withIncoming { incoming in
            try record(incoming, in: environment, sender: .secret, ticket)
        }
        try await ticket.wait()
        return answer
    }

    /// Counts the events of a request's body, in any of its forms.
    ///
    /// - Throws: `Refusal` when the body cannot be read as events at all.
    package func track(
        body: UnsafeRawBufferPointer, form: EventForm, limit: Int = Engine.batchLimit, in environment: EnvironmentID,
        key: APIKey
    ) async throws -> TrackAnswer {
        let ticket = CommitTicket()
        let answer: TrackAnswer
        do {
            answer = try scanners.scan(body, as: form, limit: limit) { scanned in
                let incoming = (0..<scanned.count).map { IncomingEvent.reading(scanned[$0]) }
                return try record(incoming, in: environment, sender: EventSender(key), ticket)
            }
        } catch let failure as ScanFailure {
            throw Refusal.invalid(failure.sentence)
        }
        try await ticket.wait()
        return answer
    }

    /// Resolves, judges and counts a batch, and enqueues what was counted. What names unknown companies is tried again
    /// after they have been made; the second time nothing is missing, unless its keys contradict each other.
    private func record(
        _ incoming: [Result<IncomingEvent, Refusal>], in environment: EnvironmentID, sender: EventSender,
        _ ticket: CommitTicket
    ) throws -> TrackAnswer {
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let failures = committer.statistics.failures
        let identified = sender == .readonly ? [:] : try identify(incoming, runtime)
        var batch = TrackBatch(self, runtime, sender: sender)
        var missing = MissingEntities()
        for (index, event) in incoming.enumerated() {
            try batch.resolve(event, at: index, identified[index], &missing)
        }
        if !missing.isEmpty {
            _ = try apply(missing.command, in: environment, nil)
            batch = TrackBatch(self, runtime, sender: sender)
            var stillMissing = MissingEntities()
            for (index, event) in incoming.enumerated() {
                try batch.resolve(event, at: index, identified[index], &stillMissing)
            }
        }
        return try committer.gate.shared {
            // What the batch refers to may have been taken back by a failed commit since.
            guard committer.statistics.failures == failures else {
                throw StoreFailure("a write failed while these events were looked at: nothing of them was counted")
            }
            do {
                try batch.count()
            } catch {
                // What has been counted before the store failed is journaled all the same: sent again, it is a
                // duplicate.
                _ = batch.enqueue(ticket)
                throw error
            }
            return batch.enqueue(ticket)
        }
    }

    /// Carries out identify events as the commands they are, unless their keys were seen. Nil where there is nothing
    /// wrong.
    private func identify(
        _ incoming: [Result<IncomingEvent, Refusal>], _ runtime: EnvironmentRuntime
    ) throws -> [Int: Refusal] {
        var refusals: [Int: Refusal] = [:]
        for (index, event) in incoming.enumerated() {
            guard case .success(let event) = event, event.type == .identify else { continue }
            if let key = event.key,
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

    private func identify(_ event: IncomingEvent, in environment: EnvironmentID) throws {
        guard let decode = options.decodeIdentify else {
            throw Refusal.invalid("identify events are not read by this program")
        }
        let who = try decode(event.json)
        if let company = who.company {
            var upsert = UpsertCompany(keys: company.keys)
            upsert.name = company.name
            upsert.traits = company.traits
            _ = try apply(upsert, in: environment, nil)
        }
        var upsert = UpsertUser(keys: who.user.keys)
        upsert.name = who.user.name
        upsert.traits = who.user.traits
        upsert.companies = who.company.map { [$0.keys] } ?? []
        _ = try apply(upsert, in: environment, nil)
    }

    /// Counts one quantity, inside the gate. False when the counter has no room.
    func count(
        _ quantity: Int64, company: Identifier<Company>, meter: Identifier<Meter>, isBackfill: Bool,
        effective: Timestamp, received: Timestamp, in environment: EnvironmentID, _ commit: UInt64
    ) throws -> Bool {
        let key = CounterKey(company: company, meter: meter)
        let received = settled(received, in: environment)
        guard
            try counters.add(
                quantity, to: key, in: environment, effective: effective, received: received, commit: commit)
        else { return false }
        guard isBackfill else { return true }
        // The backfilled part is a subset of what was just counted, so there is room for it.
        return try counters.add(
            quantity, to: CounterKey(company: company, meter: meter, backfill: true), in: environment,
            effective: effective, received: received, commit: commit)
    }

    /// The instant up to which no boundary can be made any more when an event is received at `now`.
    ///
    /// While a test clock stands still a subscription may yet start or end at this very instant, after the event.
    func settled(_ now: Timestamp, in environment: EnvironmentID) -> Timestamp {
        self.environment(environment)?.testClock == nil ? now : now - Subscription.instant
    }

    /// Enqueues a block of counted events, with the mark by which the dedupe window finds its beginning after a
    /// restart.
    @discardableResult
    func enqueue(
        _ block: EventBlock, at now: Timestamp, in environment: EnvironmentID, writes: [StoreKey: [UInt8]?] = [:],
        _ ticket: CommitTicket
    ) -> UInt64 {
        let entry = JournalEntry(kind: .events, environment: environment, at: now, payload: block.bytes)
        return committer.enqueue(entry, writes: writes, ticket) { marks.mark(entry, $0) }
    }

    /// Who holds the keys; nil when nobody does. Refuses keys that name two.
    func resolve(
        _ type: EntityType, _ keys: [(name: KeyIndex.Text, value: KeyIndex.Text)], in environment: EnvironmentID
    ) throws -> UInt64? {
        // One key that somebody holds is the rule; everything else takes the whole of it.
        if keys.count == 1,
            let owner = try self.keys.owner(type, name: keys[0].name, value: keys[0].value, in: environment)
        {
            return owner
        }
        guard !keys.isEmpty else { return nil }
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

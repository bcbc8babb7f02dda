internal import Basics
internal import EventScanner
internal import Catalog
internal import Metering
internal import Model
internal import Store

/// What the key that sent events allows.
enum EventSender {
    case secret
    /// Browsers: no corrections and no clock of their own.
    case publishable
    /// Events are stored for the record, but do not count.
    case readonly

    init(_ key: APIKey) {
        self = key.readonly ? .readonly : key.kind == .secret ? .secret : .publishable
    }
}

/// A batch of events on its way through: resolved, then, inside the gate, judged, counted and enqueued.
struct TrackBatch: ~Copyable {
    /// A usable event, with everything looked up. Its texts stay where they came.
    private struct Draft {
        let index: Int
        let type: EventType
        let isTrusted: Bool
        let isBackfill: Bool
        /// Nil for an event without a key.
        let fingerprint: DedupeWindow.Fingerprint?
        let company: UInt64
        let user: UInt64
        let meter: UInt64
        let quantity: Int64
        let effective: Timestamp
        /// Its part of what the batch adds to derived meters.
        var derived = 0..<0

        /// Its sender names the effective time.
        var isTimed: Bool { isTrusted || isBackfill }

        var isCounted: Bool { company != 0 && meter != 0 && quantity != 0 }

        var use: CounterShards.Use {
            CounterShards.Use(
                quantity, of: CounterKey(company: company, meter: meter), effective: effective, isBackfill: isBackfill,
                derived: derived)
        }

        /// What a key stands for, in 16 bits: enough to notice other content, not to tell contents apart.
        var content: UInt16 {
            contentCheck(company, user, meter, quantity, isTimed ? effective.milliseconds : 0)
        }
    }

    private let engine: Engine
    private let runtime: EnvironmentRuntime
    private let now: Timestamp
    private let settled: Timestamp
    private let sender: EventSender
    private var meters: MeterMemo
    private var drafts: [Draft] = []
    /// What the drafts add to derived meters, one draft after another.
    private var derived: [DerivedUse] = []
    private var answer: TrackAnswer
    private var block: EventBlock
    /// Judged new, and durable with the block.
    private var keys: [DedupeWindow.Fingerprint] = []
    /// The holds that events settle, by the events' indices: hardly ever any.
    private var holds: [Int: UInt64] = [:]
    /// Whether one of them is of a trait, and to be counted alone.
    private(set) var changesTraits = false

    init(_ engine: Engine, _ runtime: EnvironmentRuntime, sender: EventSender, count: Int) {
        self.engine = engine
        self.runtime = runtime
        self.sender = sender
        meters = MeterMemo(runtime.catalog, hash: engine.store.secret)
        now = engine.now(in: runtime.id)
        settled = engine.settled(now, in: runtime.id)
        drafts.reserveCapacity(count)
        keys.reserveCapacity(count)
        answer = TrackAnswer(count: count, at: now)
        block = EventBlock(in: runtime.id, received: now, capacity: count * 64)
    }

    // MARK: - Resolve

    /// Looks everything up that the events name.
    ///
    /// - Parameter refused: events that something else was wrong with, by index.
    mutating func resolve(
        _ events: borrowing ScannedEvents, refused: [Int: Refusal], _ missing: inout MissingEntities
    ) throws {
        let companies = knownCompanies(of: events)
        for index in 0..<events.count {
            let event = events[index]
            do {
                if let refusal = event.refusal { throw Refusal.invalid(refusal.sentence) }
                if let refusal = refused[index] { throw refusal }
                drafts.append(try draft(event, index, companies[index], &missing))
            } catch let refusal as Refusal {
                answer.reject(index, refusal.message)
            }
        }
    }

    /// The companies that memory knows by their one key, which is nearly all; 0 for the others, which take the longer
    /// way one by one.
    private func knownCompanies(of events: borrowing ScannedEvents) -> [UInt64] {
        var places: [Int32] = []
        var keys: [KeyHash] = []
        places.reserveCapacity(events.count)
        keys.reserveCapacity(events.count)
        for index in 0..<events.count where !events[index].isRefused && events[index].company.count == 1 {
            let (name, value) = events[index].company[0]
            places.append(Int32(index))
            keys.append(engine.keys.key(.company, name: name, value: value, in: runtime.id))
        }
        var companies = [UInt64](repeating: 0, count: events.count)
        for (place, owner) in zip(places, engine.keys.known(keys)) { companies[Int(place)] = owner ?? 0 }
        return companies
    }

    private mutating func draft(
        _ event: ScannedEvent, _ index: Int, _ knownCompany: UInt64, _ missing: inout MissingEntities
    ) throws -> Draft {
        let type = event.type
        try checkKey(event)
        let effective = try effectiveTime(of: event)
        let key = event.idempotencyKey ?? event.trackerEventID
        let fingerprint = key.map { runtime.dedupe.fingerprint($0, type: type) }
        var (company, user, meter, quantity, measures): (UInt64, UInt64, UInt64, Int64, Int) = (0, 0, 0, 0, -1)
        if type == .track || type == .inference {
            let given = try type == .track ? event.quantity : InferenceBody.requests(of: event)
            quantity = try self.quantity(given ?? 1, of: event)
            (company, user, meter, measures) = try resolve(event, knownCompany, &missing)
        }
        if let reservationID = event.reservationID, company != 0, !event.isBackfill {
            holds[index] = try hold(reservationID, quantity)
        }
        var draft = Draft(
            index: index, type: type, isTrusted: event.hasTrustedClientClock, isBackfill: event.isBackfill,
            fingerprint: fingerprint, company: company, user: user, meter: meter,
            quantity: quantity, effective: effective)
        if measures >= 0, draft.isCounted, sender != .readonly {
            let uses = try meters[measures].uses(
                of: type == .track ? event.rawTraits : event.rawBody, quantity: quantity, mayTakeBack: sender == .secret
            )
            draft.derived = derived.count..<(derived.count + uses.count)
            derived += uses
        }
        return draft
    }

    /// The hold that a text names; nil when there is none.
    private mutating func hold(_ text: ScannedEvent.Text, _ quantity: Int64) throws -> UInt64? {
        guard let id = Identifier<Hold>(String(decoding: text, as: UTF8.self)),
            let hold = try engine.storedHold(id.ordinal, in: runtime.id)
        else { return nil }
        if hold.changesTrait(by: quantity) { changesTraits = true }
        return id.ordinal
    }

    private func quantity(_ quantity: Int64, of event: ScannedEvent) throws(Refusal) -> Int64 {
        // A quantity of 0 only settles something else.
        guard quantity != 0 || event.reservationID != nil || event.leaseID != nil else {
            throw .invalid("\(event.kind == .inference ? "requests" : "quantity") must not be 0")
        }
        guard quantity >= 0 || event.reservationID == nil else {
            throw .invalid("quantity must be 0 or more with a reservation_id, not \(quantity)")
        }
        guard quantity >= 0 || sender != .publishable else {
            throw .invalid("a negative quantity requires a secret API key")
        }
        guard quantity.magnitude <= 1_000_000_000_000_000 else {
            throw .invalid("quantity is out of range: \(quantity)")
        }
        return quantity
    }

    private mutating func resolve(
        _ event: ScannedEvent, _ knownCompany: UInt64, _ missing: inout MissingEntities
    ) throws -> (company: UInt64, user: UInt64, meter: UInt64, measures: Int) {
        let company = knownCompany != 0 ? knownCompany : try engine.resolve(.company, event.company, in: runtime.id)
        let user = try engine.resolve(.user, event.user, in: runtime.id)
        let meter = event.name.flatMap { meters.meter(named: $0) }
        let isUnnamed = meter == nil && event.name != nil
        let isMissing = company == nil && !event.company.isEmpty || user == nil && !event.user.isEmpty || isUnnamed
        guard isMissing, sender != .readonly else {
            return (company ?? 0, user ?? 0, meter?.id ?? 0, meter?.measures ?? -1)
        }
        let companyKeys = event.company.isEmpty ? nil : try Self.keys(event.company)
        let userKeys = event.user.isEmpty ? nil : try Self.keys(event.user)
        if let companyKeys, let userKeys, user == nil {
            missing.link(company: companyKeys, user: userKeys)
        } else {
            missing.add(
                company: company == nil ? companyKeys : nil, user: user == nil ? userKeys : nil, eventSubtype: nil)
        }
        if let name = event.name, meter == nil {
            missing.add(company: nil, user: nil, eventSubtype: String(decoding: name, as: UTF8.self))
        }
        // Reported only if it is still missing when everything that can be made has been made.
        throw Refusal.invalid(
            "the keys of company or user contradict each other, or a limit of this environment is reached")
    }

    private static func keys(_ keys: ScannedEvent.Keys) throws(Refusal) -> [String: String] {
        var found: [String: String] = [:]
        for (name, value) in keys {
            guard !name.contains(0), !value.contains(0) else {
                throw Refusal.invalid("keys must not contain the character U+0000")
            }
            found[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return found
    }

    /// An event that names a key of its own must belong to the same environment as the request.
    private func checkKey(_ event: ScannedEvent) throws(Refusal) {
        guard let text = event.apiKey else { return }
        guard engine.authenticate(String(decoding: text, as: UTF8.self))?.environmentID == runtime.id else {
            throw Refusal.invalid("api_key is unknown or of another environment")
        }
    }

    /// Receipt, or the sender's clock within its limits. Rules and sentences: Schematic, "Idempotency, clocks,
    /// backfill".
    private func effectiveTime(of event: ScannedEvent) throws(Refusal) -> Timestamp {
        var sentAt: Timestamp?
        if let text = event.sentAt {
            sentAt = Timestamp(rfc3339: text)
            guard sentAt != nil else { throw Refusal.invalid("sent_at must be an RFC 3339 time") }
        }
        guard event.hasTrustedClientClock || event.isBackfill else { return now }
        guard sender != .publishable else {
            throw Refusal.invalid("trusted_client_clock and backfill require a secret API key")
        }
        guard let sentAt else {
            throw Refusal.invalid("sent_at is required when trusted_client_clock or backfill is true")
        }
        if sentAt > now + .minutes(5) { throw Refusal.invalid("sent_at cannot be more than 5 minutes in the future") }
        if event.isBackfill {
            if sentAt < now - .days(365) { throw Refusal.invalid("sent_at cannot be more than 365 days in the past") }
        } else if sentAt < now - .days(34) {
            throw Refusal.invalid(
                "sent_at cannot be more than 34 days in the past for trusted_client_clock; for older events use "
                    + "backfill (analytics-only, no billing side effects)"
            )
        }
        return sentAt
    }

    // MARK: - Count (inside the gate)

    /// Judges and counts all events, and adds those that count to the block.
    ///
    /// - Throws: when a store or the room for keys failed. What was counted until then is in the block all the same.
    mutating func count(_ events: borrowing ScannedEvents) throws {
        guard sender != .readonly else {
            for draft in drafts {
                record(draft, events[draft.index], bucketStart: nil)
                answer.reject(draft.index, "this key is readonly: the event is stored as failed and not counted")
            }
            return
        }
        var open = drafts
        while !open.isEmpty { open = try count(open, events) }
    }

    /// The same for some of them, in passes: all keys are judged, then all new events counted, each shard of keys and
    /// of counters under one lock, and then what came of it is written down in order.
    ///
    /// Answers the events that must be judged again: a counter was full, so its events gave their keys back, and what
    /// looked like a repetition may have been one of theirs.
    private mutating func count(_ drafts: [Draft], _ events: borrowing ScannedEvents) throws -> [Draft] {
        var failure: (any Error)?
        let verdicts = judge(drafts, &failure)
        var uses: [CounterShards.Use] = []
        uses.reserveCapacity(drafts.count)
        let settles = !holds.isEmpty
        for (draft, verdict) in zip(drafts, verdicts) where verdict == .new && draft.isCounted {
            if settles, holds[draft.index] != nil { continue }
            uses.append(draft.use)
        }
        do {
            try engine.counters.add(&uses, derived: &derived, in: runtime.id, received: settled)
        } catch {
            failure = failure ?? error
        }

        var repetitions: [(draft: Draft, verdict: DedupeWindow.Verdict)] = []
        var isKeyFree = false
        var counted = uses.makeIterator()
        for (draft, verdict) in zip(drafts, verdicts) {
            guard let verdict else { continue }
            guard verdict == .new else {
                repetitions.append((draft, verdict))
                continue
            }
            do {
                let outcome: CounterShards.Use.Outcome?
                if settles, let hold = holds[draft.index] {
                    outcome = try settle(hold, by: draft)
                } else {
                    outcome = draft.isCounted ? counted.next()?.outcome : nil
                }
                isKeyFree = try !settle(draft, outcome, events[draft.index]) || isKeyFree
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        if isKeyFree { return repetitions.map(\.draft) }
        for repetition in repetitions {
            if repetition.verdict == .duplicate { answer.duplicates += 1 } else { answer.conflicts += 1 }
        }
        return []
    }

    /// Settles the hold that an event names, and counts the event where that has not. Nil for one that is counted
    /// nowhere.
    private mutating func settle(_ hold: UInt64, by draft: Draft) throws -> CounterShards.Use.Outcome? {
        var own = Array(derived[draft.derived])
        let outcome = try engine.settle(hold, by: draft.use, derived: &own, runtime, at: now)
        derived.replaceSubrange(draft.derived, with: own)
        guard draft.isCounted else { return nil }
        guard case .open = outcome else { return outcome }
        var uses = [draft.use]
        try engine.counters.add(&uses, derived: &derived, in: runtime.id, received: settled)
        return uses[0].outcome
    }

    /// What the keys say of the events: those without one are new. Nil where there was no room for the key.
    private func judge(_ drafts: [Draft], _ failure: inout (any Error)?) -> [DedupeWindow.Verdict?] {
        var sightings: [DedupeWindow.Sighting] = []
        sightings.reserveCapacity(drafts.count)
        for draft in drafts {
            if let key = draft.fingerprint { sightings.append(DedupeWindow.Sighting(key, content: draft.content)) }
        }
        do {
            try runtime.dedupe.judge(&sightings, at: now)
        } catch {
            failure = error
        }
        var judged = sightings.makeIterator()
        return drafts.map { $0.fingerprint == nil ? .new : judged.next()?.verdict }
    }

    /// Writes down what became of a new event; gives its key back when it was not counted, and answers false then.
    ///
    /// - Parameter outcome: nil for an event that is counted nowhere.
    private mutating func settle(
        _ draft: Draft, _ outcome: CounterShards.Use.Outcome?, _ event: ScannedEvent
    ) throws -> Bool {
        var bucketStart: Timestamp?
        switch outcome {
        case nil: break
        case .counted(let start): bucketStart = start
        case .full, .open:
            if let key = draft.fingerprint { runtime.dedupe.forget(key) }
            if case .full = outcome {
                answer.reject(draft.index, "the counter of this company and event is full")
            }
            return false
        }
        if let key = draft.fingerprint { keys.append(key) }
        record(draft, event, bucketStart: bucketStart)
        answer.accepted += 1
        if draft.isTimed, let effect = try lateness(of: draft) { answer.isLate(draft.index, effect) }
        return true
    }

    private mutating func record(_ draft: Draft, _ event: ScannedEvent, bucketStart: Timestamp?) {
        answer.recorded(draft.index, at: block.count)
        let nothing = ScannedEvent.Text(start: nil, count: 0)
        let json = event.kind == .track ? event.rawTraits : event.rawBody
        block.append(
            EventBlock.Event(
                type: draft.type, isBackfill: draft.isBackfill, isTimed: draft.isTimed,
                isFailed: sender == .readonly, company: draft.company, user: draft.user, meter: draft.meter,
                quantity: draft.quantity, effective: draft.effective, bucketStart: bucketStart,
                key: UnsafeRawBufferPointer(event.idempotencyKey ?? event.trackerEventID ?? nothing),
                json: UnsafeRawBufferPointer(json ?? nothing)),
            derived: derived[draft.derived])
    }

    private func lateness(of draft: Draft) throws -> TrackAnswer.Late.Effect? {
        guard draft.isTrusted, !draft.isBackfill, draft.effective < now, draft.company != 0,
            let subscription = try runtime.company(Identifier(ordinal: draft.company))?.subscription,
            let period = subscription.period, subscription.startedAt <= draft.effective, draft.effective < period.start
        else { return nil }
        guard let billed = subscription.billedPeriods.first(where: { $0.period.contains(draft.effective) }) else {
            return .grace
        }
        return try engine.store.record(billed.invoiceID, in: runtime.id)?.status == .draft ? .grace : .correction
    }

    // MARK: - Enqueue (inside the gate)

    mutating func enqueue(_ ticket: CommitTicket) -> TrackAnswer {
        runtime.dedupe.note(keys, commit: engine.committer.currentCommit)
        if block.count > 0 {
            answer.sequence = engine.enqueue(block, ticket)
        } else {
            // Duplicates are told only when what they repeat is durable.
            engine.committer.join(ticket)
        }
        answer.rejected.sort { $0.index < $1.index }
        return answer
    }
}

extension ScannedEvent {
    fileprivate var type: EventType {
        switch kind {
        case .track: .track
        case .identify: .identify
        case .flagCheck: .flagCheck
        case .inference: .inference
        }
    }
}

/// 16 bits that change when any of the numbers does.
func contentCheck(_ numbers: UInt64, _ user: UInt64, _ meter: UInt64, _ quantity: Int64, _ time: Int64) -> UInt16 {
    var mixed = numbers
    func mix(_ number: UInt64) {
        mixed = (mixed ^ number) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
    }
    mix(user)
    mix(meter)
    mix(UInt64(bitPattern: quantity))
    mix(UInt64(bitPattern: time))
    return UInt16(truncatingIfNeeded: mixed >> 48)
}

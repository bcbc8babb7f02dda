internal import Basics
internal import Catalog
internal import Metering
internal import Model
internal import Store

/// Companies, users and event names that a batch uses and nobody knows yet.
struct MissingEntities {
    private(set) var companies: [[String: String]] = []
    private(set) var users: [[String: String]] = []
    private(set) var links: [RegisterEntities.Link] = []
    private(set) var eventSubtypes: Set<String> = []

    var isEmpty: Bool { companies.isEmpty && users.isEmpty && eventSubtypes.isEmpty }

    mutating func add(company: [String: String]?, user: [String: String]?, eventSubtype: String?) {
        if let company { companies.append(company) }
        if let user { users.append(user) }
        if let eventSubtype { eventSubtypes.insert(eventSubtype) }
    }

    mutating func link(company: [String: String], user: [String: String]) {
        companies.append(company)
        users.append(user)
        links.append(RegisterEntities.Link(company: companies.count - 1, user: users.count - 1))
    }

    var command: RegisterEntities {
        RegisterEntities(
            companies: companies, users: users, eventSubtypes: eventSubtypes.sorted(), links: links)
    }
}

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
struct TrackBatch {
    private struct Draft {
        let index: Int
        let event: IncomingEvent
        let company: UInt64
        let user: UInt64
        let meter: UInt64
        let quantity: Int64
        let effective: Timestamp
    }

    private let engine: Engine
    private let runtime: EnvironmentRuntime
    private let catalog: CatalogSnapshot
    private let now: Timestamp
    private let sender: EventSender
    private var drafts: [Draft] = []
    private var answer = TrackAnswer()
    private var block = EventBlock()
    /// Places in the block, by index of the input.
    private var recorded: [Int: Int] = [:]

    init(_ engine: Engine, _ runtime: EnvironmentRuntime, sender: EventSender) {
        self.engine = engine
        self.runtime = runtime
        self.sender = sender
        catalog = runtime.catalog
        now = engine.now(in: runtime.id)
    }

    // MARK: - Resolve

    mutating func resolve(
        _ event: Result<IncomingEvent, Refusal>, at index: Int, _ identification: Refusal?,
        _ missing: inout MissingEntities
    ) throws {
        do {
            if let identification { throw identification }
            drafts.append(try draft(try event.get(), index, &missing))
        } catch let refusal as Refusal {
            reject(index, refusal.message)
        }
    }

    private mutating func reject(_ index: Int, _ sentence: String) {
        answer.rejected.append(TrackAnswer.Rejection(index: index, error: sentence))
    }

    private func draft(_ event: IncomingEvent, _ index: Int, _ missing: inout MissingEntities) throws -> Draft {
        try checkKey(event)
        let effective = try effectiveTime(of: event)
        guard case .track(let name, let company, let user, let quantity) = event.content else {
            return Draft(index: index, event: event, company: 0, user: 0, meter: 0, quantity: 0, effective: effective)
        }
        guard quantity != 0 || event.settlesHold else { throw Refusal.invalid("quantity must not be 0") }
        guard quantity > 0 || sender != .publishable else {
            throw Refusal.invalid("a negative quantity requires a secret API key")
        }
        guard quantity.magnitude <= 1_000_000_000_000_000 else {
            throw Refusal.invalid("quantity is out of range: \(quantity)")
        }
        let companyID = try engine.resolve(.company, company, in: runtime.id)
        let userID = try engine.resolve(.user, user, in: runtime.id)
        let meter = catalog.nouns.meters[String(decoding: name, as: UTF8.self)]
        if sender == .readonly {
            return Draft(
                index: index, event: event, company: companyID ?? 0, user: userID ?? 0, meter: meter?.id.ordinal ?? 0,
                quantity: quantity, effective: effective)
        }
        if (companyID == nil && !company.isEmpty) || (userID == nil && !user.isEmpty) || meter == nil {
            let companyKeys = company.isEmpty ? nil : try Self.keys(company)
            let userKeys = user.isEmpty ? nil : try Self.keys(user)
            if let companyKeys, let userKeys, userID == nil {
                missing.link(company: companyKeys, user: userKeys)
            } else {
                missing.add(
                    company: companyID == nil ? companyKeys : nil, user: userID == nil ? userKeys : nil,
                    eventSubtype: nil)
            }
            if meter == nil {
                missing.add(company: nil, user: nil, eventSubtype: String(decoding: name, as: UTF8.self))
            }
            // Reported only if it is still missing when everything that can be made has been made.
            throw Refusal.invalid(
                "the keys of company or user contradict each other, or a limit of this environment is reached")
        }
        return Draft(
            index: index, event: event, company: companyID ?? 0, user: userID ?? 0, meter: meter!.id.ordinal,
            quantity: quantity, effective: effective)
    }

    private static func keys(_ keys: [(name: KeyIndex.Text, value: KeyIndex.Text)]) throws(Refusal) -> [String: String]
    {
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
    private func checkKey(_ event: IncomingEvent) throws(Refusal) {
        guard let text = event.apiKey else { return }
        guard engine.authenticate(String(decoding: text, as: UTF8.self))?.environmentID == runtime.id else {
            throw Refusal.invalid("api_key is unknown or of another environment")
        }
    }

    /// Receipt, or the sender's clock within its limits. Rules and sentences: Schematic, "Idempotency, clocks,
    /// backfill".
    private func effectiveTime(of event: IncomingEvent) throws(Refusal) -> Timestamp {
        if case .unreadable = event.sentAt { throw Refusal.invalid("sent_at must be an RFC 3339 time") }
        guard event.isTimed else { return now }
        guard sender != .publishable else {
            throw Refusal.invalid("trusted_client_clock and backfill require a secret API key")
        }
        guard case .at(let sentAt) = event.sentAt else {
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

    mutating func count() throws {
        let commit = engine.committer.currentCommit
        for draft in drafts { try count(draft, commit) }
    }

    private mutating func count(_ draft: Draft, _ commit: UInt64) throws {
        guard sender != .readonly else {
            record(draft)
            reject(draft.index, "this key is readonly: the event is stored as failed and not counted")
            return
        }
        let fingerprint = draft.event.key.map { runtime.dedupe.fingerprint($0, type: draft.event.type) }
        if let fingerprint {
            switch runtime.dedupe.judge(fingerprint, content: content(of: draft), at: now) {
            case .new: break
            case .duplicate:
                answer.duplicates += 1
                return
            case .conflict:
                answer.conflicts += 1
                return
            }
        }
        let isCounted: Bool
        do {
            isCounted = try add(draft, commit)
        } catch {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            throw error
        }
        guard isCounted else {
            if let fingerprint { runtime.dedupe.forget(fingerprint) }
            reject(draft.index, "the counter of this company and event is full")
            return
        }
        record(draft)
        answer.accepted += 1
        if let effect = try lateness(of: draft) {
            answer.late.append(TrackAnswer.Late(index: draft.index, effect: effect))
        }
    }

    private mutating func record(_ draft: Draft) {
        recorded[draft.index] = block.count
        block.append(
            EventBlock.Event(
                type: draft.event.type, isBackfill: draft.event.isBackfill, isTimed: draft.event.isTimed,
                isFailed: sender == .readonly,
                company: draft.company, user: draft.user, meter: draft.meter, quantity: draft.quantity,
                effective: draft.effective,
                key: UnsafeRawBufferPointer(draft.event.key ?? IncomingEvent.Text(start: nil, count: 0)),
                json: UnsafeRawBufferPointer(draft.event.json)), received: now)
    }

    /// Counts the draft where it belongs; false when a counter has no room.
    private func add(_ draft: Draft, _ commit: UInt64) throws -> Bool {
        guard draft.company != 0, draft.meter != 0, draft.quantity != 0 else { return true }
        return try engine.count(
            draft.quantity, company: Identifier(ordinal: draft.company), meter: Identifier(ordinal: draft.meter),
            isBackfill: draft.event.isBackfill, effective: draft.effective, received: now, in: runtime.id, commit)
    }

    /// What a key stands for, in 16 bits: enough to notice other content, not to tell contents apart.
    private func content(of draft: Draft) -> UInt16 {
        let time = draft.event.isTimed ? draft.effective.milliseconds : 0
        return contentCheck(draft.company, draft.user, draft.meter, draft.quantity, time)
    }

    private func lateness(of draft: Draft) throws -> TrackAnswer.Late.Effect? {
        guard draft.event.isTrusted, !draft.event.isBackfill, draft.effective < now, draft.company != 0,
            let subscription = try runtime.company(Identifier(ordinal: draft.company))?.subscription,
            subscription.startedAt <= draft.effective, draft.effective < subscription.period.start
        else { return nil }
        return subscription.billedPeriods.contains { $0.period.contains(draft.effective) } ? .correction : .grace
    }

    // MARK: - Enqueue (inside the gate)

    mutating func enqueue(_ ticket: CommitTicket) -> TrackAnswer {
        var sequence: UInt64 = 0
        if block.count > 0 {
            sequence = engine.enqueue(block, at: now, in: runtime.id, ticket)
        } else {
            // Duplicates are told only when what they repeat is durable.
            engine.committer.join(ticket)
        }
        answer.rejected.sort { $0.index < $1.index }
        let rejected = Set(answer.rejected.map(\.index))
        let total = (drafts.map(\.index) + rejected).max().map { $0 + 1 } ?? 0
        answer.events = (0..<total).map { index in
            guard !rejected.contains(index) else { return nil }
            let id = recorded[index].map { EventBlock.eventID(sequence: sequence, index: $0) }
            return TrackAnswer.Captured(id: id, at: now)
        }
        return answer
    }
}

/// 16 bits that change when any of the numbers does.
func contentCheck(_ numbers: UInt64, _ user: UInt64, _ meter: UInt64, _ quantity: Int64, _ time: Int64) -> UInt16 {
    var mixed = numbers
    for number in [user, meter, UInt64(bitPattern: quantity), UInt64(bitPattern: time)] {
        mixed = (mixed ^ number) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
    }
    return UInt16(truncatingIfNeeded: mixed >> 48)
}

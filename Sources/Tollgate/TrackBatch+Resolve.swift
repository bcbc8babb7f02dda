internal import Basics
internal import Catalog
internal import EventScanner
internal import Metering
internal import Model
internal import Store

extension TrackBatch {
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
                var exact: Decimal?
                if let refusal = event.refusal {
                    exact = Self.exactQuantity(refusal, of: event)
                    if exact == nil { throw Refusal.invalid(refusal.sentence) }
                }
                if let refusal = refused[index] { throw refusal }
                drafts.append(try draft(event, index, companies[index], exact, &missing))
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
        _ event: ScannedEvent, _ index: Int, _ knownCompany: UInt64, _ exact: Decimal?,
        _ missing: inout MissingEntities
    ) throws -> Draft {
        let type = event.type
        try checkKey(event)
        let effective = try effectiveTime(of: event)
        let key = event.idempotencyKey ?? event.trackerEventID
        let fingerprint = key.map { runtime.dedupe.fingerprint($0, type: type) }
        var (company, user, meter, quantity, measures): (UInt64, UInt64, UInt64, Int64, Int) = (0, 0, 0, 0, -1)
        if type == .track || type == .inference {
            let given = try type == .track ? event.quantity : InferenceBody.requests(of: event)
            quantity = try exact.map { try self.quantity($0, of: event) } ?? self.quantity(given ?? 1, of: event)
            (company, user, meter, measures) = try resolve(event, knownCompany, &missing)
        }
        // A company that has still to be made is looked at again when it is there.
        let isSettled = company != 0 || event.company.isEmpty
        if let exact, isSettled, measures < 0 || !meters[measures].take(exact) {
            throw Refusal.invalid("quantity must be an integer")
        }
        if let reservationID = event.reservationID, company != 0, !event.isBackfill {
            holds[index] = try hold(reservationID, quantity)
        }
        var draft = Draft(
            index: index, type: type, isTrusted: event.hasTrustedClientClock, isBackfill: event.isBackfill,
            fingerprint: fingerprint, company: company, user: user, meter: meter,
            quantity: quantity, effective: effective)
        if measures >= 0, draft.isCounted || exact != nil && company != 0, sender != .readonly {
            let uses = try meters[measures].uses(
                of: type == .track ? event.rawTraits : event.rawBody, quantity: quantity, exact: exact,
                isInference: type == .inference, mayTakeBack: sender == .secret)
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

    /// The quantity that an event was refused for, if it is a decimal of a track event that settles nothing.
    private static func exactQuantity(_ refusal: EventRefusal, of event: ScannedEvent) -> Decimal? {
        guard case .quantityNotInteger(let text) = refusal, event.kind == .track, event.reservationID == nil,
            event.leaseID == nil, let exact = Decimal(text), exact.scale <= PriceModel.maximumQuantityPlaces
        else { return nil }
        return exact
    }

    /// The whole units of a decimal.
    private func quantity(_ exact: Decimal, of event: ScannedEvent) throws(Refusal) -> Int64 {
        guard exact != .zero else { throw .invalid("quantity must not be 0") }
        guard !exact.isNegative || sender != .publishable else {
            throw .invalid("a negative quantity requires a secret API key")
        }
        guard let whole = MeterUnit.count(exact, places: 0), whole.magnitude <= 1_000_000_000_000_000 else {
            throw .invalid("quantity is out of range: \(exact)")
        }
        return whole
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
        guard event.hasTrustedClientClock || event.isBackfill else { return useTime }
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

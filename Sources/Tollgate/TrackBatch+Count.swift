internal import EventScanner
internal import Metering
internal import Model
internal import Store

extension TrackBatch {
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
            let state = try runtime.company(Identifier(ordinal: draft.company))
        else { return nil }
        guard let subscription = state.subscription, subscription.billedFrom <= draft.effective else {
            return try latenessAfterEnd(of: draft)
        }
        guard let period = subscription.period, draft.effective < period.start else { return nil }
        guard let billed = subscription.billedPeriods.first(where: { $0.period.contains(draft.effective) }) else {
            return .grace
        }
        return try engine.store.record(billed.invoiceID, in: runtime.id)?.status == .draft ? .grace : .correction
    }

    /// Of use in the time of a subscription that has ended: the closer is told when that was billed already.
    private func latenessAfterEnd(of draft: Draft) throws -> TrackAnswer.Late.Effect? {
        let companyID = Identifier<Company>(ordinal: draft.company)
        guard engine.memory.subscribed.contains(companyID),
            let company = try engine.store.record(companyID, in: runtime.id)
        else { return nil }
        for id in company.endedSubscriptionIDs.reversed() {
            guard let subscription = try engine.store.record(id, in: runtime.id) else { continue }
            guard let billed = subscription.period(billing: draft.effective) else { continue }
            if try engine.store.record(billed.invoiceID, in: runtime.id)?.status == .draft { return .grace }
            runtime.lateUse.insert(id)
            return .correction
        }
        return nil
    }
}

extension Subscription {
    /// Of a subscription that has ended: the period whose invoice bills use of an instant. Its last one may bill the
    /// very instant of the end too; then what began there does not.
    fileprivate func period(billing instant: Timestamp) -> BilledPeriod? {
        guard meteredFrom.map({ $0 <= instant }) ?? true else { return nil }
        if let billed = billedPeriods.first(where: { $0.period.contains(instant) }) { return billed }
        guard hasBilledItsEnd, let last = billedPeriods.last, let endedAt else { return nil }
        return last.period.end <= instant && instant <= endedAt ? last : nil
    }
}

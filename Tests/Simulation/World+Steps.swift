internal import Plain
internal import Tollgate

/// Carries out steps on the engine. A fault of the store is thrown; a refusal is an outcome.
extension World {
    func perform(_ step: Step) async throws -> Outcome {
        do {
            return try await carryOut(step)
        } catch is Refusal {
            switch step {
            case .consume: return .consumed(.refused)
            case .reserve, .settle: return .held(.refused)
            default: return .refused
            }
        } catch let failure as StoreFailure {
            guard mutant == .falseAcknowledgement, case .track(let uses) = step else { throw failure }
            var outcome = TrackOutcome()
            outcome.accepted = uses.count
            return .tracked(outcome)
        }
    }

    private func carryOut(_ step: Step) async throws -> Outcome {
        switch step {
        case .track(let uses): return .tracked(try await track(uses))
        case .volley(let batches): return .volleyed(try await volley(batches))
        case .consume(let request): return .consumed(.answered(try await consume(request)))
        case .rush(let request, let callers): return .allowed(try await rush(request, callers))
        case .reserve(let request): return .held(.answered(try await reserve(request)))
        case .settle(let hold, let quantity, let callers):
            return .held(.answered(try await settle(hold, quantity, callers)))
        case .upsertCompany(let keys, let zone):
            var upsert = UpsertCompany(keys: keys)
            upsert.timezone = zone.map { Self.zones[$0]! }
            try await run(upsert)
        case .upsertUser(let keys): try await run(UpsertUser(keys: keys))
        case .increment(let company, let trait, let quantity):
            let keys = try engine.read(environment) { try $0.get(Identifier<Model.Company>(number: company))!.keys }
            var set = SetTrait(entity: .company, keys: [keys[0].name: keys[0].value], trait: trait)
            set.increment = Int64(quantity)
            try await run(set)
        case .manage(let company, let wanted): try await manage(company, wanted)
        case .cancel(let company, let immediately, let isCredited):
            var cancel = CancelSubscription(companyID: Identifier(number: company))
            cancel.immediately = immediately
            cancel.prorate = isCredited && mutant != .lostCredit
            try await run(cancel)
        case .editTrial(let company, let end): try await editTrial(company, end)
        case .addOverride(let company, let terms, let expiresAt):
            var create = CreateCompanyOverride(
                companyID: Identifier(number: company), featureID: catalog.features[terms.feature].id,
                value: value(for: terms))
            create.expiresAt = expiresAt.map { Timestamp($0 + (mutant == .expiryOff ? 1 : 0)) }
            try await run(create)
        case .removeOverride(let number):
            try await run(DeleteCompanyOverride(overrideID: Identifier(number: number)))
        case .finalize(let invoice): try await run(FinalizeInvoice(invoiceID: Identifier(number: invoice)))
        case .void(let invoice): try await run(VoidInvoice(invoiceID: Identifier(number: invoice)))
        case .pay(let invoice, let amount, let key): try await pay(invoice, amount, key)
        case .giveUp(let invoice): try await run(MarkInvoiceUncollectible(invoiceID: Identifier(number: invoice)))
        case .credit(let invoice, let part): try await credit(invoice, part)
        case .tax(let company, let taxes): try await tax(company, taxes)
        case .grace(let seconds):
            var settings = UpdateBillingSettings()
            settings.invoiceGraceSeconds = Int64(seconds)
            try await run(settings)
        case .clock(let instant):
            let expired = mutant == .doubleReturn ? try expired(until: instant) : []
            try await setClock(instant)
            for hold in expired { try await giveBack(hold) }
        case .closeDue: try await engine.closeDue(in: environment)
        case .publish(let plan, let version): try await publish(version, of: plan)
        case .addFeature(let feature): try await add(feature)
        case .restart: try restart()
        case .verify:
            let report = try engine.verify()
            guard report.isClean else {
                throw UnexpectedProblem(description: report.differences.joined(separator: "; "))
            }
        }
        return .carriedOut
    }

    /// Zones that have had one offset since 2000, by it.
    static let zones = [
        0: "UTC", 330 * 60_000: "Asia/Kolkata", -420 * 60_000: "America/Phoenix", 840 * 60_000: "Pacific/Kiritimati",
    ]

    // MARK: - Use

    private func track(_ uses: [Use]) async throws -> TrackOutcome {
        let now = engine.now(in: environment).instant
        var events = uses.map { event($0, now) }
        if mutant != .deafSettlement, uses.contains(where: { $0.hold != nil }) {
            let holds = try durableHolds()
            for (place, use) in uses.enumerated() {
                guard let number = use.hold else { continue }
                events[place].reservationID = holds.indices.contains(number) ? holds[number].id : Self.noHold
            }
        }
        let isLosing = mutant == .lostCount && events.count > 1 && uses.last!.quantity > 0
        if isLosing { events.removeLast() }
        let answer =
            sendsJSON
            ? try await engine.track(json: json(events), in: environment)
            : try await engine.track(events, in: environment)
        var outcome = answer.outcome
        if isLosing { outcome.accepted += 1 }
        if mutant == .doubleCount, answer.accepted > 0 {
            events[0].idempotencyKey = nil
            events[0].reservationID = nil
            _ = try await engine.track([events[0]], in: environment)
        }
        return outcome
    }

    /// Each batch by a caller of its own, all at once.
    private func volley(_ batches: [[Use]]) async throws -> [TrackOutcome] {
        let (engine, environment, now) = (engine, environment, engine.now(in: environment).instant)
        return try await withThrowingTaskGroup(of: (Int, TrackOutcome).self) { group in
            for (place, uses) in batches.enumerated() {
                let events = uses.map { event($0, now) }
                group.addTask { (place, try await engine.track(events, in: environment).outcome) }
            }
            return try await group.reduce(into: [Int: TrackOutcome]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func event(_ use: Use, _ now: Instant) -> UsageEvent {
        var event = UsageEvent(
            company: use.company, event: use.event, quantity: Int64(use.quantity), idempotencyKey: mutated(use.key))
        event.user = use.user
        event.trustsSentAt = use.isTrusted
        event.isBackfill = use.isBackfill
        event.sentAt = use.sentAt.map { Timestamp($0) }
        if mutant == .boundaryOff, use.key == nil {
            let effective = use.isTimed ? use.sentAt ?? now : now
            guard effective % Calendar.hour == 0 else { return event }
            event.trustsSentAt = !use.isBackfill
            event.sentAt = Timestamp(effective - 1)
        }
        return event
    }

    func mutated(_ key: String?) -> String? {
        mutant == .forgetfulRestart && restarts > 0 ? key.map { "\($0) after \(restarts)" } : key
    }

    private func consume(_ request: Consumption) async throws -> ConsumeOutcome.Numbers {
        let answer = try await engine.consume(wire(request), in: environment)
        var numbers = ConsumeOutcome.Numbers(
            isAllowed: answer.allowed, usage: Int(answer.usage), allocation: answer.allocation.map { Int($0) },
            remaining: answer.remaining.map { Int($0) }, resetAt: answer.resetAt?.instant)
        if mutant == .limitOff, !numbers.isAllowed, numbers.remaining == request.quantity - 1 {
            let event = catalog.event(of: request.target)
            let taken = UsageEvent(company: request.company, event: event, quantity: Int64(request.quantity))
            _ = try await engine.track([taken], in: environment)
            (numbers.isAllowed, numbers.usage, numbers.remaining) = (true, numbers.usage + request.quantity, -1)
        }
        return numbers
    }

    func wire(_ request: Consumption) -> ConsumeRequest {
        var wire = ConsumeRequest(
            company: request.company, quantity: Int64(request.quantity), idempotencyKey: mutated(request.key))
        switch request.target {
        case .feature(let feature): wire.feature = catalog.features[feature].feature.key
        case .event(let event): wire.event = event
        }
        return wire
    }

    private func rush(_ request: Consumption, _ callers: Int) async throws -> Int {
        let (engine, environment, wire) = (engine, environment, wire(request))
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<callers {
                group.addTask { try await engine.consume(wire, in: environment).allowed }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }
}

extension TrackAnswer {
    fileprivate var outcome: TrackOutcome {
        var outcome = TrackOutcome()
        outcome.accepted = accepted
        outcome.duplicates = duplicates
        outcome.conflicts = conflicts
        outcome.rejected = rejected.map(\.index)
        outcome.late = Dictionary(uniqueKeysWithValues: late.map { ($0.index, $0.effect == .correction) })
        return outcome
    }
}

/// What neither the engine nor the model should say.
struct UnexpectedProblem: Error, CustomStringConvertible {
    let description: String
}

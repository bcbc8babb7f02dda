package import Plain

/// One thing that somebody does to Tollgate. Companies, plans, features and invoices are named by their numbers.
package enum Step: Sendable {
    case track([Use])
    /// Several batches at the same moment.
    case volley([[Use]])
    case consume(Consumption)
    /// Several callers consume at the same moment.
    case rush(Consumption, callers: Int)
    case reserve(Reservation)
    /// Commits so many units of a hold, or releases it. Several callers do the same at the same moment.
    case settle(hold: Int, quantity: Int?, callers: Int)
    case upsertCompany([String: String], zone: Int?)
    case upsertUser([String: String])
    case increment(company: Int, trait: String, by: Int)
    case manage(company: Int, PlanRequest)
    case cancel(company: Int, immediately: Bool, isCredited: Bool)
    /// Nil: the trial ends now.
    case editTrial(company: Int, end: Instant?)
    case addOverride(company: Int, Terms, expiresAt: Instant?)
    case removeOverride(Int)
    case finalize(Int)
    case void(Int)
    /// What remains of an invoice is collected elsewhere, or a part of it.
    case pay(Int, amount: Int?, key: String)
    case giveUp(Int)
    case credit(Int, CreditPart)
    case tax(company: Int, [Tax])
    case grace(seconds: Int)
    case clock(Instant)
    case closeDue
    case publish(plan: Int, Version)
    case addFeature(Plain.Feature)
    case restart
    case verify

    var name: String { String("\(self)".prefix { $0 != "(" }) }
}

/// What came of a step, as far as the model knows it.
package enum Outcome: Equatable, Sendable {
    case tracked(TrackOutcome)
    case volleyed([TrackOutcome])
    case consumed(ConsumeOutcome)
    case held(HoldOutcome)
    /// How many callers of a rush got what they asked for.
    case allowed(Int)
    case carriedOut
    case refused
}

/// What goes wrong with the disk during a step.
package enum Trouble: Equatable, Sendable {
    /// Where a commit breaks.
    package enum Place: Sendable {
        case beforeWriting, halfWritten, afterSync
    }

    /// Every commit of the step fails, and the process goes on.
    case failure(Place)
    /// A commit breaks, after so many that succeed; nothing is committed any more, and the process ends.
    case crash(Place, after: Int)

    var isCrash: Bool { if case .crash = self { true } else { false } }
}

/// A step, and what happens around it.
package struct Move: Sendable {
    package var step: Step
    package var trouble: Trouble?
    /// Checks are made all the while, by others.
    package var isWatched = false
    package var isJSON = false
}

extension PlainModel {
    /// What the step should do.
    package mutating func perform(_ step: Step) -> Outcome {
        func said(_ isCarriedOut: Bool) -> Outcome { isCarriedOut ? .carriedOut : .refused }
        switch step {
        case .track(let uses): return .tracked(track(uses))
        case .volley(let batches): return .volleyed(batches.map { track($0) })
        case .consume(let request): return .consumed(consume(request))
        case .rush(let request, let callers):
            var allowed = 0
            for _ in 0..<callers {
                guard case .answered(let numbers) = consume(request) else { return .refused }
                allowed += numbers.isAllowed ? 1 : 0
            }
            return .allowed(allowed)
        case .reserve(let request): return .held(reserve(request))
        case .settle(let hold, let quantity, _): return .held(settle(hold, quantity))
        case .upsertCompany(let keys, let zone): return said(upsertCompany(keys, zone: zone))
        case .upsertUser(let keys): return said(upsertUser(keys))
        case .increment(let company, let trait, let quantity): increment(trait, of: company, by: quantity)
        case .manage(let company, let wanted): return said(manage(company, wanted))
        case .cancel(let company, let immediately, let isCredited):
            return said(cancel(company, immediately: immediately, isCredited: isCredited))
        case .editTrial(let company, let end): return said(editTrial(company, end: end))
        case .addOverride(let company, let terms, let expiresAt):
            return said(addOverride(terms, expiresAt: expiresAt, to: company))
        case .removeOverride(let number): return said(removeOverride(number))
        case .finalize(let invoice): return said(finalizeNow(invoice))
        case .void(let invoice): return said(void(invoice))
        case .pay(let invoice, let amount, let key): return said(pay(invoice, amount: amount, key: key))
        case .giveUp(let invoice): return said(giveUp(invoice))
        case .credit(let invoice, let part): return said(credit(invoice, part))
        case .tax(let company, let taxes): setTaxes(taxes, of: company)
        case .grace(let seconds): setGrace(seconds * Calendar.second)
        case .clock(let instant): setClock(instant)
        case .closeDue: runDue(until: now)
        case .publish(let plan, let version): publish(version, of: plan)
        case .addFeature(let feature): addFeature(feature)
        case .restart: forget()
        case .verify: break
        }
        return .carriedOut
    }
}

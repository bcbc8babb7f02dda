internal import Basics
internal import Catalog
internal import Metering
package import Model
internal import Store

extension Engine {
    /// Commits so many units, or releases the hold when that is nil; durable when the answer may be told.
    package func beginSettling(
        _ id: Identifier<Hold>, committing quantity: Int64?, in environment: EnvironmentID
    ) throws -> Pending<HoldAnswer> {
        if let quantity, quantity < 0 { throw Refusal.invalid("quantity must be 0 or more, not \(quantity)") }
        try committer.admit()
        let runtime = try requireRuntime(environment)
        let ticket = CommitTicket()
        func settle(_ isAlone: Bool) throws -> HoldAnswer? {
            try settlements.alone(with: id) {
                guard let hold = try storedHold(id.ordinal, in: environment) else { throw Self.noHold(id) }
                if let settlement = hold.settlement {
                    guard settlement.committed == quantity else { throw Self.conflict(hold, settlement) }
                    committer.join(ticket)
                    return HoldAnswer(hold, settlement)
                }
                guard isAlone || !hold.changesTrait(by: quantity) else { return nil }
                return try self.settle(hold, committing: quantity, runtime, ticket)
            }
        }
        let beside = try committer.gate.shared { try settle(false) }
        guard let answer = try beside ?? committer.gate.exclusive({ try settle(true) }) else {
            preconditionFailure("nothing more can be asked for than to be alone")
        }
        guard quantity != nil, runtime.catalog.nouns.hasThresholds,
            let hold = try storedHold(id.ordinal, in: environment)
        else {
            return Pending(answer, ticket)
        }
        return Pending(
            answer, billThresholds(of: CollectionOfOne(hold.companyID.ordinal), runtime, after: ticket))
    }

    /// The newest state of a hold, whether or not that is durable.
    func storedHold(_ ordinal: UInt64, in environment: EnvironmentID) throws -> Hold? {
        try store.value(.hold(ordinal, in: environment))?.withUnsafeBytes { try Hold(packed: $0) }
    }

    /// Settles a hold that has not been settled, alone with it inside the gate.
    private func settle(
        _ hold: Hold, committing quantity: Int64?, _ runtime: EnvironmentRuntime, _ ticket: CommitTicket
    ) throws -> HoldAnswer {
        let now = now(in: runtime.id)
        if let quantity, quantity > hold.quantity {
            throw Refusal.conflict("quantity must be at most the \(hold.quantity) that are held, not \(quantity)")
        }
        let (company, limits) = try useLimits(of: hold, runtime, at: now)
        guard quantity == nil || company != nil else {
            throw Refusal.conflict("the company of hold \(hold.id) has been deleted: it can only be released")
        }
        var counted = countedUse(under: limits, quantity ?? 0, runtime.catalog)
        let useTime = useTime(now, in: runtime.id)
        switch try end(
            hold, counting: quantity, derived: &counted.derived, at: useTime, limits, runtime, now, ticket)
        {
        case .gone:
            throw Refusal.conflict("hold \(hold.id) expired at \(hold.expiresAt.rfc3339)")
        case .full:
            throw Refusal.conflict("the counter of this company and event is full: the hold can only be released")
        case .ended(let settled, let settlement, let start):
            if let start {
                counted.start = start
                enqueue(counted.block(in: runtime.id, at: now, useTime), nil)
            }
            return HoldAnswer(settled, settlement)
        }
    }

    // MARK: - By an event

    /// Ends the hold that an event names, if it is open and of the event's company and, unless it is of a trait, of the
    /// event's meter; inside the gate, and alone where a trait is changed. Otherwise the event is one like any other.
    ///
    /// Answers whether the quantity has been counted, which is open where the hold was not of the event's meter.
    func settle(
        _ ordinal: UInt64, by use: CounterShards.Use, derived: inout [DerivedUse], _ runtime: EnvironmentRuntime,
        at now: Timestamp
    ) throws -> CounterShards.Use.Outcome {
        try settlements.alone(with: Identifier(ordinal: ordinal)) {
            guard let hold = try storedHold(ordinal, in: runtime.id), hold.status(at: now) == .held,
                hold.companyID.ordinal == use.key.company,
                hold.isOfTrait || CounterKey(company: hold.companyID, target: hold.target) == use.key
            else { return .open }
            let limits = try useLimits(of: hold, runtime, at: now).limits
            do {
                let ending = try end(
                    hold, counting: use.quantity, derived: &derived, at: use.effective, limits, runtime, now, nil)
                switch ending {
                case .gone: return .open
                case .full: return .full
                case .ended(_, _, let start): return start.map { .counted($0) } ?? .open
                }
            } catch is Refusal {
                // The trait has become none that can be counted. The hold expires.
                return .open
            }
        }
    }

    // MARK: - Ending

    private enum Ending {
        case gone, full
        /// `start` is where the bucket begins that the quantity was counted in; nil when no counter counted any.
        case ended(Hold, HoldSettlement, start: Timestamp?)
    }

    /// Ends a hold that has not been settled, counts what was used of it, and journals the hold as that left it. The
    /// event is the caller's to journal: in the same pass of the gate, so in the same commit.
    ///
    /// - Parameters:
    ///   - quantity: nil releases the hold.
    ///   - derived: what the event adds to meters derived from that of its name.
    private func end(
        _ hold: Hold, counting quantity: Int64?, derived: inout [DerivedUse], at effective: Timestamp,
        _ limits: UseLimits, _ runtime: EnvironmentRuntime, _ now: Timestamp, _ ticket: CommitTicket?
    ) throws -> Ending {
        var used = limits.used
        var change: () throws -> Void = {}
        if case .trait(let trait) = hold.target, case .known(let units) = used, let quantity, quantity > 0 {
            let add = AddToTrait(companyID: hold.companyID, traitID: trait, quantity: quantity)
            let transaction = try attempt(add, in: runtime.id, at: now).transaction
            change = { try self.adopt(add, transaction, in: runtime.id, nil) }
            used = .known(units + quantity)
        }
        let settling = try counters.settle(
            hold, counting: quantity ?? 0, derived: &derived, at: effective, in: runtime.id, used: used, now: now,
            received: settled(now, in: runtime.id), beside: change)
        switch settling {
        case .gone: return .gone
        case .full: return .full
        case .settled(let usage, let held, let start):
            let verdict = limits.verdict(on: 0, usage: usage, held: held)
            let settlement = HoldSettlement(
                committed: quantity, usage: verdict.usage, reserved: held, allocation: verdict.allocation,
                remaining: verdict.remaining)
            var settled = hold
            settled.settlement = settlement
            record(settled, now, runtime.id, ticket)
            tally.withLock { $0.add(settlement) }
            return .ended(settled, settlement, start: start)
        }
    }

    private static func conflict(_ hold: Hold, _ settlement: HoldSettlement) -> Refusal {
        let end = settlement.committed.map { "committed with a quantity of \($0)" } ?? "released"
        return .conflict("hold \(hold.id) has been \(end)")
    }
}

extension Hold {
    var isOfTrait: Bool { if case .trait = target { true } else { false } }

    /// Whether its end is a command's to carry out, alone: the others count beside each other.
    func changesTrait(by quantity: Int64?) -> Bool { isOfTrait && (quantity ?? 0) > 0 }
}

/// Keeps those who settle one hold apart: one finds it held, the next finds what became of it.
final class SettlementLocks: Sendable {
    private static let stripeCount = 64
    /// A byte each: ThreadSanitizer takes the place of an empty value for that of its object.
    private let stripes: [Locked<UInt8>] = (0..<stripeCount).map { _ in Locked(0) }

    func alone<R>(with id: Identifier<Hold>, _ body: () throws -> R) throws -> R {
        let stripe = Int(truncatingIfNeeded: id.ordinal) & (Self.stripeCount - 1)
        return try stripes[stripe].withLock { _ in try body() }
    }
}

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
        let answer = try committer.gate.shared {
            try settlements.alone(with: id) {
                guard let bytes = try store.value(.hold(id.ordinal, in: environment)) else { throw Self.noHold(id) }
                let hold = try bytes.withUnsafeBytes { try Hold(packed: $0) }
                if let settlement = hold.settlement {
                    guard settlement.committed == quantity else { throw Self.conflict(hold, settlement) }
                    committer.join(ticket)
                    return HoldAnswer(hold, settlement)
                }
                return try settle(hold, committing: quantity, runtime, ticket)
            }
        }
        tally.withLock { $0.add(answer) }
        return Pending(answer, ticket)
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
        let settling = try counters.settle(
            hold, counting: quantity ?? 0, in: runtime.id, windows: limits.windows, at: now,
            received: settled(now, in: runtime.id))
        switch settling {
        case .gone:
            throw Refusal.conflict("hold \(hold.id) expired at \(hold.expiresAt.rfc3339)")
        case .full:
            throw Refusal.conflict("the counter of this company and event is full: the hold can only be released")
        case .settled(let usage, let held, let start):
            let verdict = limits.verdict(on: 0, usage: usage, held: held)
            let settlement = HoldSettlement(
                committed: quantity, usage: verdict.usage, reserved: held, allocation: verdict.allocation,
                remaining: verdict.remaining)
            var settled = hold
            settled.settlement = settlement
            if let quantity, let start {
                let use = CountedUse(key: limits.key, quantity: quantity, start: start, idempotencyKey: [])
                enqueue(use.block(in: runtime.id, at: now), nil)
            }
            // The same pass of the gate, so the same commit.
            record(settled, now, runtime.id, ticket)
            return HoldAnswer(settled, settlement)
        }
    }

    private static func conflict(_ hold: Hold, _ settlement: HoldSettlement) -> Refusal {
        let end = settlement.committed.map { "committed with a quantity of \($0)" } ?? "released"
        return .conflict("hold \(hold.id) has been \(end)")
    }
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

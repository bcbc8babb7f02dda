package import Basics
package import Model
package import Store

/// Remembers that late use of subscriptions that have ended has come, and makes its billing due when the grace is over:
/// what comes until then is billed together.
///
/// Where this is never said, because the process ended or a write failed first, the last look finds it: 35 days after
/// the end.
package struct NoteLateUse: Command {
    package static let name = "note_late_use"

    package let subscriptionIDs: [Identifier<Subscription>]

    package init(subscriptionIDs: [Identifier<Subscription>]) {
        self.subscriptionIDs = subscriptionIDs
    }

    package func apply(_ transaction: Transaction) throws {
        let grace = try transaction.environment().billing.invoiceGraceSeconds
        for id in subscriptionIDs {
            guard var subscription = try transaction.get(id), subscription.status == .canceled,
                subscription.correctsAt == nil
            else { continue }
            let due = transaction.now + .seconds(grace)
            subscription.correctsAt = due
            try transaction.put(subscription)
            subscription.scheduleCorrections(at: due, transaction)
        }
    }
}

/// Bills late use of subscriptions that have ended, each on a correction invoice of its own; nothing where no line
/// comes to anything.
package struct CorrectEnded: Command {
    package static let name = "correct_ended"

    package let subscriptionIDs: [Identifier<Subscription>]

    package init(subscriptionIDs: [Identifier<Subscription>]) {
        self.subscriptionIDs = subscriptionIDs
    }

    /// How many invoices were made.
    package func apply(_ transaction: Transaction) throws -> Int {
        try subscriptionIDs.count { try correct($0, transaction) }
    }

    private func correct(_ subscriptionID: Identifier<Subscription>, _ transaction: Transaction) throws -> Bool {
        transaction.unschedule(DueItem(at: transaction.now, task: .correctEnded, ordinal: subscriptionID.ordinal))
        guard var subscription = try transaction.get(subscriptionID), subscription.status == .canceled,
            let end = subscription.endedAt, try transaction.get(subscription.companyID) != nil
        else { return false }
        subscription.correctsAt = nil
        let billed = subscription.billedPeriods
        let lines = try subscription.correctionLines(transaction)
        let isWorthIt = lines.contains { $0.amount != 0 }
        if isWorthIt {
            let start = lines.map(\.period.start).min() ?? end
            _ = try subscription.issue(
                lines, for: Period(start: min(start, end), end: end), .now(transaction), transaction)
        } else {
            // Nothing has said that this use is billed; it waits for some that costs something.
            subscription.billedPeriods = billed
        }
        subscription.forgetOldPeriods(transaction.now)
        subscription.updatedAt = transaction.now
        try transaction.put(subscription)
        return isWorthIt
    }
}

extension Subscription {
    /// An appointment to bill what came late after the end.
    func scheduleCorrections(at instant: Timestamp, _ transaction: Transaction) {
        transaction.schedule(DueItem(at: instant, task: .correctEnded, ordinal: id.ordinal))
    }
}

package import Model
package import Store

/// The meters of an environment while a command adds to them: one for each event name that is counted.
package struct Meters {
    private let transaction: Transaction
    private var byEvent: [String: Meter]

    package init(_ transaction: Transaction) throws {
        self.transaction = transaction
        byEvent = Dictionary(try transaction.all(Meter.self).map { ($0.eventSubtype, $0) }) { first, _ in
            preconditionFailure("two meters count the event \(first.eventSubtype)")
        }
    }

    /// The meter of an event name, made when there is none.
    package mutating func ensure(_ eventSubtype: String) throws -> Meter {
        if let meter = byEvent[eventSubtype] { return meter }
        try eventSubtype.check(as: "an event name")
        guard byEvent.count < Limits.meters else {
            throw Refusal.conflict(
                "the environment counts \(byEvent.count) event names, and no more are allowed: "
                    + "\"\(eventSubtype)\" would be one more")
        }
        let meter = Meter(id: transaction.newID(), eventSubtype: eventSubtype)
        try transaction.put(meter)
        byEvent[eventSubtype] = meter
        return meter
    }

    package static func ensure(_ transaction: Transaction, eventSubtype: String) throws -> Meter {
        var meters = try Meters(transaction)
        return try meters.ensure(eventSubtype)
    }
}

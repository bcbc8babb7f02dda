internal import Basics
package import Model
package import Store

/// The meters of an environment while a command adds to them: one for each event name that is counted, and those that
/// are derived from it.
package struct Meters {
    private let transaction: Transaction
    private var byEvent: [String: Meter] = [:]
    /// Those in use.
    private var derived: [Meter] = []

    package init(_ transaction: Transaction) throws {
        self.transaction = transaction
        for meter in try transaction.all(Meter.self) where meter.isRetired != true {
            if meter.measure != nil {
                derived.append(meter)
            } else {
                let former = byEvent.updateValue(meter, forKey: meter.eventSubtype)
                precondition(former == nil, "two meters count the event \(meter.eventSubtype)")
            }
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

    /// The meter of a measure of the event, made when there is none; it counts from now on.
    static func ensure(_ transaction: Transaction, eventSubtype: String, _ measure: Measure?) throws -> Meter {
        var meters = try Meters(transaction)
        let plain = try meters.ensure(eventSubtype)
        guard let measure else { return plain }
        let siblings = meters.derived.filter { $0.eventSubtype == eventSubtype }
        if let known = siblings.first(where: { $0.measure == measure }) { return known }
        guard siblings.count < Limits.derivedMetersOfEvent else {
            throw Refusal.conflict(
                "features measure the event \"\(eventSubtype)\" in \(siblings.count) ways, and no more are allowed")
        }
        let id: Identifier<Meter> = transaction.newID()
        let meter = Meter(ordinal: id.ordinal, eventSubtype: eventSubtype, measure: measure)
        try transaction.put(meter)
        return meter
    }

    /// Ends the counting of a derived meter that no feature is metered by any more. What it has counted stays.
    static func retire(_ id: Identifier<Meter>?, _ transaction: Transaction) throws {
        guard let id, var meter = try transaction.get(id), meter.measure != nil,
            try !transaction.all(Feature.self).contains(where: { $0.meterID == id || $0.eventsMeterID == id })
        else { return }
        meter.isRetired = true
        try transaction.put(meter)
    }
}

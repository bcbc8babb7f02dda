import Foundation
import Model
import Tollgate

/// Events and what features measure of them, said as plainly as possible: every question looks at every event.
struct MeasureModel {
    struct Event {
        let company: String
        let effective: Int64
        let isBackfill: Bool
        let quantity: Int64
        /// JSON texts, by name.
        let traits: [String: String]
    }

    /// In the order of their acceptance.
    var events: [Event] = []

    /// What a measure comes to between two instants; billed: without what was backfilled.
    func value(
        _ measure: Measure, of company: String, from start: Int64 = .min, to end: Int64 = .max, billed: Bool = false
    ) -> Int64 {
        let events = events.filter { event in
            event.company == company && start <= event.effective && event.effective < end
                && !(billed && event.isBackfill) && measure.filters.allSatisfy { Self.holds($0, event.traits) }
        }
        func number(_ event: Event) -> Int64? {
            guard let trait = measure.valueTrait else { return event.quantity }
            return event.traits[trait].flatMap { Int64($0) }
        }
        let uses = events.filter { $0.quantity > 0 }
        switch measure.aggregation {
        case .sum: return events.compactMap(number).reduce(0, +)
        case .count: return events.reduce(0) { $0 + $1.quantity.signum() }
        case .max: return uses.compactMap(number).max() ?? 0
        case .latest:
            var latest: (at: Int64, value: Int64) = (.min, 0)
            for event in uses where event.effective >= latest.at {
                if let value = number(event) { latest = (event.effective, value) }
            }
            return latest.value
        case .uniqueCount:
            let values = uses.compactMap { $0.traits[measure.uniqueTrait!] }.filter { $0 != "null" && $0.first != "[" }
            return Int64(Set(values.map { $0.trimmingCharacters(in: ["\""]) }).count)
        }
    }

    private static func holds(_ filter: TraitFilter, _ traits: [String: String]) -> Bool {
        guard let trait = traits[filter.trait], trait != "null" else { return filter.operator == .ne }
        let wanted = filter.values.map { value in
            if case .string(let text) = value { "\"\(text)\"" } else { value.text }
        }
        let (left, right) = (Double(trait), Double(wanted[0]))
        guard filter.operator == .eq || filter.operator == .ne || filter.operator == .isIn else {
            guard let left, let right else { return false }
            return switch filter.operator {
            case .gt: left > right
            case .gte: left >= right
            case .lt: left < right
            default: left <= right
            }
        }
        return wanted.contains(trait) == (filter.operator != .ne)
    }
}

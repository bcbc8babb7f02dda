internal import Basics
internal import Model

/// The open holds of one shard's counters, beside them and under the same lock.
struct Holds {
    private var counters: [CounterKey: HeldUnits] = [:]

    /// The units held at an instant.
    ///
    /// For whoever only looks: nothing is dropped, as the instant may be that of a clock whose setting is taken back.
    func units(of key: CounterKey, at now: Timestamp) -> Int64 {
        counters.isEmpty ? 0 : counters[key]?.units(at: now) ?? 0
    }

    func nextExpiry(of key: CounterKey, after now: Timestamp) -> Timestamp? {
        counters.isEmpty ? nil : counters[key]?.nextExpiry(after: now)
    }

    /// Drops what has expired. Answers the units that are held.
    mutating func expire(_ key: CounterKey, at now: Timestamp) -> Int64 {
        if counters.isEmpty { return 0 }
        guard let held = counters[key]?.expire(at: now) else { return 0 }
        if held == 0 { counters[key] = nil }
        return held
    }

    /// Whether the hold has been neither settled nor dropped.
    func contains(_ hold: Hold) -> Bool {
        counters[CounterKey(hold)]?.contains(hold) ?? false
    }

    mutating func insert(_ hold: Hold) {
        counters[CounterKey(hold), default: HeldUnits()].insert(hold)
    }

    /// Takes back a hold that is there.
    mutating func remove(_ hold: Hold) {
        let key = CounterKey(hold)
        counters[key]?.remove(hold)
        if counters[key]?.sum == 0 { counters[key] = nil }
    }
}

extension CounterKey {
    init(_ hold: Hold) {
        self.init(company: hold.companyID, target: hold.target)
    }
}

/// The open holds of one counter, in the order in which they expire: most are made in it, and they go in it.
struct HeldUnits {
    /// Sums stay within it, so that a sum of what is held and what is wanted cannot overflow.
    static let limit: Int64 = 1 << 62

    private struct Place: Comparable {
        let expiresAt: Timestamp
        let hold: UInt64

        init(_ hold: Hold) {
            expiresAt = hold.expiresAt
            self.hold = hold.id.ordinal
        }

        static func < (left: Place, right: Place) -> Bool {
            (left.expiresAt, left.hold) < (right.expiresAt, right.hold)
        }
    }

    /// Quantities are 0 once settled. Those before `first` have expired.
    private var open: ContiguousArray<(place: Place, quantity: Int64)> = []
    private var first = 0
    /// How many are settled or expired, and still in the list.
    private var gone = 0
    private(set) var sum: Int64 = 0

    func units(at now: Timestamp) -> Int64 {
        var units = sum
        for hold in open[first...] {
            guard hold.place.expiresAt <= now else { break }
            units -= hold.quantity
        }
        return units
    }

    func nextExpiry(after now: Timestamp) -> Timestamp? {
        open[first...].first { now < $0.place.expiresAt && $0.quantity != 0 }?.place.expiresAt
    }

    mutating func expire(at now: Timestamp) -> Int64 {
        while first < open.count, open[first].place.expiresAt <= now {
            if open[first].quantity != 0 { gone += 1 }
            sum -= open[first].quantity
            open[first].quantity = 0
            first += 1
        }
        sweep()
        return sum
    }

    func contains(_ hold: Hold) -> Bool {
        let index = index(of: Place(hold))
        return index < open.count && open[index].place == Place(hold) && open[index].quantity != 0
    }

    mutating func insert(_ hold: Hold) {
        open.insert((Place(hold), hold.quantity), at: index(of: Place(hold)))
        sum += hold.quantity
    }

    mutating func remove(_ hold: Hold) {
        let index = index(of: Place(hold))
        sum -= open[index].quantity
        open[index].quantity = 0
        gone += 1
        sweep()
    }

    /// The first one that does not stand before the place.
    private func index(of place: Place) -> Int {
        var (low, high) = (first, open.count)
        while low < high {
            let middle = (low + high) / 2
            if open[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Forgets what is gone, when that is most of the list: so each hold costs its share of one sweep.
    private mutating func sweep() {
        guard gone > open.count / 2 else { return }
        open.removeAll { $0.quantity == 0 }
        (first, gone) = (0, 0)
    }
}

package import Basics
package import Model

/// What became of a hold that was to be settled.
package enum Settling {
    /// It is not open any more: it has expired.
    case gone
    /// The counter's volume is used up: it is held as before.
    case full
    /// `start` is where the bucket begins that the quantity was counted in; nil when it was counted in none. `usage`
    /// and `held` are what is used and held now.
    case settled(usage: [Int64], held: Int64, start: Timestamp?)
}

extension CounterShards {
    /// What is used, what is not yet committed included, and what is held beside it.
    package func reading(
        of key: CounterKey, used: UsedUnits, at now: Timestamp
    ) throws -> (usage: [Int64], held: Int64) {
        try withShard(of: key.company) { shard in
            (try sums(of: used, key, &shard), shard.holds.units(of: key, at: now))
        }
    }

    /// What is held, by itself.
    package func unitsHeld(of key: CounterKey, at now: Timestamp) -> Int64 {
        withShard(of: key.company) { $0.holds.units(of: key, at: now) }
    }

    /// Decides on a quantity by what is used and held and, if it is allowed and a counter counts it, counts it at
    /// `now`: one step under one lock, inside the gate.
    ///
    /// `start` is where the bucket begins that it was counted in. Not taken is what was not allowed, and what a counter
    /// has no volume left for. `usage` and `held` are what the decision saw.
    ///
    /// - Parameters:
    ///   - event: the counter of the event's name, which every event is counted in.
    ///   - derived: what the event adds to meters derived from that one.
    package func consume(
        _ quantity: Int64, from key: CounterKey, of event: CounterKey, derived: inout [DerivedUse],
        in environment: EnvironmentID, used: UsedUnits, at now: Timestamp, received: Timestamp,
        if isAllowed: ([Int64], Int64) -> Bool
    ) throws -> (usage: [Int64], held: Int64, isTaken: Bool, start: Timestamp?) {
        defer { watch.note(key.company) }
        return try withShard(of: key.company) { shard in
            let usage = try sums(of: used, key, &shard)
            let held = shard.holds.expire(key, at: now)
            guard isAllowed(usage, held) else { return (usage, held, false, nil) }
            guard case .counted = used else { return (usage, held, true, nil) }
            let start = try count(quantity, of: event, &derived, environment, now, received, &shard)
            return (usage, held, start != nil, start)
        }
    }

    private func sums(of used: UsedUnits, _ key: CounterKey, _ shard: inout Shard) throws -> [Int64] {
        switch used {
        case .known(let units): return [units]
        case .counted(let windows):
            let position = shard.table.position(of: key)
            return try windows.map { MeterUnit.begun(try sum(of: $0, at: position, &shard), ofMeter: key.meter) }
        }
    }

    /// When the next of the counter's holds expires after an instant; nil when nothing is held then.
    package func nextExpiry(of key: CounterKey, after now: Timestamp) -> Timestamp? {
        withShard(of: key.company) { $0.holds.nextExpiry(of: key, after: now) }
    }

    /// Decides on a hold by what is used and what else is held, and, when it is allowed, holds it: one step under one
    /// lock, inside the gate. `usage` and `held` are what the decision saw.
    package func reserve(
        _ hold: Hold, used: UsedUnits, at now: Timestamp, if isAllowed: ([Int64], Int64) -> Bool
    ) throws -> (usage: [Int64], held: Int64, isHeld: Bool) {
        let key = CounterKey(hold)
        defer { watch.note(key.company) }
        return try withShard(of: key.company) { shard in
            let usage = try sums(of: used, key, &shard)
            let held = shard.holds.expire(key, at: now)
            guard isAllowed(usage, held), hold.quantity <= HeldUnits.limit - held else { return (usage, held, false) }
            shard.holds.insert(hold)
            return (usage, held, true)
        }
    }

    /// Ends a hold that is open at `now` and counts a quantity, where a counter counts it: one step under one lock,
    /// inside the gate, so that nobody sees its units neither held nor used, or both.
    ///
    /// - Parameters:
    ///   - used: with the quantity where that is known from elsewhere.
    ///   - change: what counts it elsewhere; it may touch memory only, and no counters.
    package func settle(
        _ hold: Hold, counting quantity: Int64, derived: inout [DerivedUse], at effective: Timestamp,
        in environment: EnvironmentID, used: UsedUnits, now: Timestamp, received: Timestamp,
        beside change: () throws -> Void = {}
    ) throws -> Settling {
        let key = CounterKey(hold)
        defer { watch.note(key.company) }
        return try withShard(of: key.company) { shard in
            _ = shard.holds.expire(key, at: now)
            guard shard.holds.contains(hold) else { return .gone }
            var usage = try sums(of: used, key, &shard)
            var start: Timestamp?
            if case .counted(let windows) = used, quantity > 0 {
                start = try count(quantity, of: key, &derived, environment, effective, received, &shard)
                guard start != nil else { return .full }
                usage = zip(usage, windows).map { $1.contains(effective) ? $0 + quantity : $0 }
            }
            try change()
            shard.holds.remove(hold)
            return .settled(usage: usage, held: shard.holds.units(of: key, at: now), start: start)
        }
    }
}

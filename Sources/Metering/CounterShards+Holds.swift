package import Basics
package import Model

/// What became of a hold that was to be settled.
package enum Settling {
    /// It is not open any more: it has expired.
    case gone
    /// The counter's volume is used up: it is held as before.
    case full
    /// `start` is where the bucket begins that its units were counted in; nil when there were none. `usage` and `held`
    /// are what is used and held now.
    case settled(usage: [Int64], held: Int64, start: Timestamp?)
}

extension CounterShards {
    /// The present sums of some windows, what is not yet committed included, and what is held beside them.
    package func reading(
        of key: CounterKey, in windows: [UsageWindow], at now: Timestamp
    ) throws -> (usage: [Int64], held: Int64) {
        try withShard(of: key.company) { shard in
            let position = shard.table.position(of: key)
            return (try windows.map { try sum(of: $0, at: position, &shard) }, shard.holds.units(of: key, at: now))
        }
    }

    /// Decides on a hold by the present sums of some windows and what else is held, and, when it is allowed, holds it:
    /// one step under one lock, inside the gate. `usage` and `held` are what the decision saw.
    package func reserve(
        _ hold: Hold, windows: [UsageWindow], at now: Timestamp, if isAllowed: ([Int64], Int64) -> Bool
    ) throws -> (usage: [Int64], held: Int64, isHeld: Bool) {
        let key = CounterKey(hold)
        return try withShard(of: key.company) { shard in
            let position = shard.table.position(of: key)
            let usage = try windows.map { try sum(of: $0, at: position, &shard) }
            let held = shard.holds.expire(key, at: now)
            guard isAllowed(usage, held), hold.quantity <= HeldUnits.limit - held else { return (usage, held, false) }
            shard.holds.insert(hold)
            return (usage, held, true)
        }
    }

    /// Ends a hold that is open at `now` and counts a part of its units: one step under one lock, inside the gate, so
    /// that nobody sees them neither held nor used.
    package func settle(
        _ hold: Hold, counting quantity: Int64, in environment: EnvironmentID, windows: [UsageWindow],
        at now: Timestamp, received: Timestamp
    ) throws -> Settling {
        let key = CounterKey(hold)
        return try withShard(of: key.company) { shard in
            _ = shard.holds.expire(key, at: now)
            guard shard.holds.contains(hold) else { return .gone }
            let position = shard.table.position(of: key)
            var usage = try windows.map { try sum(of: $0, at: position, &shard) }
            var start: Timestamp?
            if quantity > 0 {
                start = try add(quantity, at: position, environment, now, received, &shard)
                guard start != nil else { return .full }
                // Every window contains this instant.
                usage = usage.map { $0 + quantity }
            }
            shard.holds.remove(hold)
            return .settled(usage: usage, held: shard.holds.units(of: key, at: now), start: start)
        }
    }
}

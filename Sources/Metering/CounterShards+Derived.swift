package import Basics
package import Model
internal import Store
internal import Synchronization

extension CounterKey {
    var kind: MeterKind { MeterKind(ofMeter: meter) }
}

extension CounterShards {
    /// Counts an event; nil when one of its counters is full.
    func count(
        _ quantity: Int64, of key: CounterKey, _ derived: inout [DerivedUse], _ environment: EnvironmentID,
        _ effective: Timestamp, _ received: Timestamp, _ shard: inout Shard
    ) throws -> Timestamp? {
        guard try hasRoom(for: derived[...], beside: key, &shard),
            let start = try add(
                quantity, at: shard.table.position(of: key), environment, effective, received, &shard)
        else { return nil }
        add(&derived, derived.indices, of: key.company, effective, start, false, &shard)
        return start
    }

    /// Whether the sums of derived meters have room for what an event adds to them.
    func hasRoom(
        for uses: ArraySlice<DerivedUse>, beside key: CounterKey, _ shard: inout Shard
    ) throws -> Bool {
        try uses.allSatisfy { use in
            guard use.kind == .additive else { return true }
            let position = shard.table.position(of: CounterKey(company: key.company, meter: use.meter))
            if shard.table[position].hasRoom(for: use.value) { return true }
            if !shard.table[position].isLoaded { try load(position, &shard) }
            return shard.table[position].hasRoom(for: use.value)
        }
    }

    /// Adds what an event adds to derived meters, for which there is room, to the bucket that it was counted in.
    func add(
        _ uses: inout [DerivedUse], _ indices: Range<Int>, of company: UInt64, _ effective: Timestamp,
        _ start: Timestamp, _ isBackfill: Bool, _ shard: inout Shard
    ) {
        for index in indices {
            switch uses[index].kind {
            case .additive:
                let key = CounterKey(company: company, meter: uses[index].meter)
                shard.add(uses[index].value, to: key, effective: effective, start: start)
                if isBackfill { shard.add(uses[index].value, to: key.backfill, effective: effective, start: start) }
                continue
            case .latest where uses[index].token == 0, .each where uses[index].token == 0:
                uses[index].token = UInt128(shard.nextOrder())
            case .latest, .greatest, .unique, .each: break
            }
            shard.add(uses[index], of: company, at: effective, start, isBackfill) { key, token, from, to in
                try store.snapshot().hasSample(
                    company: key.company, meter: key.meter, token: token, from: from, to: to)
            }
            newSamples.wrappingAdd(1, ordering: .relaxed)
        }
    }

    // MARK: - Samples

    /// What a meter that keeps samples comes to in a window, what is not yet committed included; remembered.
    func sampled(_ key: CounterKey, in window: UsageWindow, _ shard: inout Shard) throws -> Int64 {
        let start = window.start ?? Timestamp(milliseconds: .min)
        let end = window.end ?? Timestamp(milliseconds: .max)
        if let whole = shard.sampled[key].whole(from: start, to: end) { return whole.value(key.kind) }
        let whole = try whole(of: key, from: start, to: end, billed: false, shard, store.snapshot())
        shard.sampled[key].remember(whole, from: start, to: end)
        return whole.value(key.kind)
    }

    /// What a meter comes to in each of some periods, backfill included.
    package func values(of key: CounterKey, in periods: [Period]) throws -> [Int64] {
        try withShard(of: key.company) { shard in
            let snapshot = try store.snapshot()
            return try periods.map { period in
                try whole(of: key, from: period.start, to: period.end, billed: false, shard, snapshot).value(key.kind)
            }
        }
    }

    /// What each event of a period added that is billed, in the order of their times, and of their counting where they
    /// have the same. Of a meter that keeps each.
    package func quantities(
        company: Identifier<Company>, of meter: Identifier<Meter>, in period: Period
    ) throws -> [Int64] {
        let key = CounterKey(company: company, meter: meter)
        precondition(key.kind == .each, "meter \(meter) does not keep what each event added")
        return try withShard(of: key.company) { shard in
            var samples: [UInt128: Sample] = [:]
            try forEachSample(
                of: key, from: period.start, to: period.end, billed: true, shard, store.snapshot()
            ) { samples[$0.token] = $1 }
            return samples.values.sorted().map(\.value)
        }
    }

    /// What is kept between two instants, in the store and in memory. What stands in both counts once.
    ///
    /// - Parameter billed: without what was backfilled.
    func whole(
        of key: CounterKey, from start: Timestamp, to end: Timestamp, billed: Bool, _ shard: Shard, _ snapshot: Snapshot
    ) throws -> SampledCounter.Whole {
        var whole = SampledCounter.Whole()
        if key.kind != .unique {
            try forEachSample(of: key, from: start, to: end, billed: billed, shard, snapshot) { whole.take($1) }
            return whole
        }
        var parts: UInt128 = 1
        var part: UInt128 = 0
        while part < parts {
            var values: Set<UInt128> = []
            try forEachSample(of: key, from: start, to: end, billed: billed, shard, snapshot) { place, _ in
                if values.count <= setLimit, place.token % parts == part { values.insert(place.token) }
            }
            if values.count > setLimit {
                (parts, part, whole) = (parts * 16, 0, SampledCounter.Whole())
            } else {
                whole.take(values.count)
                part += 1
            }
        }
        return whole
    }
}

extension CounterShards {
    /// Visits what is kept between two instants. What stands in the store and in memory is visited twice.
    private func forEachSample(
        of key: CounterKey, from start: Timestamp, to end: Timestamp, billed: Bool, _ shard: Shard,
        _ snapshot: Snapshot, _ body: (SamplePlace, Sample) -> Void
    ) throws {
        try snapshot.samples(company: key.company, meter: key.meter, from: start, to: end) { place, sample in
            if !billed || !place.isBackfill { body(place, sample) }
        }
        shard.sampled[key].forEachGain { place, gain in
            guard start <= place.start, place.start < end, !billed || !place.isBackfill else { return }
            body(place, gain.sample)
        }
    }
}

extension MeterKind {
    /// Whether its samples are told apart by more than their bucket.
    var hasTokens: Bool { self == .unique || self == .each }
}

extension CounterShards.Shard {
    /// Keeps what an event adds to a meter of samples.
    ///
    /// - Parameter isStored: whether the store has a value in some time; without it no window is remembered.
    mutating func add(
        _ use: DerivedUse, of company: UInt64, at effective: Timestamp, _ start: Timestamp, _ isBackfill: Bool,
        isStored: (CounterKey, UInt128, Timestamp, Timestamp) throws -> Bool = { _, _, _, _ in false }
    ) {
        let key = CounterKey(company: company, meter: use.meter)
        let sample: Sample
        switch use.kind {
        case .additive: preconditionFailure("sums are kept in counters")
        case .unique: sample = .nothing
        case .greatest:
            sample = Sample(rank: UInt64(bitPattern: use.value) ^ 1 << 63, order: 0, value: use.value)
        case .latest, .each:
            sample = Sample(
                rank: effective.ordered, order: UInt64(truncatingIfNeeded: use.token), value: use.value)
        }
        let place = SamplePlace(start: start, isBackfill: isBackfill, token: use.kind.hasTokens ? use.token : 0)
        sampled[key].add(sample, at: place, use.kind, generation: generation) { try isStored(key, $0, $1, $2) }
    }

    /// The next number in the order of counting.
    mutating func nextOrder() -> UInt64 {
        order += 1
        return order
    }
}

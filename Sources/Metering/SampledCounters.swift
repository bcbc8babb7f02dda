internal import Basics
internal import Model
internal import Store

/// One shard's use of the meters that keep samples in place of sums.
struct SampledCounters {
    /// Counters kept in memory after a fold; beyond that, those at rest are dropped.
    private static let residentLimit = 1 << 12

    private var counters: [CounterKey: SampledCounter] = [:]

    subscript(key: CounterKey) -> SampledCounter {
        get { counters[key] ?? SampledCounter() }
        _modify { yield &counters[key, default: SampledCounter()] }
    }

    /// Visits what the fold of this generation takes.
    func forEachGain(in generation: UInt64, _ body: (CounterKey, SamplePlace, Sample) -> Void) {
        for (key, counter) in counters {
            counter.forEachGain { place, gain in
                if gain.generation == generation { body(key, place, gain.sample) }
            }
        }
    }

    mutating func folded(_ generation: UInt64) {
        for key in counters.keys { counters[key]!.folded(generation) }
        if counters.count > Self.residentLimit { counters = counters.filter { $0.value.hasGains } }
    }
}

/// The samples of one company and meter, as far as memory holds them: those in no fold yet, and what some windows come
/// to.
struct SampledCounter {
    struct Gain {
        /// The fold that takes it.
        let generation: UInt64
        var sample: Sample
    }

    /// What a window comes to.
    struct Whole {
        /// The greatest sample.
        private(set) var best: Sample?
        /// How many different values.
        private(set) var count: Int64 = 0

        mutating func take(_ sample: Sample) {
            best = best.map { max($0, sample) } ?? sample
            count += 1
        }

        /// How often a value stands here that is kept once.
        mutating func take(_ values: Int) { count += Int64(values) }

        func value(_ kind: MeterKind) -> Int64 { kind == .unique ? count : best?.value ?? 0 }
    }

    private struct Window {
        let start: Timestamp
        let end: Timestamp
        var whole: Whole

        func contains(_ instant: Timestamp) -> Bool { start <= instant && instant < end }
    }

    /// By token, where values are told apart, and by bucket where they are not: so the gains under one key are few.
    private var gains: [UInt128: [(place: SamplePlace, gain: Gain)]] = [:]
    private var windows: [Window] = []

    var hasGains: Bool { !gains.isEmpty }

    func forEachGain(_ body: (SamplePlace, Gain) -> Void) {
        for gains in gains.values {
            for (place, gain) in gains { body(place, gain) }
        }
    }

    mutating func folded(_ generation: UInt64) {
        for key in gains.keys {
            gains[key]!.removeAll { $0.gain.generation <= generation }
            if gains[key]!.isEmpty { gains[key] = nil }
        }
    }

    /// Whether memory has the token in a bucket that begins in `[start, end)`.
    private func holds(_ token: UInt128, from start: Timestamp, to end: Timestamp) -> Bool {
        gains[token]?.contains { start <= $0.place.start && $0.place.start < end } ?? false
    }

    /// Keeps a sample.
    ///
    /// - Parameter isStored: whether the store has a token between two instants. What it throws costs a reading of the
    ///   windows, no more.
    mutating func add(
        _ sample: Sample, at place: SamplePlace, _ kind: MeterKind, generation: UInt64,
        isStored: (UInt128, Timestamp, Timestamp) throws -> Bool
    ) {
        do {
            for index in windows.indices where windows[index].contains(place.start) {
                let (start, end) = (windows[index].start, windows[index].end)
                if kind == .unique, holds(place.token, from: start, to: end) { continue }
                if kind == .unique, try isStored(place.token, start, end) { continue }
                windows[index].whole.take(sample)
            }
        } catch {
            windows = []
        }
        let key = kind.hasTokens ? place.token : UInt128(place.start.ordered)
        let index = gains[key]?.firstIndex { $0.place == place && $0.gain.generation == generation }
        if let index {
            gains[key]![index].gain.sample = max(gains[key]![index].gain.sample, sample)
        } else {
            gains[key, default: []].append((place, Gain(generation: generation, sample: sample)))
        }
    }

    /// What a window comes to, if that is remembered.
    func whole(from start: Timestamp, to end: Timestamp) -> Whole? {
        windows.first { $0.start == start && $0.end == end }?.whole
    }

    /// Remembers what a window comes to. At most four; the one that ended first makes room.
    mutating func remember(_ whole: Whole, from start: Timestamp, to end: Timestamp) {
        if windows.count == 4 { windows.remove(at: windows.indices.min { windows[$0].end < windows[$1].end }!) }
        windows.append(Window(start: start, end: end, whole: whole))
    }
}

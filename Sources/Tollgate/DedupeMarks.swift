internal import Basics
internal import Metering
internal import Model
internal import Store

/// The first journal sequence of each hour of each environment's clock: where reading starts to refill a dedupe window.
final class DedupeMarks: Sendable {
    private let store: Store
    private let newest = Locked<[EnvironmentID: Int64]>([:])

    init(_ store: Store) {
        self.store = store
    }

    /// The mark that a block of events needs, when it is the first of its hour. Called inside the gate.
    ///
    /// An hour that has a mark keeps it: after a restart the first block of the same hour must not take its place.
    func mark(_ block: EncodedEntry, _ sequence: UInt64) -> (StoreKey, [UInt8])? {
        let hour = block.at.milliseconds / 3_600_000 * 3_600_000
        let isFirst = newest.withLock { newest in
            guard newest[block.environment, default: .min] < hour else { return false }
            newest[block.environment] = hour
            return true
        }
        let key = StoreKey.mark(hour: hour, in: block.environment)
        guard isFirst, (try? store.snapshot().value(key)) == .some(nil) else { return nil }
        return (key, withUnsafeBytes(of: sequence.bigEndian) { Array($0) })
    }

    func forgetAll() {
        newest.withLock { $0.removeAll() }
    }
}

extension Engine.Memory {
    func eachDedupeWindow(_ body: (DedupeWindow) -> Void) {
        for runtime in runtimes.withLock({ Array($0.values) }) { body(runtime.dedupe) }
    }

    /// Reads the keys of every environment's window back from the journal.
    ///
    /// - Parameter first: where to begin reading; nil for wherever the windows begin, after opening.
    func refillDedupeWindows(from store: Store, after first: UInt64? = nil, _ clock: () -> Timestamp) throws {
        var windows: [EnvironmentID: (DedupeWindow, now: Timestamp)] = [:]
        for runtime in runtimes.withLock({ Array($0.values) }) {
            let now = runtime.catalog.nouns.environment.testClock ?? clock()
            windows[runtime.id] = (runtime.dedupe, now)
        }
        guard let start = try first ?? Self.beginning(of: windows, in: store) else { return }
        if first == nil {
            for (id, keys) in try Self.estimatedKeys(of: windows, in: store, from: start) {
                if let (window, now) = windows[id] { window.reserve(keys, at: now) }
            }
        }
        try store.forEachEntryInParallel(from: start) { [windows] _, entry in
            guard entry.kind == .events, let (window, now) = windows[entry.environment] else { return }
            try window.restore(entry, at: now)
        }
    }

    /// About how many keys each window is going to hold, from a few entries out of all.
    private static func estimatedKeys(
        of windows: [EnvironmentID: (DedupeWindow, now: Timestamp)], in store: Store, from first: UInt64
    ) throws -> [EnvironmentID: Int] {
        let snapshot = try store.snapshot()
        let end = try snapshot.nextSequence()
        let step = Int(max(1, (end - min(first, end)) / 256))
        var keys: [EnvironmentID: Int] = [:]
        for sequence in stride(from: first, to: end, by: step) {
            guard let entry = try snapshot.entry(sequence), entry.kind == .events,
                let (window, now) = windows[entry.environment]
            else { continue }
            keys[entry.environment, default: 0] += try window.sightings(in: entry, at: now).count
        }
        // A little less: a table that is too small grows, one that is too large stays so.
        return keys.mapValues { $0 * step / 100 * 96 }
    }

    /// The first journal sequence of the earliest window.
    private static func beginning(
        of windows: [EnvironmentID: (DedupeWindow, now: Timestamp)], in store: Store
    ) throws -> UInt64? {
        let snapshot = try store.snapshot()
        var first: UInt64?
        for (environment, (window, now)) in windows {
            var from = KeyBytes()
            from.append(environment)
            from.append(now - window.length - .hours(1))
            var to = KeyBytes()
            to.append(EnvironmentID(ordinal: environment.ordinal + 1))
            try snapshot.forEach(.marks, from: from.bytes, to: to.bytes) { _, value in
                first = min(first ?? .max, value.bigEndian64(at: 0))
                return false
            }
        }
        return first
    }
}

extension DedupeWindow {
    /// Remembers the keys of a block of events.
    fileprivate func restore(_ entry: JournalEntry, at now: Timestamp) throws {
        try restore(sightings(in: entry, at: now), receivedAt: entry.at, at: now)
    }

    /// The keys of a block of events, unless it has left the window.
    fileprivate func sightings(in entry: JournalEntry, at now: Timestamp) throws -> [Sighting] {
        guard now - entry.at < length else { return [] }
        var sightings: [Sighting] = []
        // What an event takes at least, nearly.
        sightings.reserveCapacity(entry.payload.count / 32)
        try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
            guard !event.isFailed, !event.key.isEmpty else { return true }
            let content = contentCheck(
                event.company, event.user, event.meter, event.quantity,
                event.isTimed ? event.effective.milliseconds : 0)
            let key = fingerprint(event.key.bindMemory(to: UInt8.self), type: event.type)
            sightings.append(Sighting(key, content: content))
            return true
        }
        return sightings
    }
}

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
    /// Reads the keys of every environment's window back from the journal: after opening, and when a failed commit has
    /// taken some of them back.
    func refillDedupeWindows(from store: Store, _ clock: () -> Timestamp) throws {
        let snapshot = try store.snapshot()
        let runtimes = runtimes.withLock { $0 }
        var first: UInt64?
        for runtime in runtimes.values {
            runtime.dedupe.forgetAll()
            let environment = runtime.catalog.nouns.environment
            let start = (environment.testClock ?? clock()) - DedupeWindow.length - .hours(1)
            var from = KeyBytes()
            from.append(environment.id)
            from.append(start)
            var to = KeyBytes()
            to.append(EnvironmentID(ordinal: environment.id.ordinal + 1))
            try snapshot.forEach(.marks, from: from.bytes, to: to.bytes) { _, value in
                first = min(first ?? .max, value.bigEndian64(at: 0))
                return false
            }
        }
        guard let first else { return }
        try snapshot.forEachEntry(from: first) { _, entry in
            guard entry.kind == .events, let runtime = runtimes[entry.environment] else { return true }
            try EventBlock.forEach(in: entry.payload, received: entry.at) { _, event in
                guard !event.isFailed, !event.key.isEmpty else { return true }
                let content = contentCheck(
                    event.company, event.user, event.meter, event.quantity,
                    event.isTimed ? event.effective.milliseconds : 0)
                _ = runtime.dedupe.judge(
                    runtime.dedupe.fingerprint(event.key.bindMemory(to: UInt8.self), type: event.type),
                    content: content, at: entry.at)
                return true
            }
            return true
        }
    }
}

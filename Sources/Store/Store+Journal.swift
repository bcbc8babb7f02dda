internal import Basics
internal import Dispatch
internal import Glibc

extension Store {
    /// Visits the committed journal entries from `first` on, on all processors at once and in no order: each takes one
    /// stretch of the journal after the other, in a snapshot of its own. Throws the first error of `body`.
    package func forEachEntryInParallel(
        from first: UInt64, _ body: @Sendable (UInt64, JournalEntry) throws -> Void
    ) throws {
        let end = try snapshot().nextSequence()
        guard first < end else { return }
        let threads = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        // Small enough that no processor waits long for the last one.
        let stretch = (end - first) / UInt64(threads * 16) + 1
        let work = Locked<(next: UInt64, failure: (any Error)?)>((first, nil))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            do {
                let snapshot = try snapshot()
                while true {
                    let start = work.withLock { work in
                        defer { work.next += stretch }
                        return work.failure == nil ? work.next : end
                    }
                    guard start < end else { return }
                    try snapshot.forEachEntry(from: start) { sequence, entry in
                        guard sequence < start + stretch else { return false }
                        try body(sequence, entry)
                        return true
                    }
                }
            } catch {
                work.withLock { $0.failure = $0.failure ?? error }
            }
        }
        if let failure = work.withLock({ $0.failure }) { throw failure }
    }
}

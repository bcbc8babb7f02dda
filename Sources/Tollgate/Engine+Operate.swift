public import Basics
internal import Metering
internal import Model
internal import Store

/// Numbers for operators: what `/metrics` shows of the engine. Counted since the store was opened.
public struct EngineStatistics: Sendable {
    /// What became of events.
    public struct Events: Sendable {
        public internal(set) var accepted: UInt64 = 0
        public internal(set) var duplicates: UInt64 = 0
        public internal(set) var conflicts: UInt64 = 0
        public internal(set) var rejected: UInt64 = 0
    }

    /// What became of consumes, or of reservations; repeated ones count again.
    public struct Decisions: Sendable {
        public internal(set) var allowed: UInt64 = 0
        public internal(set) var refused: UInt64 = 0

        mutating func add(_ isAllowed: Bool) {
            if isAllowed { allowed += 1 } else { refused += 1 }
        }
    }

    /// How holds ended that did not expire.
    public struct Settlements: Sendable {
        public internal(set) var committed: UInt64 = 0
        public internal(set) var released: UInt64 = 0
    }

    /// What the closer has done, and what waits for it.
    public struct Closing: Sendable {
        public internal(set) var periods: UInt64 = 0
        public internal(set) var invoices: UInt64 = 0
        /// Periods and drafts that could not be closed; each is tried again and counts again.
        public internal(set) var refused: UInt64 = 0
        /// Periods and drafts that have fallen due and are not done: at most 10,000 of each environment are counted.
        public internal(set) var due = 0
    }

    /// What the last `audit` found.
    public struct Audit: Sendable {
        public let at: Timestamp
        /// Units of usage that invoices neither bill, correct, nor will: anything but 0 is a fault.
        public let unaccounted: Int128
    }

    public let events: Events
    public let consumes: Decisions
    public let reservations: Decisions
    public let settlements: Settlements
    public let closing: Closing
    /// Durable commits by the microseconds that they took, and by their bytes of journal.
    public let commitMicros: Histogram
    public let commitBytes: Histogram
    public let commitFailures: UInt64
    public let journalEntries: UInt64
    /// The sequence of the last durable entry.
    public let journalPosition: UInt64
    /// Rows of the usage table that were brought up to date.
    public let foldedRows: UInt64
    /// Callers, and bytes of journal, that wait for the next commit.
    public let waitingCallers: Int
    public let waitingBytes: Int
    /// Counters in memory, and how often one thread waited for another at a shard of them.
    public let counters: Int
    public let shardWaits: UInt64
    /// Idempotency keys in the dedupe windows, of all environments.
    public let dedupeKeys: Int
    /// Bytes of the store's file that have ever been used, those of them that are free again, and what its map may hold
    /// before it grows.
    public let storeBytes: Int
    public let freeBytes: Int
    public let mapBytes: Int
    /// Read transactions that are open now.
    public let readers: Int
    /// Nil before the first.
    public let audit: Audit?
}

extension Engine {
    public func statistics() throws -> EngineStatistics {
        try store.patiently {
            let commits = committer.statistics
            let waiting = committer.waiting
            let counters = counters.statistics
            let file = try store.statistics()
            var closing = tally.withLock { $0.closing }
            for environment in environments {
                closing.due += try dueCount(until: now(in: environment.id), in: environment.id)
            }
            return EngineStatistics(
                events: tally.withLock { $0.events }, consumes: tally.withLock { $0.consumes },
                reservations: tally.withLock { $0.reservations }, settlements: tally.withLock { $0.settlements },
                closing: closing,
                commitMicros: commits.micros, commitBytes: commits.bytes, commitFailures: commits.failures,
                journalEntries: commits.entries, journalPosition: try store.snapshot().nextSequence() - 1,
                foldedRows: commits.foldedRows, waitingCallers: waiting.callers, waitingBytes: waiting.bytes,
                counters: counters.counters, shardWaits: counters.waits,
                dedupeKeys: environments.reduce(0) { $0 + (runtime($1.id)?.dedupe.count ?? 0) },
                storeBytes: file.bytes, freeBytes: file.freeBytes, mapBytes: file.mapBytes, readers: file.readers,
                audit: lastAudit.withLock { $0 })
        }
    }

    /// Counts of what callers asked for.
    struct Tally {
        var events = EngineStatistics.Events()
        var consumes = EngineStatistics.Decisions()
        var reservations = EngineStatistics.Decisions()
        var settlements = EngineStatistics.Settlements()
        var closing = EngineStatistics.Closing()

        mutating func add(_ answer: TrackAnswer) {
            events.accepted += UInt64(answer.accepted)
            events.duplicates += UInt64(answer.duplicates)
            events.conflicts += UInt64(answer.conflicts)
            events.rejected += UInt64(answer.rejected.count)
        }

        mutating func add(_ report: CloseReport) {
            closing.periods += UInt64(report.closed)
            closing.invoices += UInt64(report.invoices)
            closing.refused += UInt64(report.refused.count)
        }

        mutating func add(_ settlement: HoldSettlement) {
            if settlement.committed == nil { settlements.released += 1 } else { settlements.committed += 1 }
        }
    }

    /// Copies the store as it is now into an empty directory, while everything goes on. Answers the journal position of
    /// the copy: the sequence of its last entry.
    @discardableResult
    public func backup(to directory: String) throws -> UInt64 {
        committer.drain()
        return try store.copy(to: directory)
    }

    /// Copies the store of `directory` while another process goes on using it. Not for a directory that this process
    /// has open: LMDB would lose its locks. Answers the journal position of the copy.
    @discardableResult
    public static func backup(of directory: String, to target: String) throws -> UInt64 {
        try Store.copy(directory, to: target)
    }
}

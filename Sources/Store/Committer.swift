package import Basics
internal import Dispatch
internal import Glibc
internal import LMDB
package import Model

/// Makes what has been applied durable: everything that waits goes into one LMDB transaction, and while that one syncs
/// the next batch fills, so batches size themselves.
///
/// Order is decided by the gate. Events are applied and enqueued within one shared pass, commands within an exclusive
/// one; the committer takes what waits in an exclusive pass of its own. So a batch never depends on something that
/// commits after it: a duplicate is only ever judged against a key that is in the same commit or an earlier one.
package final class Committer: Sendable {
    /// Past this many waiting bytes callers are told to slow down.
    private static let waitingBytesLimit = 256 << 20
    /// How long a commit waits for callers who are about to come back.
    private static let patienceMicros: UInt32 = 50

    package let gate = Gate()
    private let store: Store
    private let queue = DispatchQueue(label: "tollgate.committer", qos: .userInitiated)
    private let state: Locked<State>
    private let participants: Participants
    private let probe: CommitProbe?

    /// Those who keep applied state in memory and must follow a commit's fate.
    package struct Participants: Sendable {
        let beginFolds: @Sendable (_ written: Int, _ sequence: UInt64, _ all: Bool) -> [UsageFold]
        let collect: @Sendable ([UsageFold]) -> FoldedRows
        let committed: @Sendable (_ number: UInt64, [UsageFold]) -> Void
        let failed: @Sendable (_ sequence: UInt64) throws -> Void

        /// - Parameters:
        ///   - beginFolds: called alone as a commit begins, with its bytes of journal and the sequence of the next
        ///     entry: the shards of the usage table that it brings up to date, all of them when asked to.
        ///   - collect: what the folds add to the tables.
        ///   - committed: called when a commit and its folds are durable.
        ///   - failed: called alone after a commit failed, with its first sequence: forget all that the store does
        ///     not hold. Should the entry be there after all, it counts. What it throws ends the process.
        package init(
            beginFolds: @escaping @Sendable (Int, UInt64, Bool) -> [UsageFold],
            collect: @escaping @Sendable ([UsageFold]) -> FoldedRows,
            committed: @escaping @Sendable (UInt64, [UsageFold]) -> Void,
            failed: @escaping @Sendable (UInt64) throws -> Void
        ) {
            self.beginFolds = beginFolds
            self.collect = collect
            self.committed = committed
            self.failed = failed
        }
    }

    private struct State {
        var pending: Commit
        /// Of the next journal entry.
        var nextSequence: UInt64
        var scheduled = false
        /// Callers whom the last commit answered.
        var answered = 0
        var statistics = CommitStatistics()
    }

    package init(_ store: Store, _ participants: Participants, probe: CommitProbe? = nil) throws {
        self.store = store
        self.participants = participants
        self.probe = probe
        let next = try store.snapshot().nextSequence()
        state = Locked(State(pending: Commit(number: 1), nextSequence: next))
    }

    /// The number of the commit that will carry what is enqueued now. Only stable inside the gate.
    package var currentCommit: UInt64 { state.withLock { $0.pending.number } }

    package var statistics: CommitStatistics { state.withLock { $0.statistics } }

    /// What waits for the next commit: callers, and bytes of journal.
    package var waiting: (callers: Int, bytes: Int) {
        state.withLock { ($0.pending.tickets.count, $0.pending.bytes) }
    }

    /// Refuses when too much waits already. Ask before applying anything.
    package func admit() throws(Refusal) {
        let waiting = state.withLock { $0.pending.bytes }
        guard waiting < Self.waitingBytesLimit else {
            throw .overloaded("\(waiting) bytes wait to be written; try again in a second")
        }
    }

    /// Adds an applied command to what waits, inside an exclusive pass of the gate. Its writes are visible to
    /// `Store.value` at once.
    package func enqueue(
        _ command: some Command, _ transaction: Transaction, _ ticket: CommitTicket?
    ) throws -> IdentifierCounters {
        let (writes, identifiers) = try transaction.finish()
        let payload = try RecordEncoder().encode(JournaledCommand(command))
        let entry = JournalEntry(
            kind: .command, environment: transaction.environmentID, at: transaction.now, payload: payload)
        enqueue(entry.encoded, writes, ticket)
        return identifiers
    }

    /// Adds applied events, or only writes, to what waits, inside the gate. Answers the journal sequence of the entry.
    ///
    /// - Parameter marking: a write that depends on the entry's sequence.
    @discardableResult
    package func enqueue(
        _ entry: EncodedEntry?, writes: [StoreKey: [UInt8]?] = [:], _ ticket: CommitTicket?,
        marking: (UInt64) -> (StoreKey, [UInt8])? = { _ in nil }
    ) -> UInt64 {
        enqueue(entry, WriteSet(writes), ticket, marking: marking)
    }

    @discardableResult
    private func enqueue(
        _ entry: EncodedEntry?, _ writes: WriteSet, _ ticket: CommitTicket?,
        marking: (UInt64) -> (StoreKey, [UInt8])? = { _ in nil }
    ) -> UInt64 {
        state.withLock { state in
            let sequence = state.nextSequence
            if let entry {
                state.nextSequence += 1
                state.pending.append(entry, sequence)
            }
            var writes = writes
            if let (key, value) = marking(sequence) { writes.set(key, value) }
            if !writes.isEmpty {
                state.pending.hasWrites = true
                store.publish(writes, commit: state.pending.number)
            }
            if let ticket { state.pending.tickets.append(ticket) }
            if !state.scheduled {
                state.scheduled = true
                queue.async {
                    self.gather()
                    self.commitPending()
                }
            }
            return sequence
        }
    }

    /// Waits for the commit that carries all that has been applied so far, without adding to it.
    package func join(_ ticket: CommitTicket) {
        enqueue(nil, ticket)
    }

    /// Waits until everything enqueued before is durable or has failed.
    package func drain() {
        queue.sync { commitPending() }
    }

    /// What is committed when everything enqueued before is, with nothing left out of the usage table.
    package func foldedSnapshot() throws -> Snapshot {
        try queue.sync {
            commitPending(foldingAll: true)
            return try store.snapshot()
        }
    }

    /// When fewer callers wait than were just answered, the others are on their way back with their next requests: with
    /// a moment's patience one commit serves them all, where two would take turns with half of them each.
    private func gather() {
        let isEarly = state.withLock { $0.pending.tickets.count < $0.answered }
        if isEarly { usleep(Self.patienceMicros) }
    }

    private func commitPending(foldingAll: Bool = false) {
        let (commit, folds) = gate.exclusive {
            let (commit, next) = state.withLock { state in
                let commit = state.pending
                state.pending = Commit(number: commit.number + 1)
                state.scheduled = false
                return (commit, state.nextSequence)
            }
            return (commit, participants.beginFolds(commit.bytes, next, foldingAll))
        }
        guard !commit.isEmpty || !folds.isEmpty else { return }
        do {
            let started = ContinuousClock.now
            // What is counted from here on belongs to later folds, so these are complete.
            let rows = participants.collect(folds)
            try write(commit, folds, rows)
            let took = ContinuousClock.now - started
            store.forget(commit: commit.number)
            participants.committed(commit.number, folds)
            state.withLock { state in
                state.statistics.add(commit, rows: rows.usage.count + rows.samples.count, took: took)
                state.answered = commit.tickets.count
            }
            for ticket in commit.tickets { ticket.settle(nil) }
        } catch {
            fail(commit, error)
        }
    }

    /// Takes back this commit and everything applied on top of it, and tells everybody who waits.
    private func fail(_ commit: Commit, _ error: any Error) {
        let failure = StoreFailure("nothing was written: \(error)")
        let tickets = gate.exclusive {
            store.forgetUncommitted()
            do {
                // Sequences of what failed are given out again: the journal has no gaps. The store knows best which
                // those are: a commit may be durable whose end could not be told.
                let next = try store.snapshot().nextSequence()
                let later = state.withLock { state in
                    let later = state.pending
                    state.nextSequence = next
                    state.pending = Commit(number: later.number + 1)
                    state.statistics.failures += 1
                    return later.tickets
                }
                try participants.failed(commit.entries.first?.sequence ?? next)
                return commit.tickets + later
            } catch {
                preconditionFailure(
                    "after a failed write the store cannot be read; what is committed is safe: \(error)")
            }
        }
        for ticket in tickets { ticket.settle(failure) }
    }

    private func write(_ commit: Commit, _ folds: [UsageFold], _ rows: FoldedRows) throws {
        try probe?(.begun)
        try store.database.write { transaction in
            let journal = self.store.table(.journal)
            for entry in commit.entries {
                var key = KeyBytes(capacity: 8)
                key.append(entry.sequence)
                try transaction.put(journal, key.bytes, entry.bytes, append: true)
            }
            try self.store.writes(of: commit.number).forEachSorted { key, value in
                let table = self.store.table(key.table)
                try key.withBytes { key in
                    guard let value else {
                        try transaction.delete(table, key)
                        return
                    }
                    try value.withUnsafeBytes { try transaction.put(table, key, $0) }
                }
            }
            try self.probe?(.halfWritten)
            let counters = self.store.table(.usage)
            for (key, delta) in rows.usage {
                try key.withBytes { key in _ = try transaction.add(counters, key, delta: delta) }
            }
            let samples = self.store.table(.samples)
            for row in rows.samples {
                let kept = try transaction.get(samples, row.key)
                if let kept, !kept.lexicographicallyPrecedes(row.value) { continue }
                try transaction.put(samples, row.key, row.value)
            }
            for fold in folds {
                let (key, value) = fold.write
                try transaction.put(self.store.table(.meta), key, value)
            }
        }
        try probe?(.durable)
    }
}

/// How far a commit has come.
package enum CommitStage: Sendable {
    case begun
    /// Inside the transaction, with the journal written and the counters not.
    case halfWritten
    case durable
}

/// Told of each commit's stages, on the committer's queue; what it throws makes the commit fail there. For simulations.
package typealias CommitProbe = @Sendable (CommitStage) throws -> Void

/// What one LMDB transaction will hold.
struct Commit {
    let number: UInt64
    private(set) var entries: [(sequence: UInt64, bytes: [UInt8])] = []
    /// The writes themselves wait in the store, where they can be read.
    var hasWrites = false
    var tickets: [CommitTicket] = []
    private(set) var bytes = 0

    init(number: UInt64) {
        self.number = number
    }

    var isEmpty: Bool { entries.isEmpty && !hasWrites && tickets.isEmpty }

    mutating func append(_ entry: EncodedEntry, _ sequence: UInt64) {
        entries.append((sequence, entry.bytes))
        bytes += entry.bytes.count
    }
}

internal import Basics
package import Model
package import Store

/// One request on its way into the audit log.
///
/// The first command that is executed for it puts the request into the log, in the commit of its change, and the answer
/// follows. A request that executes none is recorded when it is answered.
package final class AuditTrail: Sendable {
    fileprivate let request: AuditRecord.Request
    /// The sequence of the entry that began the record.
    fileprivate let began = Locked<UInt64?>(nil)

    package init(_ request: AuditRecord.Request) {
        self.request = request
    }
}

extension Engine {
    /// Applies a command as `execute` does. That `trail`'s request asked for it stands in the same commit.
    package func execute<C: Command>(
        _ command: C, in environment: EnvironmentID, for trail: AuditTrail?
    ) async throws -> C.Outcome {
        let before = trail.flatMap { trail in trail.began.withLock { $0 } }
        do {
            return try await execute(command, in: environment) { now in
                if let trail, before == nil { try self.begin(trail, in: environment, at: now) }
            }
        } catch let failure as StoreFailure {
            // The entry was taken back with the commit; its sequence is another's now.
            trail?.began.withLock { $0 = before }
            throw failure
        }
    }

    /// Inside the command's pass of the gate.
    private func begin(_ trail: AuditTrail, in environment: EnvironmentID, at now: Timestamp) throws {
        let entry = AuditEntry.begun(trail.request)
        let encoded = try entry.journaled(in: environment, at: now)
        let sequence = committer.enqueue(encoded, nil) { entry.row(of: $0, in: environment) }
        trail.began.withLock { $0 = sequence }
    }

    /// Records the answer. Waits for that only where something may have changed that the log does not know of yet: else
    /// the next commit takes it along, and a process that ends before leaves the record without answer.
    package func end(
        _ trail: AuditTrail, with answer: AuditRecord.Answer, in environment: EnvironmentID
    ) async throws {
        let began = trail.began.withLock { $0 }
        // A request that has begun was admitted with its command, and there are no more answers than requests.
        if began == nil { try committer.admit() }
        let entry =
            began.map { AuditEntry.answered(answer, to: $0) } ?? AuditEntry.answered(answer, to: trail.request)
        let encoded = try entry.journaled(in: environment, at: answer.endedAt)
        let ticket = began == nil && answer.status < 400 ? CommitTicket() : nil
        committer.gate.shared {
            _ = committer.enqueue(encoded, ticket) { entry.row(of: $0, in: environment) }
        }
        try await ticket?.wait()
    }

    /// Waits until everything that was recorded before can be read.
    package func settle() async throws {
        let ticket = CommitTicket()
        committer.join(ticket)
        try await ticket.wait()
    }

    /// One journal entry of `verify`.
    func replayAudit(_ entry: JournalEntry) throws {
        let audit = try AuditEntry(entry)
        committer.gate.shared {
            _ = committer.enqueue(entry.encoded, nil) { audit.row(of: $0, in: entry.environment) }
        }
    }
}

extension ReadView {
    /// Newest first.
    package func auditLog(
        offset: Int = 0, limit: Int, where isWanted: (AuditRecord) -> Bool
    ) throws -> [AuditRecord] {
        var page = Page<AuditRecord>(offset: offset, limit: limit)
        guard limit > 0 else { return [] }
        try snapshot.forEachAudit(in: environment.id) { isWanted($0) ? page.take($0) : true }
        return page.items
    }

    package func auditCount(where isWanted: (AuditRecord) -> Bool) throws -> Int {
        var count = 0
        try snapshot.forEachAudit(in: environment.id) { record in
            if isWanted(record) { count += 1 }
            return true
        }
        return count
    }

    package func audit(_ id: Identifier<AuditRecord>) throws -> AuditRecord? {
        try snapshot.audit(id, in: environment.id)
    }
}

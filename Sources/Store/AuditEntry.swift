package import Basics
package import Model

/// What the journal keeps of an audited request: that it began, that it was answered, or both at once.
///
/// The first entry's sequence is the record's id. The table `audit` leads from it to the entry with the answer.
package struct AuditEntry: Codable, Sendable {
    /// Nil when `began` says where it stands.
    package let request: AuditRecord.Request?
    package let began: UInt64?
    package let answer: AuditRecord.Answer?

    private init(_ request: AuditRecord.Request?, began: UInt64?, _ answer: AuditRecord.Answer?) {
        self.request = request
        self.began = began
        self.answer = answer
    }

    /// Stands in the commit of the change.
    package static func begun(_ request: AuditRecord.Request) -> AuditEntry {
        AuditEntry(request, began: nil, nil)
    }

    package static func answered(_ answer: AuditRecord.Answer, to began: UInt64) -> AuditEntry {
        AuditEntry(nil, began: began, answer)
    }

    /// A request that changed nothing by a command of its own.
    package static func answered(_ answer: AuditRecord.Answer, to request: AuditRecord.Request) -> AuditEntry {
        AuditEntry(request, began: nil, answer)
    }

    package init(_ entry: JournalEntry) throws {
        self = try RecordDecoder().decode(AuditEntry.self, from: entry.payload)
    }

    package func journaled(in environment: EnvironmentID, at now: Timestamp) throws -> EncodedEntry {
        let payload = try RecordEncoder().encode(self)
        return JournalEntry(kind: .audit, environment: environment, at: now, payload: payload).encoded
    }

    /// The row of the table that the entry makes: where the answer stands, 0 while there is none.
    package func row(of sequence: UInt64, in environment: EnvironmentID) -> (StoreKey, [UInt8]) {
        var value = KeyBytes(capacity: 8)
        value.append(answer == nil ? 0 : sequence)
        return (.audit(began ?? sequence, in: environment), value.bytes)
    }
}

extension StoreKey {
    static func audit(_ began: UInt64, in environment: EnvironmentID) -> StoreKey {
        var key = KeyBytes(capacity: 12)
        key.append(environment)
        key.append(began)
        return StoreKey(.audit, key.bytes)
    }
}

extension Snapshot {
    /// Visits the audit log of an environment, newest first, until `body` answers false.
    package func forEachAudit(in environment: EnvironmentID, _ body: (AuditRecord) throws -> Bool) throws {
        var prefix = KeyBytes(capacity: 4)
        prefix.append(environment)
        try forEach(.audit, prefix: prefix.bytes, reversed: true) { key, value in
            try body(try audit(began: key.bigEndian64(at: 4), answered: value.bigEndian64(at: 0)))
        }
    }

    package func audit(_ id: Identifier<AuditRecord>, in environment: EnvironmentID) throws -> AuditRecord? {
        guard let row = try value(.audit(id.ordinal, in: environment)) else { return nil }
        return try audit(began: id.ordinal, answered: row.withUnsafeBytes { $0.bigEndian64(at: 0) })
    }

    private func audit(began: UInt64, answered: UInt64) throws -> AuditRecord {
        let first = try auditEntry(began)
        let answer = answered == 0 || answered == began ? first.answer : try auditEntry(answered).answer
        guard let request = first.request else {
            throw StoreFailure("the store is damaged: journal entry \(began) begins no request")
        }
        return AuditRecord(id: Identifier(ordinal: began), request: request, answer: answer)
    }

    private func auditEntry(_ sequence: UInt64) throws -> AuditEntry {
        guard let entry = try entry(sequence), entry.kind == .audit else {
            throw StoreFailure("the store is damaged: journal entry \(sequence) is none of the audit log")
        }
        return try AuditEntry(entry)
    }
}

import Basics
import Store
import Testing
import Tollgate

@Suite("The audit log")
struct AuditTests {
    @Test("a change and the record of who asked for it stand in one commit")
    func oneCommit() async throws {
        let shop = try await Workshop()
        let before = try shop.engine.statistics().commitMicros.counts.reduce(0, +)
        let trail = AuditTrail(.of("/companies", at: "2024-01-01T00:00:00Z"))
        let company = try await shop.engine.execute(
            UpsertCompany(keys: ["id": "acme"]), in: shop.environment, for: trail)
        #expect(try shop.engine.statistics().commitMicros.counts.reduce(0, +) == before + 1)
        let record = try #require(try shop.auditLog().first)
        #expect(record.request.url == "/companies" && record.answer == nil)
        // The entry before the record's is the command.
        let command = try #require(try shop.engine.store.snapshot().entry(record.id.ordinal - 1))
        #expect(command.kind == .command && command.at == company.createdAt)
        try shop.expectVerified()
    }

    @Test("a request has one record, however many commands it takes, and the answer joins it")
    func oneRecord() async throws {
        let shop = try await Workshop()
        let trail = AuditTrail(.of("/companies", at: "2024-01-01T00:00:00Z"))
        for key in ["acme", "other"] {
            _ = try await shop.engine.execute(UpsertCompany(keys: ["id": key]), in: shop.environment, for: trail)
        }
        try await shop.engine.end(trail, with: .of(200, "{}"), in: shop.environment)
        try await shop.engine.settle()
        try #expect(shop.auditLog().map(\.answer) == [.of(200, "{}")])
        try await shop.reopen()
        try #expect(shop.auditLog().map(\.answer) == [.of(200, "{}")])
        try shop.expectVerified()
    }

    @Test("what is refused is recorded with its answer, and long texts are cut")
    func refused() async throws {
        let shop = try await Workshop()
        let trail = AuditTrail(.of("/companies?" + String(repeating: "x", count: 10_000), at: "2024-01-01T00:00:00Z"))
        await #expect(throws: Refusal.self) {
            _ = try await shop.engine.execute(UpsertCompany(keys: [:]), in: shop.environment, for: trail)
        }
        let answer = AuditRecord.Answer.of(400, String(repeating: "n", count: 2000))
        try await shop.engine.end(trail, with: answer, in: shop.environment)
        try await shop.engine.settle()
        let records = try shop.auditLog()
        #expect(records.map(\.answer) == [answer] && answer.body.utf8.count == AuditRecord.longestAnswer)
        #expect(records.first?.request.url.utf8.count == AuditRecord.longestRequest)
        try shop.expectVerified()
    }

    @Test("a commit that failed leaves no record, and the next one gets its own")
    func failedCommit() async throws {
        var options = Workshop.options
        let isBroken = Locked(false)
        options.commitProbe = { stage in
            if stage == .halfWritten, isBroken.withLock({ $0 }) { throw StoreFailure("the disk is full") }
        }
        let shop = try await Workshop(options: options)
        let trail = AuditTrail(.of("/companies", at: "2024-01-01T00:00:00Z"))
        isBroken.withLock { $0 = true }
        await #expect(throws: StoreFailure.self) {
            _ = try await shop.engine.execute(UpsertCompany(keys: ["id": "a"]), in: shop.environment, for: trail)
        }
        isBroken.withLock { $0 = false }
        try #expect(shop.auditLog().isEmpty)
        // Takes the sequences that were given out before.
        for key in ["b", "c"] { try await shop.run(UpsertCompany(keys: ["id": key])) }
        try await shop.engine.end(trail, with: .of(503, "try again"), in: shop.environment)
        try await shop.engine.settle()
        try #expect(shop.auditLog().map(\.answer) == [.of(503, "try again")])
        try shop.expectVerified()
    }
}

extension AuditRecord.Request {
    static func of(_ url: String, at time: String) -> AuditRecord.Request {
        AuditRecord.Request(
            keyID: Identifier(ordinal: 1), method: "POST", url: url, resourceType: "companies", resourceID: nil,
            body: Array("{}".utf8), startedAt: Timestamp(rfc3339: time)!)
    }
}

extension AuditRecord.Answer {
    fileprivate static func of(_ status: Int, _ body: String) -> AuditRecord.Answer {
        AuditRecord.Answer(
            status: status, body: Array(body.utf8), endedAt: Timestamp(rfc3339: "2024-01-01T00:00:00Z")!)
    }
}

extension Workshop {
    fileprivate func auditLog() throws -> [AuditRecord] {
        try engine.read(environment) { try $0.auditLog(limit: 100) { _ in true } }
    }
}

internal import HTTPTypes
internal import Logging
internal import Model
internal import Tollgate

extension Engine {
    /// The answer to a request, errors too, which the audit log has got: when a success is told, the record of it is
    /// durable.
    func recording(
        _ request: AuditRecord.Request, by key: APIKey, _ logger: Logger,
        _ answer: (AuditTrail) async throws -> Answer
    ) async -> Answer {
        let trail = AuditTrail(request)
        let endpoint = "\(request.method) \(request.url.prefix { $0 != "?" })"
        var told: Answer
        do {
            told = try await answer(trail)
        } catch {
            told = ErrorAnswers.answer(to: error, at: endpoint, logger)
        }
        let record = AuditRecord.Answer(
            status: told.status.code, body: (told.auditedJSON ?? told.json).bytes, endedAt: now(in: key.environmentID))
        do {
            try await end(trail, with: record, in: key.environmentID)
        } catch {
            // What was refused or failed needs no record to be true; what was done and could not be recorded does.
            if told.status.code < 400 { told = ErrorAnswers.answer(to: error, at: endpoint, logger) }
        }
        return told
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Who asked for which change of what is set up, and what came of it.
    func addAuditLog() {
        get("audit-log") { call in
            let page = try call.query.page()
            let isWanted = try call.query.auditFilter(call.environment)
            try await call.engine.settle()
            return try call.answer { view in
                try view.reading.auditLog(offset: page.offset, limit: page.limit, where: isWanted)
                    .map { AuditLogListResponseData(record: $0, view: view) }
            }
        }
        get("audit-log/count") { call in
            let isWanted = try call.query.auditFilter(call.environment)
            try await call.engine.settle()
            return try call.answer { CountResponse(count: try $0.reading.auditCount(where: isWanted)) }
        }
        get("audit-log/:audit_log_id") { call in
            let id: Identifier<AuditRecord> = try call.id("audit_log_id")
            try await call.engine.settle()
            return try call.answer { view in
                guard let record = try view.reading.audit(id) else {
                    throw Refusal.missing("audit_log_id", id.description)
                }
                return AuditLogResponseData(record: record, view: view)
            }
        }
    }
}

extension Query {
    /// `q` is looked for in URLs and bodies of requests.
    fileprivate func auditFilter(_ own: EnvironmentID) throws(Refusal) -> (AuditRecord) -> Bool {
        let actor: ActorType? = try optional("actor_type")
        let environments: OneOf<EnvironmentID> = try oneOf(single: "environment_id")
        let start: Timestamp? = try optional("start_time")
        let end: Timestamp? = try optional("end_time")
        let search = try search()
        // Nobody else may ask for a change.
        let isPossible = (actor ?? .apiKey) == .apiKey && environments.allows(own)
        return { record in
            let request = record.request
            return isPossible && start.map { $0 <= request.startedAt } ?? true
                && end.map { request.startedAt < $0 } ?? true && search.allows([request.url, request.body])
        }
    }
}

extension ActorType: FieldValue {}

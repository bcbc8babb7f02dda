internal import Basics
internal import Model

/// A line of the audit log in a list: without the bodies.
struct AuditLogListResponseData: WireObject {
    let record: AuditRecord
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let request = record.request
        json.field("id", record.id)
        json.field("actor_type", ActorType.apiKey)
        json.field("api_key_id", request.keyID)
        let key = view.get(request.keyID).map { ApiKeyResponseData(key: $0, environment: view.environment) }
        json.field("api_key", key)
        json.field("environment_id", view.environment.id)
        json.field("environment", EnvironmentResponseData(environment: view.environment))
        json.field("method", request.method)
        json.field("url", request.url)
        json.field("resource_type", request.resourceType)
        json.field("resource_id_string", request.resourceID)
        json.field("resp_code", record.answer?.status)
        json.field("started_at", request.startedAt)
        json.field("ended_at", record.answer?.endedAt)
    }
}

/// A line of the audit log with both bodies.
struct AuditLogResponseData: WireObject {
    let record: AuditRecord
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        AuditLogListResponseData(record: record, view: view).writeFields(to: &json)
        json.field("req_body", record.request.body)
        json.field("resp_body", record.answer?.body)
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addTemporaryTokens() {
        post("temporary-access-tokens") { call in
            if let type: String = try call.body.optional("resource_type"), type != "company" {
                throw Refusal.invalid("resource_type must be company, not \(JSON.string(type).excerpt)")
            }
            let keys: [String: String] = try call.body.required("lookup")
            let company = try call.engine.read(call.environment) { try $0.requireCompany(keys: keys) }
            let (token, text) = try await call.engine.issueToken(for: company.id, by: call.key, call.trail)
            var answer = call.answer(IssueTemporaryAccessTokenResponseData(token: token, text: text), .created)
            answer.auditedJSON = call.answer(IssueTemporaryAccessTokenResponseData(token: token), .created).json
            return answer
        }
    }
}

struct IssueTemporaryAccessTokenResponseData: WireObject {
    let token: TemporaryAccessToken
    /// The token itself: in the answer only.
    var text: String?

    func writeFields(to json: inout JSONWriter) {
        json.field("id", token.id)
        json.field("environment_id", token.environmentID)
        json.field("api_key_id", token.keyID)
        json.field("issuer_type", "api_key")
        json.field("resource_type", "company")
        if let text { json.field("token", text) }
        json.field("created_at", token.createdAt)
        json.field("updated_at", token.createdAt)
        json.field("expired_at", token.expiresAt)
    }
}

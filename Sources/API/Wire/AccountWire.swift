internal import Basics
internal import Model
internal import Tollgate

struct EnvironmentResponseData: WireObject {
    let environment: Model.Environment

    func writeFields(to json: inout JSONWriter) {
        json.field("id", environment.id)
        json.field("name", environment.name)
        json.field("environment_type", environment.type)
        json.field("require_context_signature", false)
        json.field("created_at", environment.createdAt)
        json.field("updated_at", environment.updatedAt)
    }
}

struct ApiKeyResponseData: WireObject {
    let key: APIKey
    let environment: Model.Environment
    /// The key itself: in the answer to its creation only.
    var secret: String?

    func writeFields(to json: inout JSONWriter) {
        json.field("id", key.id)
        json.field("name", key.name)
        json.field("kind", key.kind)
        json.field("readonly", key.readonly)
        json.field("scopes", scopes)
        json.field("last_used_at", key.lastUsedAt)
        json.field("environment_id", key.environmentID)
        json.field("environment", EnvironmentResponseData(environment: environment))
        if let secret { json.field("key", secret) }
        json.field("created_at", key.createdAt)
        json.field("updated_at", key.updatedAt)
    }

    /// ApiKeyScope
    private var scopes: [String] {
        switch (key.kind, key.readonly) {
        case (.publishable, _): ["capture"]
        case (.secret, true): ["read"]
        case (.secret, false): ["admin", "capture", "read", "write"]
        }
    }
}

struct WhoAmIResponseData: WireObject {
    let key: APIKey
    let environments: [Model.Environment]

    func writeFields(to json: inout JSONWriter) {
        json.field("account_id", Account.id)
        json.field("account_name", Account.name)
        json.field("actor_type", "api_key")
        json.field("api_key_id", key.id)
        json.field("environment_id", key.environmentID)
        json.field("environments", environments.map(EnvironmentResponseData.init))
        json.field("onboarding_complete", true)
    }
}

/// The answer of `/test-clock`.
struct TestClockResponseData: WireObject {
    let now: Timestamp?

    func writeFields(to json: inout JSONWriter) {
        json.field("now", now)
    }
}

/// The answer of `POST /billing/close`.
struct CloseResponseData: WireObject {
    let closed: Int
    let invoices: Int
    let until: Timestamp
    /// What stays due, and why.
    let refused: [String]

    func writeFields(to json: inout JSONWriter) {
        json.field("closed", closed)
        json.field("invoices", invoices)
        json.field("until", until)
        json.field("refused", refused)
    }
}

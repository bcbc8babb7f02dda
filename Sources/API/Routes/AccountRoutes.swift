internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addAccount() {
        get("whoami") { call in
            call.answer(WhoAmIResponseData(key: call.key, environments: call.engine.environments))
        }
        get("test-clock") { call in
            call.answer(TestClockResponseData(now: call.engine.environment(call.environment)?.testClock))
        }
        put("test-clock") { call in
            let now: Timestamp = try call.body.required("now")
            try await call.engine.setTestClock(now, in: call.environment)
            return call.answer(TestClockResponseData(now: call.engine.environment(call.environment)?.testClock))
        }
        addEnvironments()
        addKeys()
    }

    /// Environments belong to the whole store: every key sees them, and changes its own only.
    private func addEnvironments() {
        get("environments") { call in
            let page = try call.query.page()
            let ids: OneOf<EnvironmentID> = try call.query.oneOf("ids")
            let environments = call.engine.environments.reversed().filter { ids.allows($0.id) }
            return call.answer(
                environments.dropFirst(page.offset).prefix(page.limit).map(EnvironmentResponseData.init))
        }
        get("environments/:environment_id") { call in
            let id: EnvironmentID = try call.id("environment_id")
            guard let environment = call.engine.environment(id) else {
                throw Refusal.missing("environment_id", id.description)
            }
            return call.answer(EnvironmentResponseData(environment: environment))
        }
        post("environments") { call in
            let command = CreateEnvironment(
                name: try call.body.required("name"), type: try call.body.required("environment_type"))
            return call.answer(EnvironmentResponseData(environment: try await call.execute(command)), .created)
        }
        put("environments/:environment_id") { call in
            let id: EnvironmentID = try call.id("environment_id")
            guard id == call.environment else { throw Refusal.forbidden("a key may change its own environment only") }
            let command = UpdateEnvironment(environmentID: id, name: try call.body.required("name"))
            return call.answer(EnvironmentResponseData(environment: try await call.execute(command)))
        }
    }

    private func addKeys() {
        list("api-keys", Self.keyFilter) { ApiKeyResponseData(key: $0, environment: $1.environment) }
        get("api-keys/:api_key_id") { call in
            try call.answer { view in
                ApiKeyResponseData(key: try call.ownKey(view), environment: view.environment)
            }
        }
        post("api-keys") { call in
            if let id: EnvironmentID = try call.body.optional("environment_id"), id != call.environment {
                throw Refusal.forbidden("a key may make keys for its own environment only")
            }
            guard let environment = call.engine.environment(call.environment) else {
                throw Refusal.missing("environment_id", call.environment.description)
            }
            let kind: APIKey.Kind = try call.body.required("kind")
            let secret = APIKeySecret.generate(for: environment.type, kind: kind)
            let command = CreateAPIKey(
                name: try call.body.required("name"), kind: kind,
                readonly: try call.body.optional("readonly") ?? false, hash: APIKeySecret.hash(secret))
            let key = try await call.execute(command)
            var answer = call.answer(
                ApiKeyResponseData(key: key, environment: environment, secret: secret), .created)
            answer.auditedJSON = call.answer(ApiKeyResponseData(key: key, environment: environment), .created).json
            return answer
        }
        put("api-keys/:api_key_id") { call in
            let key = try call.engine.read(call.environment) { try call.ownKey(WireView($0)) }
            let renamed = try await call.execute(RenameAPIKey(keyID: key.id, name: try call.body.required("name")))
            return try call.answer { ApiKeyResponseData(key: renamed, environment: $0.environment) }
        }
        delete("api-keys/:api_key_id") { call in
            let key = try call.engine.read(call.environment) { try call.ownKey(WireView($0)) }
            _ = try await call.execute(RevokeAPIKey(keyID: key.id))
            return call.deleted()
        }
    }

    private static let keyFilter: Filter<APIKey> = { query, view in
        let environments: OneOf<EnvironmentID> = try query.oneOf(single: "environment_id")
        let own = view.environment.id
        return { $0.environmentID == own && environments.allows($0.environmentID) }
    }
}

extension Call {
    /// The key that the path names, if it is one of this environment: others are not shown to exist.
    fileprivate func ownKey(_ view: WireView) throws -> APIKey {
        let key: APIKey = try found("api_key_id", in: view)
        guard key.environmentID == environment else { throw Refusal.missing("api_key_id", key.id.description) }
        return key
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Endpoints about the vendor's own service, answered as it is here: nobody has an account but through keys,
    /// nothing is onboarded, and no integration is connected.
    func addSelfHosted() {
        get("account-members") { call in
            try call.query.checkMembers()
            _ = try call.query.page()
            return call.answer(EmptyList())
        }
        get("account-members/count") { call in
            try call.query.checkMembers()
            return call.answer(CountResponse(count: 0))
        }
        get("account-members/:account_member_id") { call in
            throw Refusal.missing("account_member_id", call.path["account_member_id"])
        }
        get("onboarding-state") { call in
            call.answer(GetOnboardingStateResp(environmentID: call.environment))
        }
        post("onboarding-state") { _ in
            throw Refusal.invalid("there is no onboarding to keep the state of: a Tollgate that answers is set up")
        }
        post("quickstart") { _ in
            throw Refusal.invalid(
                "there is no quickstart over the API: tollgate demo fills a directory with an example")
        }
        get("segment-integration") { call in
            call.answer(SegmentStatusResp(environmentID: call.environment))
        }
        addOTLPSettings()
        delete("environments/:environment_id") { call in
            let id: EnvironmentID = try call.id("environment_id")
            guard call.engine.environment(id) != nil else { throw Refusal.missing("environment_id", id.description) }
            throw Refusal.conflict(
                "environments are never deleted: invoices rest on their journal; revoke the keys of \(id) instead")
        }
    }

    /// Nothing is taken as OTLP, and that is what the settings say; nothing else can be set.
    private func addOTLPSettings() {
        get("otlp/settings") { call in
            try call.answer { OtlpEnvironmentSettingsResponseData(environment: $0.environment) }
        }
        post("otlp/settings") { call in
            let isEnabled: Bool = try call.body.required("tool_events_enabled")
            guard !isEnabled else { throw Refusal.invalid("tool_events_enabled is not part of this release") }
            try call.body.refuseUnsupported("company_attribute", "company_key", "user_attribute", "user_key")
            return try call.answer { OtlpEnvironmentSettingsResponseData(environment: $0.environment) }
        }
        delete("otlp/settings") { _ in
            throw Refusal.notFound("there are no OTLP settings to delete")
        }
    }
}

extension Query {
    fileprivate func checkMembers() throws(Refusal) {
        let _: [String]? = try list("ids")
        let _: AccountMemberRole? = try optional("role")
        _ = try search()
    }
}

private enum AccountMemberRole: String, CaseIterable, FieldValue {
    case admin, member
}

struct GetOnboardingStateResp: WireObject {
    let environmentID: EnvironmentID

    func writeFields(to json: inout JSONWriter) {
        json.field("environment_id", environmentID)
        json.emptyLists("milestones", "requirements", "suggested_next")
    }
}

struct SegmentStatusResp: WireObject {
    let environmentID: EnvironmentID

    func writeFields(to json: inout JSONWriter) {
        json.field("connected", false)
        json.field("environment_id", environmentID)
    }
}

struct OtlpEnvironmentSettingsResponseData: WireObject {
    let environment: Model.Environment

    func writeFields(to json: inout JSONWriter) {
        json.field("environment_id", environment.id)
        json.field("tool_events_enabled", false)
        json.field("created_at", environment.createdAt)
        json.field("updated_at", environment.createdAt)
    }
}

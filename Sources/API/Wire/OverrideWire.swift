internal import Basics
internal import Model
internal import Tollgate

struct CompanyOverrideResponseData: WireObject {
    let override: CompanyOverride
    let view: WireView
    /// Whether the company is shown: not where the override is a part of what is told of one.
    var showsCompany = false

    func writeFields(to json: inout JSONWriter) {
        json.field("id", override.id)
        json.field("environment_id", view.environment.id)
        json.field("company_id", override.companyID)
        if showsCompany {
            json.field(
                "company", view.get(override.companyID).map { CompanyDetailResponseData(company: $0, view: view) })
        }
        json.field("feature_id", override.featureID)
        json.field("feature", view.get(override.featureID).map(FeatureResponseData.init))
        EntitlementValueFields(value: override.value, view: view).writeFields(to: &json)
        json.field("expiration_date", override.expiresAt)
        json.field("notes") { json in
            json.array { for note in override.notes { write(note, to: &$0) } }
        }
        json.field("rule_id", override.ruleID)
        json.field("rule_id_usage_exceeded", override.usageExceededRuleID)
        json.field("created_at", override.createdAt)
        json.field("updated_at", override.updatedAt)
    }

    /// CompanyOverrideNoteResponseData
    private func write(_ note: OverrideNote, to json: inout JSONWriter) {
        json.object {
            $0.field("id", note.id)
            $0.field("note", note.text)
            $0.field("external_user_id", "")
            $0.field("external_user_name", "")
            $0.field("created_at", note.createdAt)
            $0.field("updated_at", note.createdAt)
        }
    }
}

internal import Basics
internal import Model
internal import Tollgate

struct FeatureResponseData: WireObject {
    let feature: Feature

    func writeFields(to json: inout JSONWriter) {
        json.field("id", feature.id)
        json.field("name", feature.name)
        json.field("description", feature.description)
        json.field("feature_type", feature.type)
        json.field("icon", feature.icon)
        json.field("event_source", feature.measure?.source ?? .track)
        json.field("event_subtype", feature.eventSubtype)
        json.field("trait_id", feature.traitID)
        json.field("license_id", License(of: feature)?.id)
        json.field("usage_limit_trait_id", feature.usageLimitTraitID)
        json.field("lifecycle_phase", feature.lifecyclePhase?.rawValue)
        json.field("singular_name", feature.singularName)
        json.field("plural_name", feature.pluralName)
        json.field("maintainer_account_member_id", feature.maintainerAccountMemberID)
        json.field("created_at", feature.createdAt)
        json.field("updated_at", feature.updatedAt)
    }
}

/// `FeatureDetailResponseData`, and with the same fields `FeatureInPlanResponseData`.
struct FeatureDetailResponseData: WireObject {
    let feature: Feature
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        FeatureResponseData(feature: feature).writeFields(to: &json)
        json.field("billing_linked_resource", feature.billingLink.map(BillingLinkedResourceResponseData.init))
        feature.writeMeasure(to: &json)
        json.field("trait", feature.traitID.flatMap { view.get($0) }.map(EntityTraitDefinitionResponseData.init))
        json.field("flags", view.get(feature.flagID).map { [FlagDetailResponseData(flag: $0, view: view)] } ?? [])
        json.field(
            "plans", plans.map { PreviewObject(id: $0.id.description, name: $0.name, description: $0.description) })
    }

    /// The plans whose published version grants the feature.
    private var plans: [Plan] {
        view.all(Plan.self) { plan in
            guard let version = plan.publishedVersionID.flatMap({ view.get($0) }) else { return false }
            return version.entitlementIDs.contains { view.get($0)?.featureID == feature.id }
        }
    }
}

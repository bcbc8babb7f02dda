internal import Basics
internal import Model

struct PlanChangeResponseData: WireObject {
    let change: PlanChange
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", change.id)
        json.field("company_id", change.companyID)
        json.field("company", view.get(change.companyID).map(CompanyResponseData.init))
        json.field("environment_id", view.environment.id)
        json.field("action", change.cause.action)
        json.field("actor_type", change.cause.actorType)
        json.field("base_plan_action", change.cause.basePlanAction)
        json.field("subscription_change_action", change.subscriptionChange)
        json.field("api_key", apiKey)
        json.field("base_plan", change.after.map(plan))
        json.field("base_plan_version", change.after.map(PlanVersionSnapshotView.init))
        json.field("previous_base_plan", change.before.map(plan))
        json.field("previous_base_plan_version", change.before.map(PlanVersionSnapshotView.init))
        json.field("is_version_upgrade", change.isVersionUpgrade)
        json.field("migration_id", change.cause.migrationID)
        json.field("add_ons_added", change.addOnsAdded.map(plan))
        json.field("add_ons_removed", change.addOnsRemoved.map(plan))
        json.field("traits_updated", change.traits.map { SubscriptionTraitUpdate(trait: $0, view: view) })
        json.field("trial_status", change.trial?.status)
        json.field("trial_expires_at", change.trial?.endsAt)
        json.field("trial_converted_at", change.trial?.convertedAt)
        json.field("created_at", change.createdAt)
        json.field("updated_at", change.createdAt)
    }

    private var apiKey: ApiKeyResponseData? {
        change.cause.apiKeyID.flatMap { view.get($0) }.map {
            ApiKeyResponseData(key: $0, environment: view.environment)
        }
    }

    private func plan(_ plan: PlanSnapshot) -> PlanSnapshotView { PlanSnapshotView(plan: plan, view: view) }
}

struct PlanSnapshotView: WireObject {
    let plan: PlanSnapshot
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", plan.planID)
        json.field("name", plan.name)
        json.field("description", plan.description)
        json.field("icon", plan.icon)
        json.field("deleted", view.get(plan.planID) == nil)
    }
}

struct PlanVersionSnapshotView: WireObject {
    let plan: PlanSnapshot

    init(plan: PlanSnapshot) {
        self.plan = plan
    }

    func writeFields(to json: inout JSONWriter) {
        json.field("id", plan.versionID)
        json.field("name", plan.name)
        json.field("version", plan.versionNumber)
    }
}

/// A trait that a plan wrote onto the company, with the feature that it meters where there is one.
struct SubscriptionTraitUpdate: WireObject {
    let trait: PlanTrait
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let feature = view.all(Feature.self) { $0.traitID == trait.traitID }.first
        let definition = view.get(trait.traitID)
        json.field("trait_id", trait.traitID)
        json.field("trait_name", definition?.displayName ?? trait.hierarchy.joined(separator: "."))
        json.field("trait_type", definition?.traitType ?? .string)
        json.field("hierarchy", trait.hierarchy)
        json.field("value", trait.value.text)
        json.field("feature_id", feature?.id.description ?? "")
        json.field("reason", "plan_trait")
    }
}

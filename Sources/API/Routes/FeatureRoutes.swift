internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addFeatures() {
        list("features", Self.featureFilter) { FeatureDetailResponseData(feature: $0, view: $1) }
        one("features", id: "feature_id") { FeatureDetailResponseData(feature: $0, view: $1) }
        post("features") { call in
            let feature = try await call.execute(try call.body.newFeature())
            return try call.answer(.created) { FeatureDetailResponseData(feature: feature, view: $0) }
        }
        put("features/:feature_id") { call in
            var command = UpdateFeature(featureID: try call.id("feature_id"))
            let former = try call.featureToChange()
            command.measure = try call.body.measure(changing: former?.measure)
            command.name = try call.body.optional("name")
            command.description = try call.body.optional("description")
            command.eventSubtype = try call.body.optional("event_subtype")
            command.traitID = try call.body.optional("trait_id")
            command.icon = try call.body.optional("icon")
            command.lifecyclePhase = try call.body.optional("lifecycle_phase")
            command.singularName = try call.body.optional("singular_name")
            command.pluralName = try call.body.optional("plural_name")
            command.maintainerAccountMemberID = try call.body.optional("maintainer_account_member_id")
            command.flag = try call.body.object("flag")?.flag(of: former)
            let feature = try await call.execute(command)
            return try call.answer { FeatureDetailResponseData(feature: feature, view: $0) }
        }
        delete("features/:feature_id") { call in
            var command = DeleteFeature(featureID: try call.id("feature_id"))
            command.overrideCount = try call.engine.read(call.environment) { view in
                try view.count(CompanyOverride.self) { $0.featureID == command.featureID }
            }
            try await call.execute(command)
            return call.deleted()
        }
    }

    private static let featureFilter: Filter<Feature> = { query, view in
        let ids: OneOf<Identifier<Feature>> = try query.oneOf("ids")
        let types: OneOf<FeatureType> = try query.oneOf("feature_type")
        let keepers: OneOf<BillingProviderType> = try query.oneOf(single: "managed_by")
        let needsEvent: Bool? = try query.optional("boolean_require_event")
        let version: Identifier<PlanVersion>? = try query.optional("plan_version_id")
        let granted = version.map { view.features(grantedBy: $0) }
        let overridden: Set<Identifier<Feature>> =
            try (query.optional("without_company_override_for") as Identifier<Company>?)
            .map { view.features(overriddenFor: $0) } ?? []
        let entitled: Set<Identifier<Feature>> =
            try (query.optional("without_plan_entitlement_for") as Identifier<Plan>?)
            .map { view.features(ofPlan: $0) } ?? []
        let search = try query.search()
        return {
            ids.allows($0.id) && types.allows($0.type) && search.allows([$0.name, $0.id.description])
                && keepers.allows($0.billingLink?.provider ?? .schematic)
                && (needsEvent != true || $0.type != .boolean || $0.eventSubtype != nil)
                && (granted?.contains($0.id) ?? true) && !overridden.contains($0.id) && !entitled.contains($0.id)
        }
    }
}

extension WireView {
    fileprivate func features(grantedBy version: Identifier<PlanVersion>) -> Set<Identifier<Feature>> {
        Set(get(version)?.entitlementIDs.compactMap { get($0)?.featureID } ?? [])
    }

    /// Of the draft, else of the published version: what another entitlement would be added to.
    fileprivate func features(ofPlan id: Identifier<Plan>) -> Set<Identifier<Feature>> {
        let plan = get(id)
        return (plan?.draftVersionID ?? plan?.publishedVersionID).map { features(grantedBy: $0) } ?? []
    }

    /// By an override that has not expired.
    fileprivate func features(overriddenFor company: Identifier<Company>) -> Set<Identifier<Feature>> {
        let overrides = get(company)?.overrideIDs.compactMap { get($0) } ?? []
        return Set(overrides.filter { $0.expiresAt.map { now < $0 } ?? true }.map(\.featureID))
    }
}

extension Call {
    /// The feature that a change names; nil when there is none. It keeps the type and the source of events that it was
    /// created with.
    fileprivate func featureToChange() throws -> Feature? {
        let type: FeatureType? = try body.optional("feature_type")
        let id: Identifier<Feature> = try id("feature_id")
        guard let feature = try engine.read(environment, { try $0.get(id) }) else { return nil }
        if let type, feature.type != type {
            throw Refusal.invalid(
                "feature_type of \(id) is \(feature.type.rawValue) and cannot change to \(type.rawValue)")
        }
        let (source, former): (EventSource?, _) = (try body.optional("event_source"), feature.measure?.source ?? .track)
        if let source, source != former {
            throw Refusal.invalid(
                "event_source of \(id) is \(former.rawValue) and cannot change to \(source.rawValue)")
        }
        return feature
    }
}

extension Fields {
    /// The body of `/features`.
    func newFeature() throws(Refusal) -> CreateFeature {
        var command = CreateFeature(
            name: try required("name"), description: try required("description"), type: try required("feature_type"))
        command.eventSubtype = try optional("event_subtype")
        command.measure = try measure()
        command.traitID = try optional("trait_id")
        command.icon = try optional("icon")
        command.lifecyclePhase = try optional("lifecycle_phase")
        command.singularName = try optional("singular_name")
        command.pluralName = try optional("plural_name")
        command.maintainerAccountMemberID = try optional("maintainer_account_member_id")
        command.flag = try object("flag")?.flag(of: nil)
        return command
    }

    /// The flag in the body of `/features`: a feature has the one that is made with it.
    fileprivate func flag(of feature: Feature?) throws(Refusal) -> FlagInput {
        if let id: Identifier<Flag> = try optional("id"), id != feature?.flagID {
            throw .invalid("flag.id is \(id), which is not this feature's: a feature's flag is made with the feature")
        }
        return try flag()
    }

    /// The body of `/flags`, also inside the body of `/features`.
    func flag() throws(Refusal) -> FlagInput {
        let type: String? = try optional("flag_type")
        guard type ?? "boolean" == "boolean" else { throw .invalid("flag_type must be boolean") }
        return FlagInput(
            key: try required("key"), name: try required("name"), description: try optional("description") ?? "",
            defaultValue: try optional("default_value") ?? false,
            maintainerAccountMemberID: try optional("maintainer_account_member_id"))
    }
}

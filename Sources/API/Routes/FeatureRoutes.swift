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
            try call.body.refuseUnsupportedFeatures()
            var command = CreateFeature(
                name: try call.body.required("name"), description: try call.body.required("description"),
                type: try call.body.required("feature_type"))
            command.eventSubtype = try call.body.optional("event_subtype")
            command.measure = try call.body.measure()
            command.traitID = try call.body.optional("trait_id")
            command.icon = try call.body.optional("icon")
            command.lifecyclePhase = try call.body.optional("lifecycle_phase")
            command.singularName = try call.body.optional("singular_name")
            command.pluralName = try call.body.optional("plural_name")
            command.maintainerAccountMemberID = try call.body.optional("maintainer_account_member_id")
            command.flag = try call.body.object("flag")?.flag()
            let feature = try await call.execute(command)
            return try call.answer(.created) { FeatureDetailResponseData(feature: feature, view: $0) }
        }
        put("features/:feature_id") { call in
            try call.body.refuseUnsupportedFeatures()
            var command = UpdateFeature(featureID: try call.id("feature_id"))
            let former = try call.refuseTypeChange()
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
            command.flag = try call.body.object("flag")?.flag()
            let feature = try await call.execute(command)
            return try call.answer { FeatureDetailResponseData(feature: feature, view: $0) }
        }
        delete("features/:feature_id") { call in
            var command = DeleteFeature(featureID: try call.id("feature_id"))
            try call.engine.read(call.environment) { view in
                let archived = try view.list(PlanEntitlement.self, limit: .max) { $0.featureID == command.featureID }
                    .map(\.versionID)
                command.overrideCount = try view.count(CompanyOverride.self) { $0.featureID == command.featureID }
                command.companiesOnArchivedVersions = try view.count(Company.self) { company in
                    guard let versionID = company.plan?.versionID, archived.contains(versionID) else { return false }
                    return try view.get(versionID)?.status == .archived
                }
            }
            try await call.execute(command)
            return call.deleted()
        }
    }

    private static let featureFilter: Filter<Feature> = { query, view in
        let ids: OneOf<Identifier<Feature>> = try query.oneOf("ids")
        let types: OneOf<FeatureType> = try query.oneOf("feature_type")
        let needsEvent: Bool? = try query.optional("boolean_require_event")
        let version: Identifier<PlanVersion>? = try query.optional("plan_version_id")
        let granted = version.flatMap { view.get($0) }.map { version in
            Set(version.entitlementIDs.compactMap { view.get($0)?.featureID })
        }
        let search = try query.search()
        return {
            ids.allows($0.id) && types.allows($0.type) && search.allows([$0.name, $0.id.description])
                && (needsEvent != true || $0.type != .boolean || $0.eventSubtype != nil)
                && (version == nil || granted?.contains($0.id) ?? false)
        }
    }
}

extension Call {
    /// A feature keeps the type that it was created with. Answers the feature as it is.
    fileprivate func refuseTypeChange() throws -> Feature? {
        let type: FeatureType? = try body.optional("feature_type")
        let id: Identifier<Feature> = try id("feature_id")
        let feature = try engine.read(environment) { try $0.get(id) }
        if let type, let feature, feature.type != type {
            throw Refusal.invalid(
                "feature_type of \(id) is \(feature.type.rawValue) and cannot change to \(type.rawValue)")
        }
        return feature
    }
}

extension Fields {
    fileprivate func refuseUnsupportedFeatures() throws(Refusal) {
        try refuseUnsupported("quantity_decimals")
        let source: String? = try optional("event_source")
        guard source ?? "track" == "track" else { throw .invalid("event_source must be track in this release") }
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

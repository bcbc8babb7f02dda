public import Basics
public import Model
public import Store

/// Changes what is given of a feature, and of its flag. The type never changes.
public struct UpdateFeature: Command {
    public static var name: String { "update_feature" }

    public var featureID: Identifier<Feature>
    public var name: String?
    public var description: String?
    public var eventSubtype: String?
    /// What of the event counts. Another measure than before starts at nothing.
    public var measure: Measure?
    public var traitID: Identifier<TraitDefinition>?
    public var icon: String?
    public var lifecyclePhase: FeatureLifecyclePhase?
    public var singularName: String?
    public var pluralName: String?
    public var maintainerAccountMemberID: String?
    public var flag: FlagInput?

    public init(featureID: Identifier<Feature>) {
        self.featureID = featureID
    }

    public func apply(_ transaction: Transaction) throws -> Feature {
        let former = try transaction.require(featureID, "feature")
        var feature = former
        if let name { feature.name = name }
        if let description { feature.description = description }
        if let eventSubtype { feature.eventSubtype = eventSubtype }
        if let measure { feature.measure = measure.isPlain ? nil : measure }
        if let traitID { feature.traitID = traitID }
        if let icon { feature.icon = icon }
        if let lifecyclePhase { feature.lifecyclePhase = lifecyclePhase }
        if let singularName { feature.singularName = singularName }
        if let pluralName { feature.pluralName = pluralName }
        if let maintainerAccountMemberID { feature.maintainerAccountMemberID = maintainerAccountMemberID }
        if feature.eventSubtype != former.eventSubtype || feature.traitID != former.traitID
            || feature.measure != former.measure
        {
            try transaction.refuseIfPriced(feature)
        }
        feature.updatedAt = transaction.now
        try transaction.checkAndPut(&feature)
        for former in [former.meterID, former.eventsMeterID] where former != feature.meterID {
            try Meters.retire(former, transaction)
        }
        if let input = flag {
            var flag = try transaction.require(feature.flagID, "flag")
            try input.apply(to: &flag, transaction)
        }
        return feature
    }
}

extension Transaction {
    /// What meters a feature cannot change once companies may be billed by it: a running period would be metered anew.
    fileprivate func refuseIfPriced(_ feature: Feature) throws {
        for entitlement in try all(PlanEntitlement.self)
        where entitlement.featureID == feature.id && entitlement.priceBehavior != nil {
            guard let version = try get(entitlement.versionID), version.status != .draft else { continue }
            throw Refusal.conflict(
                "version \(version.number) of plan \(version.planID) charges for \"\(feature.name)\": "
                    + "what meters it cannot change")
        }
    }
}

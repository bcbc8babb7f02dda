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
        var feature = try transaction.require(featureID, "feature")
        if let name { feature.name = name }
        if let description { feature.description = description }
        if let eventSubtype { feature.eventSubtype = eventSubtype }
        if let traitID { feature.traitID = traitID }
        if let icon { feature.icon = icon }
        if let lifecyclePhase { feature.lifecyclePhase = lifecyclePhase }
        if let singularName { feature.singularName = singularName }
        if let pluralName { feature.pluralName = pluralName }
        if let maintainerAccountMemberID { feature.maintainerAccountMemberID = maintainerAccountMemberID }
        feature.updatedAt = transaction.now
        try transaction.checkAndPut(&feature)
        if let input = flag {
            var flag = try transaction.require(feature.flagID, "flag")
            try input.apply(to: &flag, transaction)
        }
        return feature
    }
}

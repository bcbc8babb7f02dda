internal import Basics
public import Model
public import Store

/// Makes the feature that a provider's meter or product stands for, or changes it as `UpdateFeature` does.
public struct UpsertLinkedFeature: Command {
    public static var name: String { "upsert_linked_feature" }

    /// To a meter, else to a product.
    public var link: BillingLink
    /// What is nil here stays as it is; but the event of an event feature is then the meter's.
    public var feature: CreateFeature

    public init(link: BillingLink, feature: CreateFeature) {
        self.link = link
        self.feature = feature
    }

    public func apply(_ transaction: Transaction) throws -> Feature {
        let meter = try transaction.meter(of: link)
        guard let resource = try meter?.externalID ?? transaction.product(of: link)?.externalID else {
            throw link.missing("meter or product")
        }
        let link = BillingLink(provider: link.provider, resource: resource)
        var input = feature
        if input.type == .event, input.eventSubtype == nil { input.eventSubtype = meter?.details.eventName }
        var feature: Feature
        if let known = try transaction.all(Feature.self).first(where: { $0.billingLink == link }) {
            guard known.type == input.type else {
                throw Refusal.invalid(
                    "feature_type of \(known.id), which \(resource.cut) stands for, is \(known.type.rawValue) and "
                        + "cannot change to \(input.type.rawValue)")
            }
            feature = try input.changing(known.id).apply(transaction)
        } else {
            feature = try input.apply(transaction)
        }
        feature.billingLink = link
        try transaction.put(feature)
        return feature
    }
}

extension CreateFeature {
    /// The same input to a feature that is there.
    fileprivate func changing(_ id: Identifier<Feature>) -> UpdateFeature {
        var command = UpdateFeature(featureID: id)
        command.name = name
        command.description = description
        command.eventSubtype = eventSubtype
        command.measure = measure
        command.traitID = traitID
        command.icon = icon
        command.lifecyclePhase = lifecyclePhase
        command.singularName = singularName
        command.pluralName = pluralName
        command.maintainerAccountMemberID = maintainerAccountMemberID
        command.flag = flag
        return command
    }
}

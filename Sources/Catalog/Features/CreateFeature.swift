public import Basics
public import Model
public import Store

/// Makes a feature and its flag.
public struct CreateFeature: Command {
    public static var name: String { "create_feature" }

    public var name: String
    public var description: String
    public var type: FeatureType
    /// Event features need it.
    public var eventSubtype: String?
    /// What of the event counts; nil for the sum of its quantities.
    public var measure: Measure?
    /// Trait features need it: a trait of companies. Licences without one are given theirs.
    public var traitID: Identifier<TraitDefinition>?
    public var icon: String?
    public var lifecyclePhase: FeatureLifecyclePhase?
    public var singularName: String?
    public var pluralName: String?
    public var maintainerAccountMemberID: String?
    /// Without it the flag is named after the feature.
    public var flag: FlagInput?

    public init(name: String, description: String, type: FeatureType) {
        self.name = name
        self.description = description
        self.type = type
    }

    public func apply(_ transaction: Transaction) throws -> Feature {
        try name.check(as: "a feature's name")
        let input = try flag ?? FlagInput(ofFeature: name)
        var flag = Flag(
            id: transaction.newID(), key: input.key, name: input.name, description: input.description,
            createdAt: transaction.now)
        var feature = Feature(
            id: transaction.newID(), type: type, name: name, description: description, flagID: flag.id,
            createdAt: transaction.now)
        feature.icon = icon ?? ""
        feature.eventSubtype = eventSubtype
        feature.measure = measure
        feature.traitID = traitID
        feature.lifecyclePhase = lifecyclePhase
        feature.singularName = singularName
        feature.pluralName = pluralName
        feature.maintainerAccountMemberID = maintainerAccountMemberID
        if type == .license { try transaction.addTraits(to: &feature, flagKey: input.key) }
        try transaction.checkAndPut(&feature)
        flag.featureID = feature.id
        try input.apply(to: &flag, transaction)
        return feature
    }
}

extension FeatureType {
    /// As a sentence names it: `an event feature`.
    var words: String {
        switch self {
        case .boolean: "a boolean feature"
        case .event: "an event feature"
        case .trait: "a trait feature"
        case .license: "a licence"
        }
    }
}

extension Transaction {
    /// Puts a feature once its texts fit and what meters it is there.
    func checkAndPut(_ feature: inout Feature) throws {
        try feature.name.check(as: "a feature's name")
        try feature.description.checkOptional(as: "a feature's description")
        try feature.icon.checkOptional(as: "a feature's icon", limit: Limits.nameBytes)
        try feature.singularName?.checkOptional(as: "a feature's singular name", limit: Limits.nameBytes)
        try feature.pluralName?.checkOptional(as: "a feature's plural name", limit: Limits.nameBytes)
        try feature.maintainerAccountMemberID?.checkOptional(as: "a maintainer's id", limit: Limits.nameBytes)
        guard feature.eventSubtype == nil || feature.type == .event else {
            throw Refusal.invalid(
                "only an event feature has an event_subtype, \"\(feature.name)\" is \(feature.type.words)")
        }
        guard feature.traitID == nil || feature.type.isMeteredByTrait else {
            throw Refusal.invalid(
                "only a trait feature or a licence has a trait_id, \"\(feature.name)\" is \(feature.type.words)")
        }
        if feature.measure?.isPlain == true { feature.measure = nil }
        guard feature.measure == nil || feature.type == .event else {
            throw Refusal.invalid(
                "only an event feature has an aggregation, \"\(feature.name)\" is \(feature.type.words)")
        }
        try feature.measure?.check()
        switch feature.type {
        case .boolean: break
        case .event:
            guard let event = feature.eventSubtype else {
                throw Refusal.invalid("the event feature \"\(feature.name)\" needs an event_subtype")
            }
            feature.meterID = try Meters.ensure(self, eventSubtype: event, feature.measure).id
            if feature.eventsMeterID != nil { try keepEachEvent(of: &feature) }
        case .trait, .license:
            guard let traitID = feature.traitID else {
                throw Refusal.invalid("the trait feature \"\(feature.name)\" needs a trait_id")
            }
            try checkCompanyTrait(traitID)
        }
        try put(feature)
    }

    /// Has what each event adds kept by itself from now on. To be put.
    func keepEachEvent(of feature: inout Feature) throws {
        guard let event = feature.eventSubtype else { preconditionFailure("only events have quantities of their own") }
        let measure = (feature.measure ?? Measure()).keepingEach
        feature.eventsMeterID = try Meters.ensure(self, eventSubtype: event, measure).id
    }

    func checkCompanyTrait(_ id: Identifier<TraitDefinition>) throws {
        let definition = try require(id, "trait")
        guard definition.entityType == .company else {
            throw Refusal.invalid("\"\(definition.displayName)\" is a trait of users, a trait of companies is needed")
        }
    }
}

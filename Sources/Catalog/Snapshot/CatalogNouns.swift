package import Basics
package import Model
internal import Store

/// The records of one environment's catalog, by id.
package struct CatalogNouns: Sendable {
    package private(set) var environment: Model.Environment
    package private(set) var traitDefinitions: [Identifier<TraitDefinition>: TraitDefinition]
    package private(set) var features: [Identifier<Feature>: Feature]
    package private(set) var flags: [Identifier<Flag>: Flag]
    package private(set) var plans: [Identifier<Plan>: Plan]
    package private(set) var versions: [Identifier<PlanVersion>: PlanVersion]
    package private(set) var planEntitlements: [Identifier<PlanEntitlement>: PlanEntitlement]
    package private(set) var planGroup: PlanGroup?
    /// Those that count the quantities of all events, by event name.
    package private(set) var meters: [String: Meter] = [:]
    /// Those that count something else of an event and are in use, by event name, the older first.
    package private(set) var derivedMeters: [String: [Meter]] = [:]
    /// All of both.
    package private(set) var meterIDs: Set<Identifier<Meter>> = []
    /// Those whose use is billed as soon as it has reached an amount.
    private var withThreshold: Set<Identifier<PlanEntitlement>> = []
    private(set) var revisions = Revisions()

    /// How often the nouns behind each compiled part have changed: equal numbers of two states in one line mean equal
    /// parts.
    struct Revisions {
        var traits = 0
        var flags = 0
        var grants = 0
    }

    package init(
        environment: Model.Environment, traitDefinitions: [TraitDefinition], features: [Feature], flags: [Flag],
        plans: [Plan], versions: [PlanVersion], planEntitlements: [PlanEntitlement], planGroup: PlanGroup?,
        meters: [Meter]
    ) {
        self.environment = environment
        self.traitDefinitions = Self.byID(traitDefinitions)
        self.features = Self.byID(features)
        self.flags = Self.byID(flags)
        self.plans = Self.byID(plans)
        self.versions = Self.byID(versions)
        self.planEntitlements = Self.byID(planEntitlements)
        self.planGroup = planGroup
        for meter in meters { add(meter) }
        withThreshold = Set(planEntitlements.filter { $0.billingThreshold != nil }.map(\.id))
    }

    /// Whether any plan bills use as soon as it has reached an amount.
    package var hasThresholds: Bool { !withThreshold.isEmpty }

    /// Whether one of these versions does.
    package func haveThresholds(_ ids: [Identifier<PlanVersion>]) -> Bool {
        hasThresholds && ids.contains { versions[$0]?.entitlementIDs.contains(where: withThreshold.contains) == true }
    }

    private mutating func add(_ meter: Meter) {
        meterIDs.insert(meter.id)
        if meter.measure == nil {
            meters[meter.eventSubtype] = meter
            return
        }
        var derived = (derivedMeters[meter.eventSubtype] ?? []).filter { $0.id != meter.id }
        if meter.isRetired != true { derived.append(meter) }
        derivedMeters[meter.eventSubtype] = derived.isEmpty ? nil : derived.sorted { $0.id < $1.id }
    }

    /// What an event feature is metered by; nil for other features.
    package func meterID(of feature: Feature) -> Identifier<Meter>? {
        feature.meterID ?? feature.eventSubtype.flatMap { meters[$0]?.id }
    }

    private static func byID<R: Record>(_ records: [R]) -> [Identifier<R>: R] {
        Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
    }

    package func entitlements(of version: PlanVersion) -> [PlanEntitlement] {
        version.entitlementIDs.compactMap { planEntitlements[$0] }
    }

    /// Takes over one change. Answers false for those that concern no noun of this catalog.
    mutating func apply(_ change: RecordChange) -> Bool {
        switch change.kind {
        case .environment:
            guard let changed = change.record as? Model.Environment, changed.id == environment.id else { return false }
            environment = changed
        case .traitDefinition:
            // A new definition is in no flag's rules yet: only a changed one concerns them.
            if traitDefinitions[Identifier(ordinal: change.ordinal)] != nil { revisions.flags += 1 }
            revisions.traits += 1
            Self.apply(change, to: &traitDefinitions)
        case .feature:
            revisions.flags += 1
            revisions.grants += 1
            Self.apply(change, to: &features)
        case .flag:
            revisions.flags += 1
            Self.apply(change, to: &flags)
        case .plan: Self.apply(change, to: &plans)
        case .planVersion:
            revisions.grants += 1
            Self.apply(change, to: &versions)
        case .planEntitlement:
            revisions.grants += 1
            Self.apply(change, to: &planEntitlements)
            let id = Identifier<PlanEntitlement>(ordinal: change.ordinal)
            if planEntitlements[id]?.billingThreshold != nil {
                withThreshold.insert(id)
            } else {
                withThreshold.remove(id)
            }
        case .planGroup: planGroup = change.record as? PlanGroup
        case .meter:
            guard let meter = change.record as? Meter else { preconditionFailure("meters are never deleted") }
            // Flags and features that name an event come after its meter, or with it.
            add(meter)
        // Nothing that decides looks at the others.
        default: return false
        }
        return true
    }

    private static func apply<R: Record>(_ change: RecordChange, to records: inout [Identifier<R>: R]) {
        records[Identifier(ordinal: change.ordinal)] = change.record.map { record in
            guard let record = record as? R else {
                preconditionFailure("a change of kind \(change.kind) carries a \(type(of: record))")
            }
            return record
        }
    }
}

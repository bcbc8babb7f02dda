internal import Basics
internal import Catalog
internal import Entitlements
internal import Metering
internal import Model

/// What stands before a company's use of an event or trait: the limit of each feature that it meters, and, of an event,
/// the window in which that limit counts.
struct UseLimits {
    static let fullCounter = "The counter of this company and event is full"

    let companyID: Identifier<Company>
    let target: HoldTarget
    let used: UsedUnits
    /// The measure of the feature, where that is not just the sum of all quantities.
    let measure: Measure?
    /// The name of the event that meters it; nil when the feature is gone, or a trait meters it.
    let event: String?
    private let limits: [(grant: Grant, feature: String)]
    private let windows: [UsageWindow]

    /// - Parameters:
    ///   - features: those that count, each with the key of its flag.
    ///   - company: nil when it has been deleted.
    init(
        _ companyID: Identifier<Company>, _ target: HoldTarget, of features: [(feature: Feature, key: String)],
        _ company: CompanyState?, at now: Timestamp
    ) {
        self.companyID = companyID
        self.target = target
        measure = features.first?.feature.measure
        event = features.first?.feature.eventSubtype
        limits = features.compactMap { feature, key in
            company?.standing.effectiveGrant(of: feature.id, at: now).map { (grant: $0, feature: key) }
        }
        switch target {
        case .meter where !limits.isEmpty:
            windows = limits.map { limit in
                let value = limit.grant.terms.value
                return company!.usageWindow(
                    period: value.metricPeriod, reset: value.metricPeriodMonthReset, at: now)
            }
            used = .counted(windows)
        case .meter:
            windows = [.allTime]
            used = .counted(windows)
        case .trait(let trait):
            windows = [.allTime]
            used = .known(company?.standing.traits.integer(trait) ?? 0)
        }
    }

    var key: CounterKey { CounterKey(company: companyID, target: target) }

    /// The window in which the first of them counts.
    var window: UsageWindow { windows[0] }

    /// Whether there is none, which allows nothing.
    var isEmpty: Bool { limits.isEmpty }

    /// Whether all of them allow a quantity beside what is used in their windows, and held.
    func allow(_ quantity: Int64, usage: [Int64], held: Int64) -> Bool {
        limits.indices.allSatisfy { index in
            if case .allowed = decision(index, quantity, usage, held) { true } else { false }
        }
    }

    /// What is told of a decision: the numbers of the limit that decided.
    struct Verdict {
        /// Before it.
        let usage: Int64
        let allocation: Int64?
        /// After it, if it is allowed.
        let remaining: Int64?
        let resetAt: Timestamp?
        /// Nil when it is allowed.
        let refusal: String?
    }

    /// A refusal decides, else the least that remains. Without a limit the numbers are those of all time.
    func verdict(on quantity: Int64, usage: [Int64], held: Int64) -> Verdict {
        let decisions = limits.indices.map { decision($0, quantity, usage, held) }
        func rank(_ decision: ConsumeDecision) -> Int64 {
            switch decision {
            case .refused: .min
            case .allowed(_, let remaining): remaining ?? .max
            }
        }
        guard let index = decisions.indices.min(by: { rank(decisions[$0]) < rank(decisions[$1]) }) else {
            return Verdict(usage: usage[0], allocation: nil, remaining: nil, resetAt: nil, refusal: nil)
        }
        switch decisions[index] {
        case .allowed(let allocation, let remaining):
            return Verdict(
                usage: usage[index], allocation: allocation, remaining: remaining, resetAt: windows[index].end,
                refusal: nil)
        case .refused(let refusal):
            return Verdict(
                usage: usage[index], allocation: refusal.allocation, remaining: refusal.remaining,
                resetAt: windows[index].end, refusal: refusal.reason(feature: limits[index].feature))
        }
    }

    private func decision(_ index: Int, _ quantity: Int64, _ usage: [Int64], _ held: Int64) -> ConsumeDecision {
        ConsumeDecision(limits[index].grant, usage: usage[index], held: held, quantity: quantity)
    }
}

/// The limits that a request runs into, or why it cannot run into any.
enum UseLookup {
    case found(UseLimits)
    case refused(reason: String)
}

extension Engine {
    /// The limits of the company and the feature or event that a request names.
    ///
    /// - Throws: `Refusal` for a feature or event that is not there or is not metered.
    func useLimits(
        of request: ConsumeRequest, _ runtime: EnvironmentRuntime, at now: Timestamp
    ) throws -> UseLookup {
        let features = try meteredFeatures(of: request, runtime.catalog)
        guard let target = runtime.catalog.target(of: features[0].feature) else {
            throw Refusal.conflict("feature \"\(features[0].key)\" is not metered: there is nothing to consume")
        }
        guard let ordinal = try resolve(.company, request.company, in: runtime.id),
            case let id = Identifier<Company>(ordinal: ordinal), let company = try runtime.company(id)
        else { return .refused(reason: "Company not found") }
        let limits = UseLimits(id, target, of: features, company, at: now)
        if limits.isEmpty {
            return .refused(reason: ConsumeRefusal.noEntitlement.reason(feature: features[0].key))
        }
        return .found(limits)
    }

    private func meteredFeatures(
        of request: ConsumeRequest, _ catalog: CatalogSnapshot
    ) throws -> [(feature: Feature, key: String)] {
        if let event = request.event {
            let features = catalog.features(meteredBy: event)
            guard !features.isEmpty else { throw Refusal.notFound("no feature is metered by event \"\(event)\"") }
            var plain = features.filter { $0.feature.measure == nil }
            // With places it is the same count still.
            if plain.isEmpty { plain = features.filter { $0.feature.measure?.isOfQuantities == true } }
            plain = plain.filter { $0.feature.meterID == plain[0].feature.meterID }
            guard !plain.isEmpty else {
                throw Refusal.conflict(
                    "every feature of event \"\(event)\" has an aggregation of its own: name the feature")
            }
            return plain
        }
        let name = request.feature ?? ""
        guard let feature = catalog.feature(named: name) else {
            throw Refusal.notFound("feature \"\(name)\" does not exist")
        }
        if let measure = feature.measure {
            guard measure.aggregation.isAdditive else {
                throw Refusal.invalid(
                    "feature \"\(name)\" has the aggregation \(measure.aggregation.rawValue): only of a sum or a "
                        + "count something can be consumed")
            }
            guard measure.aggregation == .sum || request.quantity == 1 else {
                throw Refusal.invalid(
                    "feature \"\(name)\" counts events: quantity must be 1, not \(request.quantity)")
            }
        }
        return [catalog.keyed(feature)]
    }
}

extension CatalogSnapshot {
    /// The feature with this id, else the one whose flag has this key.
    func feature(named name: String) -> Feature? {
        Identifier<Feature>(name).flatMap { nouns.features[$0] }
            ?? compiledFlags[name]?.featureID.flatMap { nouns.features[$0] }
    }

    /// Whether a name is that of a feature that a trait meters.
    func isOfTrait(_ name: String?) -> Bool {
        name.flatMap { feature(named: $0) }?.type.isMeteredByTrait == true
    }

    /// What meters a feature; nil when it is only on or off.
    func target(of feature: Feature) -> HoldTarget? {
        switch feature.type {
        case .boolean: nil
        case .event: nouns.meterID(of: feature).map(HoldTarget.meter)
        case .trait, .license: feature.traitID.map(HoldTarget.trait)
        }
    }

    /// Those that an event meters, the older first, each with the key of its flag.
    func features(meteredBy event: String) -> [(feature: Feature, key: String)] {
        nouns.features.values.filter { $0.type == .event && $0.eventSubtype == event }
            .sorted { $0.id < $1.id }.map(keyed)
    }

    func keyed(_ feature: Feature) -> (feature: Feature, key: String) {
        (feature, nouns.flags[feature.flagID]?.key ?? feature.name)
    }
}

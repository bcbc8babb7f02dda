package import Basics
internal import Billing
internal import Catalog
internal import Entitlements
internal import Metering
package import Model
package import Store

extension Engine {
    /// Shows one consistent state of everything acknowledged.
    package func read<R>(_ environment: EnvironmentID, _ body: (ReadView) throws -> R) throws -> R {
        let runtime = try requireRuntime(environment)
        return try store.patiently { try body(ReadView(self, runtime, try store.snapshot())) }
    }
}

/// A consistent view of one environment, for lists and lookups. Use it only inside the closure it is handed to.
package final class ReadView {
    let engine: Engine
    let runtime: EnvironmentRuntime
    let snapshot: Snapshot
    let catalog: CatalogSnapshot
    package let now: Timestamp

    init(_ engine: Engine, _ runtime: EnvironmentRuntime, _ snapshot: Snapshot) {
        self.engine = engine
        self.runtime = runtime
        self.snapshot = snapshot
        catalog = runtime.catalog
        now = engine.now(in: runtime.id)
    }

    package var environment: Environment { catalog.nouns.environment }

    // MARK: - Records

    package func get<R: Record>(_ id: Identifier<R>) throws -> R? {
        try snapshot.record(id, in: runtime.id)
    }

    /// Newest first.
    package func list<R: Record>(
        _ type: R.Type, offset: Int = 0, limit: Int, where isWanted: (R) throws -> Bool = { _ in true }
    ) throws -> [R] {
        var page = Page<R>(offset: offset, limit: limit)
        guard limit > 0 else { return [] }
        try snapshot.forEach(R.self, in: runtime.id) { record in
            try isWanted(record) ? page.take(record) : true
        }
        return page.items
    }

    package func count<R: Record>(_ type: R.Type, where isWanted: (R) throws -> Bool = { _ in true }) throws -> Int {
        var count = 0
        try snapshot.forEach(R.self, in: runtime.id) { record in
            if try isWanted(record) { count += 1 }
            return true
        }
        return count
    }

    /// The keys of this environment, newest first.
    package func apiKeys() throws -> [APIKey] {
        try list(APIKey.self, limit: .max) { $0.environmentID == self.runtime.id }
    }

    package func company(keys: [String: String]) throws -> Company? {
        try find(.company, keys).flatMap { try get(Identifier<Company>(ordinal: $0)) }
    }

    package func user(keys: [String: String]) throws -> User? {
        try find(.user, keys).flatMap { try get(Identifier<User>(ordinal: $0)) }
    }

    private func find(_ type: EntityType, _ keys: [String: String]) throws -> UInt64? {
        let environment = runtime.id
        return try KeyLookup(
            type,
            owner: { name, value in
                guard name.utf8.count + value.utf8.count < 500, !name.utf8.contains(0) else { return nil }
                return try self.snapshot.value(.entityKey(type, name: name, value: value, in: environment))?
                    .withUnsafeBytes { $0.bigEndian64(at: 0) }
            },
            exists: { ordinal in
                let kind: RecordKind = type == .company ? .company : .user
                return try self.snapshot.value(.record(kind, in: environment, ordinal: ordinal)) != nil
            }
        ).resolve(keys)
    }

    package func flag(key: String) -> Flag? {
        catalog.compiledFlags[key].flatMap { catalog.nouns.flags[$0.id] }
    }

    package func planGroup() -> PlanGroup? { catalog.nouns.planGroup }

    package func overrides(of company: Company) throws -> [CompanyOverride] {
        try company.overrideIDs.compactMap { try get($0) }
    }

    package func companyCount(onPlan plan: Identifier<Plan>) throws -> Int {
        try (catalog.nouns.plans[plan]?.versionIDs ?? []).reduce(0) { sum, version in
            sum + Int(try get(Identifier<PlanVersionUse>(ordinal: version.ordinal))?.companies ?? 0)
        }
    }

    /// The rules made from plan entitlements and live overrides of the flag's feature.
    package func derivedRules(of flag: Flag) throws -> [Rule] {
        guard let featureID = flag.featureID else { return [] }
        let overrides = try list(CompanyOverride.self, limit: .max) { override in
            override.featureID == featureID && override.expiresAt.map { self.now < $0 } ?? true
        }
        return catalog.derivedRules(of: flag, overrides: overrides)
    }

    // MARK: - Billing

    /// Newest first, of one company or of all.
    package func invoices(
        of company: Identifier<Company>? = nil, offset: Int = 0, limit: Int,
        where isWanted: (Invoice) throws -> Bool = { _ in true }
    ) throws -> [Invoice] {
        guard let company else { return try list(Invoice.self, offset: offset, limit: limit, where: isWanted) }
        var page = Page<Invoice>(offset: offset, limit: limit)
        guard limit > 0 else { return [] }
        var prefix = KeyBytes()
        prefix.append(company.ordinal)
        try snapshot.forEach(.invoices, prefix: prefix.bytes, reversed: true) { key, _ in
            guard let invoice = try get(Identifier<Invoice>(ordinal: key.bigEndian64(at: 8))), try isWanted(invoice)
            else {
                return true
            }
            return page.take(invoice)
        }
        return page.items
    }

    /// Newest first, of one company or of all.
    package func planChanges(
        of company: Identifier<Company>?, offset: Int, limit: Int, where isWanted: (PlanChange) -> Bool
    ) throws -> [PlanChange] {
        guard let company else { return try list(PlanChange.self, offset: offset, limit: limit, where: isWanted) }
        var page = Page<PlanChange>(offset: offset, limit: limit)
        guard limit > 0 else { return [] }
        var prefix = KeyBytes()
        prefix.append(company.ordinal)
        try snapshot.forEach(.planChanges, prefix: prefix.bytes, reversed: true) { key, _ in
            guard let change = try get(Identifier<PlanChange>(ordinal: key.bigEndian64(at: 8))), isWanted(change)
            else {
                return true
            }
            return page.take(change)
        }
        return page.items
    }

    /// What the close at the end of the running period would issue if nothing more happened, as a draft; nil without a
    /// subscription.
    package func upcomingInvoice(of company: Company) throws -> Invoice? {
        guard let id = company.subscriptionID, let subscription = try get(id) else { return nil }
        let end = subscription.period.end
        if let checkoutID = company.scheduledCheckoutID, try get(checkoutID)?.executeAfter == end {
            return try engine.rehearse(ExecuteCheckouts(checkoutIDs: [checkoutID]), in: runtime.id, at: end).first?
                .draft
        }
        if subscription.status == .trialing {
            return try engine.rehearse(EndTrials(subscriptionIDs: [id]), in: runtime.id, at: end).first?.draft
        }
        return try engine.rehearse(ClosePeriod(subscriptionID: id), in: runtime.id, at: end)
    }

    /// A draft as it would be finalised now, with the late use that has joined it; any other invoice as it is.
    package func present(_ invoice: Invoice) throws -> Invoice {
        guard invoice.status == .draft else { return invoice }
        var draft = invoice
        do {
            draft.lines = try engine.rehearse(FinalizeInvoice(invoiceID: invoice.id), in: runtime.id, at: now).lines
        } catch is Refusal {
            // It became final meanwhile, or would be too large: it is shown as it was made.
        }
        return draft
    }

    // MARK: - Usage

    /// Nil when the company has no entitlement to the feature.
    package func featureUsage(of company: Company, feature: Feature) throws -> FeatureUsage? {
        guard let state = try runtime.company(company.id) else { return nil }
        return try featureUsage(of: company, try activeSubscription(of: company), feature, state)
    }

    /// Of every feature that the company is entitled to, oldest feature first.
    package func entitledFeatures(of company: Company) throws -> [FeatureUsage] {
        guard let state = try runtime.company(company.id) else { return [] }
        let subscription = try activeSubscription(of: company)
        return try state.standing.grantedFeatures.compactMap { id in
            try catalog.nouns.features[id].flatMap { try featureUsage(of: company, subscription, $0, state) }
        }
    }

    /// The companies that a feature is granted to, with what they have of it, newest first.
    package func usages(
        of feature: Feature, offset: Int = 0, limit: Int = .max, where isWanted: (Company) -> Bool = { _ in true }
    ) throws -> [(company: Company, usage: FeatureUsage)] {
        var page = Page<(company: Company, usage: FeatureUsage)>(offset: offset, limit: limit)
        try snapshot.forEach(Company.self, in: environment.id) { company in
            guard isWanted(company), let usage = try featureUsage(of: company, feature: feature) else { return true }
            return page.take((company, usage))
        }
        return page.items
    }

    private func activeSubscription(of company: Company) throws -> Subscription? {
        let subscription = try company.subscriptionID.flatMap { try get($0) }
        return subscription?.isLive == true ? subscription : nil
    }

    private func featureUsage(
        of company: Company, _ subscription: Subscription?, _ feature: Feature, _ state: CompanyState
    ) throws -> FeatureUsage? {
        guard let grant = state.standing.effectiveGrant(of: feature.id, at: now) else { return nil }
        let entitlement = grant.terms.entitlementID.flatMap { catalog.nouns.planEntitlements[$0] }
        let planEntitlements = company.assignments.compactMap { catalog.nouns.versions[$0.versionID] }
            .flatMap(catalog.nouns.entitlements).filter { $0.featureID == feature.id }
        let planEntitlement = entitlement ?? planEntitlements.first
        // An add-on may allow more of what the base plan charges for.
        let billed = planEntitlements.first(where: \.isBilledInArrears) ?? planEntitlement
        let reading = try reading(of: feature, grant, company, state)
        return FeatureUsage(
            feature: feature, grant: grant, planEntitlement: planEntitlement,
            override: state.overrides.first { $0.id == grant.terms.overrideID }, usage: reading.usage,
            exactUsage: try exactUsage(of: feature, grant, company, state), held: reading.held,
            billedQuantity: try billedQuantity(of: feature, billed, subscription),
            resetAt: reading.resetsAt, price: subscription.flatMap { billed?.price(for: $0) })
    }

    private func reading(
        of feature: Feature, _ grant: Grant, _ company: Company, _ state: CompanyState
    ) throws -> UsageReading {
        switch feature.type {
        case .boolean: return UsageReading(usage: 0)
        case .trait, .license:
            guard let trait = feature.traitID else { return UsageReading(usage: 0) }
            let key = CounterKey(company: company.id, target: .trait(trait))
            var state = state
            while true {
                let held = engine.counters.unitsHeld(of: key, at: now)
                // Until both are of one moment: a commit takes units from the one and adds them to the other.
                guard let present = try runtime.company(company.id), present !== state else {
                    return UsageReading(usage: state.standing.traits.integer(trait), held: held)
                }
                state = present
            }
        case .event:
            let value = grant.terms.value
            let window = state.usageWindow(period: value.metricPeriod, reset: value.metricPeriodMonthReset, at: now)
            guard let meter = catalog.nouns.meterID(of: feature) else {
                return UsageReading(usage: 0, resetsAt: window.end)
            }
            let key = CounterKey(company: company.id, meter: meter)
            let (usage, held) = try engine.counters.reading(of: key, in: window, at: now)
            return UsageReading(usage: usage, held: held, resetsAt: window.end)
        }
    }

    private func billedQuantity(
        of feature: Feature, _ entitlement: PlanEntitlement?, _ subscription: Subscription?
    ) throws -> Decimal? {
        guard let entitlement, entitlement.isBilledInArrears, let subscription,
            let meter = catalog.nouns.meterID(of: feature)
        else { return nil }
        let count = try engine.counters.sum(
            company: subscription.companyID, meter: meter, in: subscription.meteredPeriod)
        return MeterUnit.quantity(count, ofMeter: meter.ordinal)
    }

    /// The usage with its places; nil where only whole units count.
    private func exactUsage(
        of feature: Feature, _ grant: Grant, _ company: Company, _ state: CompanyState
    ) throws -> Decimal? {
        guard let meter = feature.meterID, MeterUnit.places(ofMeter: meter.ordinal) > 0 else { return nil }
        let value = grant.terms.value
        let window = state.usageWindow(period: value.metricPeriod, reset: value.metricPeriodMonthReset, at: now)
        return try engine.counters.quantity(of: CounterKey(company: company.id, meter: meter), in: window)
    }
}

/// A window of a list: skips `offset`, takes `limit`.
struct Page<Item> {
    private var skip: Int
    private let limit: Int
    private(set) var items: [Item] = []

    init(offset: Int, limit: Int) {
        skip = offset
        self.limit = limit
    }

    /// False when the page is full.
    mutating func take(_ item: Item) -> Bool {
        if skip > 0 {
            skip -= 1
        } else {
            items.append(item)
        }
        return items.count < limit
    }
}

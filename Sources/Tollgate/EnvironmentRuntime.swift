internal import Basics
internal import Catalog
internal import Entitlements
internal import Metering
internal import Model
internal import Store

/// What is kept in memory of one environment: its catalog, its dedupe window, and the companies and users that were
/// asked for.
final class EnvironmentRuntime: Sendable {
    let id: EnvironmentID
    let dedupe: DedupeWindow
    /// One closer at a time, so that invoices are numbered in the order in which they fall due.
    let closing = Turnstile()
    let lateUse = LateUse()
    /// When flags were last checked, as far as the store knows.
    let notedFlagChecks = Locked<[Identifier<Flag>: Timestamp]>([:])
    private let store: Store
    private let current: Published<CatalogSnapshot>
    private let companies: RecordCache<Company, CompanyState>
    private let users: RecordCache<User, UserFacts>
    /// The states that companies share, by plan version; nil for those without a plan.
    private let alike = Locked<[Identifier<PlanVersion>?: CompanyState]>([:])

    init(_ environment: Environment, _ store: Store, _ dedupe: DedupeWindow) throws {
        id = environment.id
        self.dedupe = dedupe
        self.store = store
        current = Published(try Self.load(environment, store))
        companies = RecordCache(limit: 1 << 20)
        users = RecordCache(limit: 1 << 17)
    }

    private static func load(_ environment: Environment, _ store: Store) throws -> CatalogSnapshot {
        let id = environment.id
        return CatalogSnapshot(
            CatalogNouns(
                environment: environment, traitDefinitions: try store.all(TraitDefinition.self, in: id),
                features: try store.all(Feature.self, in: id), flags: try store.all(Flag.self, in: id),
                plans: try store.all(Plan.self, in: id), versions: try store.all(PlanVersion.self, in: id),
                planEntitlements: try store.all(PlanEntitlement.self, in: id),
                planGroup: try store.all(PlanGroup.self, in: id).first, meters: try store.all(Meter.self, in: id)))
    }

    /// The catalog as the last command left it; a whole one, always.
    var catalog: CatalogSnapshot { current.object }

    /// What decisions need of the company, made from the present catalog; nil when there is no such company.
    ///
    /// The company is read before the catalog: a company never refers to a plan that the catalog beside it lacks.
    func company(_ id: Identifier<Company>) throws -> CompanyState? {
        guard let state = try companies.value(id, load: { try loadCompany($0) }) else { return nil }
        if current.isPresent(state.catalog) { return state }
        guard let renewed = try state.renewed(under: catalog).map(unified) ?? loadCompany(id) else { return nil }
        companies.replace(id, state, with: renewed)
        return renewed
    }

    private func loadCompany(_ id: Identifier<Company>) throws -> CompanyState? {
        // A change of plan writes company and subscription: one without the other would be neither plan.
        let view = try store.view()
        guard let company = try view.record(id, in: self.id) else { return nil }
        return unified(
            CompanyState(
                company, overrides: try company.overrideIDs.compactMap { try view.record($0, in: self.id) },
                subscription: try company.subscriptionID.flatMap { try view.record($0, in: self.id) },
                catalog: catalog))
    }

    /// One state for all companies that nothing tells apart: each takes 16 bytes of the cache then, and no more.
    private func unified(_ state: CompanyState) -> CompanyState {
        guard state.isAlikeForAll else { return state }
        return alike.withLock { alike in
            let version = state.standing.planVersionIDs.first
            if let known = alike[version], known.catalog === state.catalog { return known }
            alike[version] = state
            return state
        }
    }

    func user(_ id: Identifier<User>) throws -> UserFacts? {
        try users.value(id) { id in
            try store.record(id, in: self.id).map { catalog.facts(of: $0) }
        }
    }

    /// Follows a command's changes. Called alone (gate held).
    func publish(_ changes: [RecordChange]) {
        for change in changes {
            switch change.kind {
            case .company: companies.forget(Identifier(ordinal: change.ordinal))
            case .user: users.forget(Identifier(ordinal: change.ordinal))
            default: if let effect = change.effect { companies.forget(effect.companyID) }
            }
        }
        let ofCatalog = changes.filter { $0.kind.isCatalog && $0.kind != .apiKey }
        guard !ofCatalog.isEmpty else { return }
        current.replace { $0.applying(ofCatalog) }
        // Facts of users are made under the trait definitions of their time.
        if ofCatalog.contains(where: { $0.kind == .traitDefinition }) { users.forgetAll() }
    }

    /// Reads everything again from the store, after a failed commit. Called alone (gate held).
    func reload() throws {
        guard let environment = try store.record(id, in: id) else { return }
        let catalog = try Self.load(environment, store)
        current.replace { _ in catalog }
        companies.forgetAll()
        users.forgetAll()
        // Of uncommitted use, too. What is forgotten is found by the last look, as after a restart.
        _ = lateUse.take()
    }
}

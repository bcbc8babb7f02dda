internal import Basics
internal import Entitlements
internal import Model
internal import Store
internal import Tollgate

/// What an answer looks up while it is written: one consistent state of an environment.
///
/// Writing an answer has no way to fail, so what goes wrong with the store is kept here, and looked at afterwards.
final class WireView {
    let reading: ReadView
    private(set) var failure: (any Error)?

    init(_ reading: ReadView) {
        self.reading = reading
    }

    var environment: Model.Environment { reading.environment }
    var now: Timestamp { reading.now }
    var planGroup: PlanGroup? { reading.planGroup() }

    func get<R: Record>(_ id: Identifier<R>) -> R? {
        attempt(nil) { try reading.get(id) }
    }

    /// Every record of a kind that an environment has few of.
    func all<R: Record>(_ type: R.Type, where isWanted: (R) -> Bool) -> [R] {
        attempt([]) { try reading.list(type, limit: .max, where: isWanted) }
    }

    func companyCount(onPlan plan: Identifier<Plan>) -> Int {
        attempt(0) { try reading.companyCount(onPlan: plan) }
    }

    func entitledFeatures(of company: Company) -> [FeatureUsage] {
        attempt([]) { try reading.entitledFeatures(of: company) }
    }

    /// The rules that people wrote and those that entitlements and overrides make.
    func rules(of flag: Flag) -> [Rule] {
        flag.rules + attempt([]) { try reading.derivedRules(of: flag) }
    }

    func lastCheck(of flag: Flag) -> Timestamp? {
        attempt(nil) { try reading.lastCheck(of: flag) }
    }

    func attempt<Value>(_ fallback: Value, _ look: () throws -> Value) -> Value {
        do {
            return try look()
        } catch {
            failure = error
            return fallback
        }
    }
}

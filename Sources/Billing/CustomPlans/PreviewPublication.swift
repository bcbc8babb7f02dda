internal import Basics
package import Catalog
package import Model
package import Store

/// What publishing a version would do: carried out on a transaction that is thrown away.
package struct PreviewPublication: Command {
    package static let name = "preview_publication"

    package let publication: PublishPlanVersion

    package init(publication: PublishPlanVersion) {
        self.publication = publication
    }

    package struct Outcome: Sendable {
        /// How many companies a migration would move.
        package var companies: Int64 = 0
        /// Whether companies on earlier versions would pay otherwise.
        package var hasBillingChanges = false
        /// Why it would be refused.
        package var problem: String?
        /// The company that a custom plan is for, and what the publication does to what it pays.
        package var company: Company?
        package var subscription: Subscription?
        package var effect: PlanChangeEffect?
        /// What is paid ahead of each period, and the quantities in that.
        package var recurring: Int64?
        package var payInAdvance: [PlanEntitlement] = []
    }

    package func apply(_ transaction: Transaction) throws -> Outcome {
        var outcome = Outcome()
        let draft = try transaction.require(publication.versionID, "plan version")
        let former = try transaction.get(draft.planID)?.publishedVersionID
        do {
            _ = try publication.apply(transaction)
        } catch let refusal as Refusal where refusal.kind == .conflict {
            outcome.problem = refusal.message
            return outcome
        }
        let plan = try transaction.require(draft.planID, "plan")
        let version = try transaction.require(draft.id, "plan version")
        outcome.hasBillingChanges =
            try former.map {
                try !transaction.require($0, "plan version").charges(like: version, transaction)
            } ?? false
        if publication.migrationStrategy != .leave {
            let excluded = try publication.excludedCompanyIDs.count { try transaction.get($0)?.has(plan.id) ?? false }
            outcome.companies = try transaction.companyCount(on: plan.versionIDs.filter { $0 != version.id })
            outcome.companies -= Int64(excluded)
        }
        if let id = plan.companyID { try preview(id, plan, version, &outcome, transaction) }
        return outcome
    }

    /// What the one company of a custom plan would pay.
    private func preview(
        _ id: Identifier<Company>, _ plan: Plan, _ version: PlanVersion, _ outcome: inout Outcome,
        _ transaction: Transaction
    ) throws {
        let company = try transaction.require(id, "company")
        outcome.company = company
        outcome.subscription = try company.subscriptionID.flatMap { try transaction.get($0) }
        let choice: PlanChoice
        if company.has(plan.id) {
            if publication.migrationStrategy == .leave || publication.excludedCompanyIDs.contains(id) { return }
            switch try PlanChoice.version(version.id, for: company, transaction) {
            case .success(let version): choice = version
            case .failure(let problem):
                outcome.problem = problem.message
                return
            }
        } else {
            var selection = ManagePlan(companyID: id)
            selection.basePlanID = plan.id
            selection.basePlanVersionID = version.id
            switch try PlanChoice.resolve(selection, company, transaction) {
            case .success(let chosen): choice = chosen
            case .failure(let problem):
                outcome.problem = problem.message
                return
            }
        }
        let timing = company.has(plan.id) ? publication.timing : nil
        outcome.effect = try choice.carryOut(
            company, because: PlanChangeCause(.managePlan), prorated: timing, transaction)
        outcome.payInAdvance = try transaction.entitlements(of: version).filter { $0.priceBehavior == .payInAdvance }
        let after = try transaction.require(id, "company").subscriptionID.flatMap { try transaction.get($0) }
        outcome.subscription = after
        outcome.recurring = try after.map { subscription in
            let terms = try BillingTerms(of: subscription, transaction)
            return try subscription.advanceLines(for: subscription.period, terms, transaction)
                .reduce(0) { $0 + $1.amount }
        }
    }
}

extension PublishPlanVersion {
    fileprivate var timing: ProrationTiming {
        let usual: MigrationProration = migrationStrategy == .immediate ? .createProrations : .none
        return ProrationTiming(proration ?? usual)
    }
}

extension PlanVersion {
    /// Whether it has the same prices as another version, for the plan and for the use of its features.
    fileprivate func charges(like other: PlanVersion, _ transaction: Transaction) throws -> Bool {
        func fees(_ version: PlanVersion) -> Set<PriceInput> {
            Set(version.prices.map { PriceInput(interval: $0.interval, amount: $0.amount, currency: $0.currency) })
        }
        func uses(_ version: PlanVersion) throws -> [Identifier<Feature>: Set<UsePrice>] {
            let priced = try transaction.entitlements(of: version).filter { $0.priceBehavior != nil }
            return Dictionary(
                uniqueKeysWithValues: priced.map { ($0.featureID, Set($0.meteredPrices.map(UsePrice.init))) })
        }
        return try fees(self) == fees(other) && uses(self) == uses(other)
    }
}

/// A price of use, whatever its id.
private struct UsePrice: Hashable {
    let interval: PriceInterval
    let price: CommonPrice

    init(_ price: MeteredPrice) {
        interval = price.interval
        self.price = price.common
    }
}

internal import Basics
internal import Catalog
internal import Model
internal import Store

/// Why a company cannot come to another version of its plan.
struct MigrationProblem: Error {
    let code: MigrationErrorCode
    let message: String
}

extension PlanChoice {
    /// What a company has, with another version of one of its plans: the price of the interval and currency that its
    /// subscription has, and the quantities that it has bought, by feature.
    static func version(
        _ versionID: Identifier<PlanVersion>, for company: Company, _ transaction: Transaction
    ) throws -> Result<PlanChoice, MigrationProblem> {
        do {
            guard let version = try transaction.get(versionID), version.status == .published else {
                throw MigrationProblem(code: .permanentConfig, message: "version \(versionID) is no longer published")
            }
            let target = try target(version, for: company, transaction)
            try target?.checkUseIsBilledOnce(transaction)
            return .success(PlanChoice(target: target, keepsSubscription: true))
        } catch let problem as MigrationProblem {
            return .failure(problem)
        } catch let problem as PlanProblem {
            return .failure(MigrationProblem(code: .permanentConfig, message: problem.message))
        }
    }

    private static func target(
        _ new: PlanVersion, for company: Company, _ transaction: Transaction
    ) throws -> Target? {
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        let parts = try company.assignments.map { assignment in
            let plan = try transaction.require(assignment.planID, "plan")
            guard assignment.planID == new.planID else {
                let version = try transaction.require(assignment.versionID, "plan version")
                let priceID = running?.priceID(of: version)
                return AddOn(plan: plan, version: version, price: version.prices.first { $0.id == priceID })
            }
            let former = try transaction.require(assignment.versionID, "plan version")
            return AddOn(
                plan: plan, version: new, price: try new.price(in: running, plan, after: former, transaction))
        }
        guard let base = parts.first else { return nil }
        var target = Target(plan: base.plan, version: base.version, price: base.price)
        target.addOns = Array(parts.dropFirst())
        if let running { target.payInAdvance = try running.quantities(in: target, transaction) }
        return target
    }

    /// Carries out a change of version inside a period, prorated as the migration says.
    func migrate(_ company: Company, _ migration: PlanVersionMigration, _ transaction: Transaction) throws {
        let before = try company.subscriptionID.flatMap { try transaction.get($0) }
        try carryOut(company, because: migration.cause, prorated: ProrationTiming(migration.proration), transaction)
        guard let before, before.cancelAtPeriodEnd, var after = try transaction.get(before.id) else { return }
        // The company has not asked to stay.
        after.cancelAtPeriodEnd = true
        try transaction.put(after)
    }
}

extension ProrationTiming {
    init(_ proration: MigrationProration) {
        self =
            switch proration {
            case .alwaysInvoice: .now
            case .createProrations: .onNextInvoice
            case .none: .never
            }
    }
}

extension PlanVersionMigration {
    var cause: PlanChangeCause {
        var cause = PlanChangeCause(.planVersionMigration, by: .system)
        cause.migrationID = id
        return cause
    }
}

extension Subscription {
    fileprivate func priceID(of version: PlanVersion) -> Identifier<Price>? {
        versionID == version.id ? priceID : addOns.first { $0.versionID == version.id }?.priceID
    }

    /// What is bought ahead with another version: of what is sold as before as much as now, of the rest the preset.
    fileprivate func quantities(
        in target: PlanChoice.Target, _ transaction: Transaction
    ) throws -> [PayInAdvanceQuantity] {
        let former = try payInAdvance.compactMap { bought in
            try transaction.get(bought.entitlementID).map { ($0, bought.quantity) }
        }
        return try target.entitlements(transaction).compactMap { _, entitlement in
            guard entitlement.priceBehavior == .payInAdvance else { return nil }
            let bought = former.first { ($0.0.planID, $0.0.featureID) == (entitlement.planID, entitlement.featureID) }
            return PayInAdvanceQuantity(
                entitlementID: entitlement.id, quantity: bought?.1 ?? entitlement.usageQuantity ?? 0)
        }
    }

    /// At a period's end, before the next begins: comes to the version that a migration has put it down for. Answers
    /// whether it did, so that the next period has other terms. To be put afterwards.
    mutating func takeAwaitedVersion(_ transaction: Transaction) throws -> Bool {
        guard let recordID = migrationID else { return false }
        migrationID = nil
        var run = try MigrationRun(of: transaction.require(recordID, "company migration"), transaction)
        let company = try transaction.require(companyID, "company")
        guard let choice = try run.choice(for: company), let target = choice.target, let price = target.price else {
            try run.save()
            return false
        }
        let action = try choice.action(for: company, transaction)
        versionID = target.version.id
        priceID = price.id
        payInAdvance = target.payInAdvance
        addOns = target.subscribedAddOns
        var moved = company
        (moved.plan, moved.addOns) = target.assignments(of: company, at: transaction.now)
        moved.updatedAt = transaction.now
        try transaction.put(moved)
        try transaction.notePlanChange(of: companyID, from: company, because: run.migration.cause, action)
        run.settle(.completed)
        try run.save()
        return true
    }
}

extension PlanVersion {
    /// What it costs in a subscription; nil when it costs nothing. Nobody without a subscription comes to owe anything.
    fileprivate func price(
        in subscription: Subscription?, _ plan: Plan, after former: PlanVersion, _ transaction: Transaction
    ) throws -> Price? {
        let name = "version \(number) of plan \"\(plan.name)\""
        guard chargeType != .oneTime || former.chargeType == .oneTime else {
            throw MigrationProblem(code: .permanentConfig, message: "\(name) is paid once, which nobody has agreed to")
        }
        // Whoever has an earlier version that is paid once has paid for it.
        let isFree = chargeType != .recurring
        guard let subscription else {
            let isUseFree = try entitlementIDs.allSatisfy { try transaction.get($0)?.priceBehavior == nil }
            guard isFree, isUseFree else {
                throw MigrationProblem(
                    code: .permanentConfig, message: "\(name) is paid for, and the company has no subscription")
            }
            return nil
        }
        if isFree {
            guard plan.type == .addOn else {
                throw MigrationProblem(
                    code: .wouldLeaveEmptySubscription,
                    message: "\(name) costs nothing, and the company has a subscription")
            }
            return nil
        }
        let price = prices.first { ($0.interval, $0.currency) == (subscription.interval, subscription.currency) }
        guard let price else {
            throw MigrationProblem(
                code: .noPriceForInterval,
                message: "\(name) has no price per \(subscription.interval.text) in \(subscription.currency.code)")
        }
        return price
    }
}

internal import Basics
internal import Catalog
package import Entitlements
package import Model
internal import Store

/// A feature of which more is used already than a plan change would leave.
package struct UsageViolation: Sendable {
    package let feature: Feature
    /// The company's effective grant after the change: the override's where that allows more.
    package let grant: Grant
    package let allocation: Int64
    package let usage: Int64
    /// Where the usage counts.
    package let window: UsageWindow
}

extension PlanChoice {
    /// What the choice leaves too little of, the oldest feature first. As much as is allowed may be used.
    /// Source of the rule: Schematic, plan changes, PC-23.
    func violations(of company: Company, _ transaction: Transaction) throws -> [UsageViolation] {
        let (base, addOns) =
            try target?.assignments(of: company, at: transaction.now) ?? (PlanGroup.fallback(transaction), [])
        let standing = try transaction.standing(
            of: company, on: base, with: addOns, purchased: target?.payInAdvance ?? [])
        return try standing.grantedFeatures.compactMap { id in
            guard let grant = standing.effectiveGrant(of: id, at: transaction.now),
                let allocation = grant.allocation.limit
            else { return nil }
            let feature = try transaction.require(id, "feature")
            let window = try window(of: grant, company, transaction)
            let usage = try usage(of: feature, by: company, in: window, standing, transaction)
            guard usage > allocation else { return nil }
            return UsageViolation(
                feature: feature, grant: grant, allocation: allocation, usage: usage, window: window)
        }
    }

    private func usage(
        of feature: Feature, by company: Company, in window: UsageWindow, _ standing: Standing,
        _ transaction: Transaction
    ) throws -> Int64 {
        switch feature.type {
        case .boolean: return 0
        case .trait, .license: return feature.traitID.map { standing.traits.integer($0) } ?? 0
        case .event:
            let meters = try transaction.all(Meter.self)
            let named = meters.first { $0.measure == nil && $0.eventSubtype == feature.eventSubtype }
            guard let meter = feature.meterID ?? named?.id else { return 0 }
            return try transaction.usage(company: company.id, meter: meter, in: window)
        }
    }

    /// The window in which the grant would count. A billing cycle goes on as it is, or begins with the count so far.
    private func window(of grant: Grant, _ company: Company, _ transaction: Transaction) throws -> UsageWindow {
        let value = grant.terms.value
        let window = UsageWindow(value.metricPeriod ?? .allTime, at: transaction.now)
        guard value.metricPeriod == .currentMonth, value.metricPeriodMonthReset == .billingCycle,
            target?.price != nil
        else { return window }
        let running = try company.subscriptionID.flatMap { try transaction.get($0) }
        return UsageWindow(start: Self.usageWindowStart(running, at: transaction.now), end: nil)
    }

    /// What is to be said about the change before it is carried out. A customer cannot pass limits by taking less, and
    /// cannot take less at all where the plan group says so; whoever manages the plan is warned.
    func problems(
        of company: Company, _ violations: [UsageViolation], isSelfServe: Bool, _ transaction: Transaction
    ) throws -> [PlanProblem] {
        let settings = try transaction.all(PlanGroup.self).first?.settings ?? PlanGroupSettings()
        let isLess = try isSelfServe && self.isLess(for: company, transaction)
        var problems: [PlanProblem] = []
        if isLess, settings.preventsSelfServiceDowngrades {
            var problem = PlanProblem(
                "downgrade_not_permitted", "plans cannot be downgraded here", plan: target?.plan.id)
            let hints = [settings.downgradeButtonText, settings.downgradeURL].compactMap(\.self)
            if !hints.isEmpty { problem.detail = hints.joined(separator: ": ") }
            problems.append(problem)
        }
        for violation in violations {
            var problem = PlanProblem(
                "usage_over_limit",
                "feature \(violation.feature.name) is over the limit: usage \(violation.usage)/\(violation.allocation)",
                plan: target?.plan.id, feature: violation.feature.id)
            problem.isBlocking =
                isLess
                && (settings.scheduledDowngrades == .none
                    ? settings.preventsDowngradesOverLimit : settings.scheduledDowngradesHeedLimits)
            problems.append(problem)
        }
        return problems
    }
}

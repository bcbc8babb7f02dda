package import Basics
internal import Catalog
internal import Entitlements
internal import Metering
package import Model
internal import Store

/// How a company's use of a limited feature stands out.
package enum UsageSignalKind: String, Sendable, CaseIterable {
    /// Everything is used, or more.
    case atLimit = "at_limit"
    /// The threshold's share is used, or more; who is at the limit is near it, too.
    case nearLimit = "near_limit"
    /// Less is used than the lower threshold's share.
    case underUsed = "under_used"
}

/// What one company has used of a feature that it has a limit of.
package struct UsageSignal: Sendable {
    package let company: Identifier<Company>
    package let companyName: String
    package let planID: Identifier<Plan>?
    package let feature: Feature
    package let usage: Int64
    /// Above 0.
    package let limit: Int64
    package let kinds: [UsageSignalKind]
    package let resetAt: Timestamp?
    fileprivate let value: EntitlementValue
}

/// Use in the period before the present one.
package struct PreviousUse: Sendable {
    package let usage: Int64
    /// As far as the present period has come, to the hour.
    package let usageToDate: Int64
}

/// Which shares of a limit are much and which are little, in percent.
package struct SignalThresholds: Sendable {
    package let near: Int64
    package let under: Int64

    package init(near: Int64, under: Int64) {
        self.near = near
        self.under = under
    }

    func kinds(of usage: Int64, of limit: Int64) -> [UsageSignalKind] {
        func uses(_ percent: Int64) -> Bool { Int128(limit) * Int128(percent) <= Int128(usage) * 100 }
        return UsageSignalKind.allCases.filter { kind in
            switch kind {
            case .atLimit: limit <= usage
            case .nearLimit: uses(near)
            case .underUsed: !uses(under)
            }
        }
    }
}

extension ReadView {
    /// The companies' uses that stand out, the greatest share of a limit first; of equal ones the newest company's.
    ///
    /// Looks at every company, and asks memory for its counters where it has them. A limit of 0 is none to come near.
    package func usageSignals(
        _ thresholds: SignalThresholds, features: Set<Identifier<Feature>>?,
        where isWanted: (Company, [UsageSignalKind]) -> Bool
    ) throws -> [UsageSignal] {
        var found: [UsageSignal] = []
        try snapshot.forEach(Company.self, in: runtime.id) { company in
            let usages =
                if let features {
                    try features.sorted().compactMap { id in
                        try catalog.nouns.features[id].flatMap { try featureUsage(of: company, feature: $0) }
                    }
                } else {
                    try entitledFeatures(of: company)
                }
            for use in usages {
                guard let limit = use.effectiveLimit, limit > 0 else { continue }
                let kinds = thresholds.kinds(of: use.usage, of: limit)
                guard !kinds.isEmpty, isWanted(company, kinds) else { continue }
                found.append(
                    UsageSignal(
                        company: company.id, companyName: company.name, planID: company.plan?.planID,
                        feature: use.feature, usage: use.usage, limit: limit, kinds: kinds, resetAt: use.resetAt,
                        value: use.grant.terms.value))
            }
            return true
        }
        // Sorting keeps the order of what is equal.
        return found.sorted { Int128($1.usage) * Int128($0.limit) < Int128($0.usage) * Int128($1.limit) }
    }

    /// Nil where there is no period before: of traits, of use of all time, and in a subscription's first period.
    package func previousUse(before signal: UsageSignal) throws -> PreviousUse? {
        guard let state = try runtime.company(signal.company), let meter = catalog.nouns.meterID(of: signal.feature)
        else { return nil }
        func window(at instant: Timestamp) -> UsageWindow {
            state.usageWindow(
                period: signal.value.metricPeriod, reset: signal.value.metricPeriodMonthReset, at: instant)
        }
        guard let start = window(at: now).start else { return nil }
        let before = window(at: start - Subscription.instant)
        guard let previousStart = before.start, before.end == start else { return nil }
        let elapsed = now.milliseconds - start.milliseconds
        let toDate = Timestamp(
            milliseconds: min(previousStart.milliseconds + elapsed / 3_600_000 * 3_600_000, start.milliseconds))
        func usage(until end: Timestamp) throws -> Int64 {
            try engine.counters.sum(
                company: signal.company, meter: meter, in: Period(start: previousStart, end: end))
        }
        return PreviousUse(usage: try usage(until: start), usageToDate: try usage(until: toDate))
    }
}

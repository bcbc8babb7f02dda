package import Basics
package import Entitlements
package import Model

/// What one company may use of one feature, and has used.
package struct FeatureUsage: Sendable {
    package let feature: Feature
    /// The effective grant: the most generous of plan and override.
    package let grant: Grant
    package let planEntitlement: PlanEntitlement?
    package let override: CompanyOverride?
    /// In the limit's window.
    package let usage: Int64
    /// The same with its places; nil where only whole units count.
    package let exactUsage: Decimal?
    /// Units held, which count as used.
    package let held: Int64
    /// What the running billing period would bill; nil for features that are not billed by events.
    package let billedQuantity: Decimal?
    package let resetAt: Timestamp?
    /// What use costs in the company's subscription.
    package let price: MeteredPrice?

    /// The same in whole units.
    package var billedUsage: Int64? { billedQuantity.flatMap { MeterUnit.count($0, places: 0) } }
    package var allocation: Int64? { grant.allocation.limit }
    package var isUnlimited: Bool { grant.allocation == .unlimited }
    package var effectiveLimit: Int64? { grant.effectiveLimit }
    package var softLimit: Int64? { grant.terms.softLimit }

    /// What one more unit costs in the running billing period; nil where use is not charged.
    package var effectivePrice: Decimal? {
        price?.model.unitAmount(after: billedQuantity ?? exactUsage ?? Decimal(usage))
    }

    package var access: Bool {
        switch grant.allocation {
        case .off: false
        case .on, .unlimited: true
        case .limited(let limit): usage < limit - held
        }
    }

    /// Units above what is included.
    package var overuse: Int64? {
        effectiveLimit.map { usage > $0 ? usage - $0 : 0 }
    }
}

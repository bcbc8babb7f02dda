package import Basics
package import Model

/// Where a grant comes from. The raw value is `entitlement_source` on the wire.
package enum GrantSource: String, Sendable {
    case plan
    case companyOverride = "company_override"

    /// Rules of the first are asked before those of the second.
    static let inOrder: InlineArray<2, GrantSource> = [.companyOverride, .plan]
}

/// What a plan entitlement or a company override says of its feature, made ready for decisions.
///
/// Made once when the record or its feature changes and shared by all companies on the plan; what depends on the
/// company is in `Grant`.
package final class GrantTerms: Sendable {
    package let source: GrantSource
    package let featureID: Identifier<Feature>
    /// Exactly one of the two ids is there.
    package let entitlementID: Identifier<PlanEntitlement>?
    package let overrideID: Identifier<CompanyOverride>?
    package let value: EntitlementValue
    package let priceBehavior: PriceBehavior?
    /// Overage: the included quantity.
    package let softLimit: Int64?
    /// Tier: the last whole unit of the first tier; nil when that tier is open.
    package let firstTierBoundary: Int64?
    /// From this instant on the grant no longer applies.
    package let expiresAt: Timestamp?
    let span: UsageSpan
    /// Says yes, or for a boolean that is off no.
    let rule: RuleFace
    /// Says no once the limit is reached.
    let usageExceededRule: RuleFace
    private let usageQuantity: Int64?

    package init(_ entitlement: PlanEntitlement, feature: Feature) {
        source = .plan
        featureID = entitlement.featureID
        entitlementID = entitlement.id
        overrideID = nil
        value = entitlement.value
        priceBehavior = entitlement.priceBehavior
        softLimit = entitlement.softLimit
        firstTierBoundary = entitlement.priceBehavior == .tier ? entitlement.firstTierBoundary : nil
        expiresAt = nil
        span = UsageSpan(value.metricPeriod, monthReset: value.metricPeriodMonthReset)
        rule = RuleFace(.planEntitlement, entitlement.ruleID, of: feature)
        usageExceededRule = RuleFace(.planEntitlementUsageExceeded, entitlement.usageExceededRuleID, of: feature)
        usageQuantity = entitlement.usageQuantity
    }

    package init(_ override: CompanyOverride, feature: Feature) {
        source = .companyOverride
        featureID = override.featureID
        entitlementID = nil
        overrideID = override.id
        value = override.value
        priceBehavior = nil
        softLimit = nil
        firstTierBoundary = nil
        expiresAt = override.expiresAt
        span = UsageSpan(value.metricPeriod, monthReset: value.metricPeriodMonthReset)
        rule = RuleFace(.companyOverride, override.ruleID, of: feature)
        usageExceededRule = RuleFace(.companyOverrideUsageExceeded, override.usageExceededRuleID, of: feature)
        usageQuantity = nil
    }

    /// Whether they allow all companies the same.
    package var isAlikeForAll: Bool {
        switch LimitOrigin(value, priceBehavior) {
        case .switched, .constant, .none: true
        case .purchased, .trait: false
        }
    }

    /// What the terms allow a company that has bought `purchased` units ahead and has these traits.
    func allocation(purchased: Int64?, traits: TraitTexts) -> Allocation {
        switch LimitOrigin(value, priceBehavior) {
        case .switched(let isOn): isOn ? .on : .off
        case .constant(let limit): .limited(limit)
        case .purchased: .limited(purchased ?? usageQuantity ?? 0)
        case .trait(let id): .limited(traits.integer(id))
        case .none: .unlimited
        }
    }
}

/// How a grant's limit arises.
enum LimitOrigin: Equatable {
    case switched(Bool)
    case constant(Int64)
    /// The quantity that the company has bought ahead.
    case purchased
    case trait(Identifier<TraitDefinition>)
    case none

    /// Use that is charged as it happens has a limit only where the entitlement names one above zero.
    init(_ value: EntitlementValue, _ priceBehavior: PriceBehavior?) {
        switch priceBehavior {
        case .payInAdvance:
            self = .purchased
        case .payAsYouGo, .overage, .tier:
            let limit = value.numeric ?? 0
            self = limit > 0 ? .constant(limit) : .none
        case nil:
            switch value.type {
            case .boolean: self = .switched(value.bool ?? false)
            case .numeric: self = .constant(value.numeric ?? 0)
            case .unlimited: self = .none
            case .trait: self = value.traitID.map(LimitOrigin.trait) ?? .constant(0)
            }
        }
    }
}

extension PlanEntitlement {
    /// The first tiered price's first boundary, in whole units. Prices of other intervals differ in amounts as a rule,
    /// not here.
    fileprivate var firstTierBoundary: Int64? {
        meteredPrices.lazy.compactMap(\.model.tiers).first?.first?.upTo?.wholeUnits
    }
}

extension Decimal {
    /// The integer part; nil beyond 64 bits.
    fileprivate var wholeUnits: Int64? {
        var whole = coefficient
        for _ in 0..<scale { whole /= 10 }
        return Int64(exactly: whole)
    }
}

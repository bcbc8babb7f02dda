internal import Basics
internal import Model

/// What one source allows one company of one feature. The winner of a merge is the company's effective entitlement.
///
/// What each decision asks for stands here beside the terms, so that it looks at no other object.
package struct Grant: Sendable {
    package let terms: GrantTerms
    package let allocation: Allocation
    let featureID: Identifier<Feature>
    let source: GrantSource
    let span: UsageSpan
    private let expiresAt: Timestamp?

    init(terms: GrantTerms, allocation: Allocation) {
        self.terms = terms
        self.allocation = allocation
        featureID = terms.featureID
        source = terms.source
        span = terms.span
        expiresAt = terms.expiresAt
    }

    /// The limit to show as the one that counts: what is included before charges begin, where use is charged.
    /// Source: Schematic, `effective_limit` of feature usage. Access is limited by `allocation`.
    package var effectiveLimit: Int64? {
        switch terms.priceBehavior {
        case .overage: terms.softLimit
        case .tier: terms.firstTierBoundary
        case .payInAdvance, .payAsYouGo, nil: allocation.limit
        }
    }

    /// An override ends at its expiry, not after it.
    func isLive(at now: Timestamp) -> Bool {
        guard let expiresAt else { return true }
        return now < expiresAt
    }

    /// Whether this replaces `incumbent` in a merge. On a tie the incumbent stays.
    func beats(_ incumbent: Grant) -> Bool {
        if source == .companyOverride, terms.value.type == .boolean { return true }
        if incumbent.source == .companyOverride, incumbent.terms.value.type == .boolean { return false }
        return allocation.isMoreGenerous(
            over: terms.value.metricPeriod, than: incumbent.allocation, over: incumbent.terms.value.metricPeriod)
    }
}

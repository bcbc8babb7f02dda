package import Basics
internal import Model

/// What one source allows one company of one feature. The winner of a merge is the company's effective entitlement.
package struct Grant: Sendable {
    package let terms: GrantTerms
    package let allocation: Allocation

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
        guard let expiresAt = terms.expiresAt else { return true }
        return now < expiresAt
    }

    /// Whether this replaces `incumbent` in a merge. On a tie the incumbent stays.
    fileprivate func beats(_ incumbent: Grant) -> Bool {
        if terms.source == .companyOverride, terms.value.type == .boolean { return true }
        if incumbent.terms.source == .companyOverride, incumbent.terms.value.type == .boolean { return false }
        return allocation.isMoreGenerous(
            over: terms.value.metricPeriod, than: incumbent.allocation, over: incumbent.terms.value.metricPeriod)
    }
}

extension [Grant] {
    /// The most generous grant that is live; nil when there is none. Grants of plans come before the override, so that
    /// a plan stays on a tie; a boolean override wins in both directions.
    package func effective(at now: Timestamp) -> Grant? {
        var winner: Grant?
        for grant in self where grant.isLive(at: now) {
            if let incumbent = winner, !grant.beats(incumbent) { continue }
            winner = grant
        }
        return winner
    }
}

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
        // By index: grants that lose are not copied.
        var winner: Int?
        for index in indices where self[index].isLive(at: now) {
            if let incumbent = winner, !self[index].beats(self[incumbent]) { continue }
            winner = index
        }
        return winner.map { self[$0] }
    }
}

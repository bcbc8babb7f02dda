package import Basics
package import Model
internal import Store

/// Something of a company's that ends, or begins anew, at an instant.
package struct Renewal: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case overrideExpiry = "override_expiry"
        case periodEnd = "period_end"
        case scheduledDowngrade = "scheduled_downgrade"
        case trialEnd = "trial_end"
    }

    /// What it is that ends.
    package enum Subject: Sendable {
        case override(CompanyOverride)
        case subscription(Subscription)
        case mirrored(MirroredSubscription)
        case checkout(ScheduledCheckout)
    }

    package let at: Timestamp
    package let kind: Kind
    package let company: Company
    package let subject: Subject

    /// Whether it goes on afterwards by itself.
    package var renews: Bool {
        switch subject {
        case .override, .checkout: false
        case .subscription(let subscription):
            !subscription.cancelAtPeriodEnd && (kind == .periodEnd || subscription.trialEnding != .cancel)
        case .mirrored(let subscription):
            !subscription.details.cancelAtPeriodEnd && (subscription.details.cancelAt.map { at < $0 } ?? true)
                && (kind == .periodEnd || subscription.details.trialEndSetting != .cancel)
        }
    }
}

extension ReadView {
    /// Everything of companies that ends in `(now, until]`, in the order in which it does; of one instant,
    /// subscriptions first.
    ///
    /// Two lists are read that stand in order of time, and the records of what they name: its cost is that of what ends
    /// by then, however many companies there are.
    package func renewals(until: Timestamp, where isWanted: (Renewal) -> Bool) throws -> [Renewal] {
        let from = now + Subscription.instant
        var found: [Renewal] = []
        try snapshot.due(in: runtime.id, from: DueItem(at: from, task: .closePeriod, ordinal: 0), until: until) {
            item in
            if let renewal = try renewal(of: item), isWanted(renewal) { found.append(renewal) }
            return true
        }
        try snapshot.lapses(in: runtime.id, from: from, to: until) { lapse in
            if let renewal = try renewal(of: lapse), isWanted(renewal) { found.append(renewal) }
            return true
        }
        // Sorting keeps the order of what is equal.
        return found.sorted { $0.at < $1.at }
    }

    /// Nil for appointments that end nothing of a company's.
    private func renewal(of item: DueItem) throws -> Renewal? {
        if item.task == .executeCheckout { return try renewal(of: Identifier(ordinal: item.ordinal)) }
        let kind: Renewal.Kind
        switch item.task {
        case .closePeriod: kind = .periodEnd
        case .endTrial: kind = .trialEnd
        default: return nil
        }
        guard let subscription = try get(Identifier<Subscription>(ordinal: item.ordinal)), subscription.endedAt == nil,
            let company = try get(subscription.companyID)
        else { return nil }
        return Renewal(at: item.at, kind: kind, company: company, subject: .subscription(subscription))
    }

    private func renewal(of id: Identifier<ScheduledCheckout>) throws -> Renewal? {
        guard let checkout = try get(id), checkout.status == .pending, let company = try get(checkout.companyID) else {
            return nil
        }
        return Renewal(
            at: checkout.executeAfter, kind: .scheduledDowngrade, company: company, subject: .checkout(checkout))
    }

    private func renewal(of lapse: Lapse) throws -> Renewal? {
        switch lapse.what {
        case .companyOverride:
            guard let override = try get(Identifier<CompanyOverride>(ordinal: lapse.ordinal)),
                let company = try get(override.companyID)
            else { return nil }
            return Renewal(at: lapse.at, kind: .overrideExpiry, company: company, subject: .override(override))
        case .mirroredSubscription:
            guard let subscription = try get(Identifier<MirroredSubscription>(ordinal: lapse.ordinal)),
                let company = try subscription.companyID.flatMap({ try get($0) })
            else { return nil }
            return Renewal(
                at: lapse.at, kind: subscription.details.status == .trialing ? .trialEnd : .periodEnd,
                company: company, subject: .mirrored(subscription))
        }
    }
}

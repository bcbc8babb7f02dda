internal import Model

/// How a company pays, as lists of companies are filtered by.
enum SubscriptionType: String, CaseIterable, FieldValue {
    case free, paid, trial
    case oneTime = "one_time"
}

/// What of a company's subscriptions lists of companies are filtered by: Tollgate's own and those that providers keep.
struct SubscriptionKinds {
    /// Of Tollgate's own and of all that providers keep; of those that are over only where there is no other.
    let statuses: Set<String>
    let type: SubscriptionType
    /// One that is not over, or gives access.
    let isRunning: Bool

    init(of company: Company, _ view: WireView) {
        let native = company.subscriptionID.flatMap { view.get($0) }.flatMap { $0.endedAt == nil ? $0 : nil }
        let mirrored = (company.mirror?.subscriptionIDs ?? []).compactMap { view.get($0)?.details }
        let live = mirrored.filter { !$0.status.isFinal }
        let granting = live.filter { $0.status.grantsAccess }
        let all = (native.map { [$0.status.rawValue] } ?? []) + live.map(\.status.rawValue)
        statuses = Set(all.isEmpty ? mirrored.suffix(1).map(\.status.rawValue) : all)
        isRunning = native != nil || !granting.isEmpty
        let chargeType = company.plan.flatMap { view.get($0.versionID) }?.chargeType
        let isPaid = native.map(view.charges) ?? false || granting.contains { $0.totalPrice > 0 }
        type =
            if statuses.contains(ProviderStatus.trialing.rawValue) {
                .trial
            } else if isPaid {
                .paid
            } else {
                chargeType == .oneTime ? .oneTime : .free
            }
    }
}

extension WireView {
    /// Whether a subscription may ever cost anything: its base fee, or something that it sells beside.
    fileprivate func charges(_ subscription: Subscription) -> Bool {
        if let price = price(of: subscription), price.amount > 0 { return true }
        return (get(subscription.versionID)?.entitlementIDs ?? []).contains { get($0)?.priceBehavior != nil }
    }
}

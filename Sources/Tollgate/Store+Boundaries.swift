internal import Basics
internal import Model
internal import Store

extension Store {
    /// The stretch around an instant in which no usage window of the company is cut by its subscriptions, present or
    /// past.
    ///
    /// Billing periods and billing-cycle months are both cut where the anchor's calendar says so.
    func uncutPeriod(
        of company: Identifier<Company>, around instant: Timestamp, in environment: EnvironmentID
    ) throws -> Period {
        var (start, end) = (Period.always.start, Period.always.end)
        func cut(at boundary: Timestamp) {
            if boundary <= instant { start = max(start, boundary) } else { end = min(end, boundary) }
        }
        guard let company = try record(company, in: environment) else { return Period(start: start, end: end) }
        for id in company.endedSubscriptionIDs + [company.subscriptionID].compactMap(\.self) {
            guard let subscription = try record(id, in: environment) else { continue }
            cut(at: subscription.startedAt)
            if let meteredFrom = subscription.meteredFrom { cut(at: meteredFrom) }
            if let endedAt = subscription.endedAt {
                cut(at: endedAt)
                cut(at: endedAt + Subscription.instant)
            }
            guard subscription.startedAt <= instant, subscription.endedAt.map({ instant < $0 }) ?? true else {
                continue
            }
            for period in subscription.periods.uncut(around: instant) {
                cut(at: period.start)
                cut(at: period.end)
            }
        }
        return Period(start: start, end: end)
    }
}

extension Period {
    /// Far beyond all instants that anything happens at.
    static let always = Period(start: Timestamp(milliseconds: .min / 2), end: Timestamp(milliseconds: .max / 2))
}

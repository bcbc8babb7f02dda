/// Trials: a time before the first period for which nothing is billed.
extension PlainModel {
    /// Whether a company that changes to some plans can try them up to an instant: a base plan alone that charges for
    /// no use, by a company that does not pay yet.
    func canTry(_ parts: [Part], until end: Instant, _ company: Int) -> Bool {
        let version = plans[parts[0].plan][parts[0].version]
        let isPaying = companies[company].subscription.map { !subscriptions[$0].isTrialing } ?? false
        return isTrialEnd(end) && !isPaying && parts.count == 1 && version.base != nil
            && version.terms.allSatisfy { $0.price == nil }
    }

    private func isTrialEnd(_ end: Instant) -> Bool { now < end && end <= now + 730 * Calendar.day }

    /// A company whose trial runs chooses another plan, to pay, or another end.
    mutating func leaveTrial(_ number: Int, for parts: [Part], _ wanted: PlanRequest) {
        let trial = subscriptions[number]
        let company = trial.company
        guard let base = plans[parts[0].plan][parts[0].version].base else {
            expire(number, now)
            return assign(parts, to: company)
        }
        if let end = wanted.trialEnd, parts[0] == (trial.plan, trial.version) {
            if let coupon = wanted.coupon { redeem(coupon, for: number) }
            subscriptions[number].anchor = end
        } else if wanted.trialEnd == nil, base.interval == trial.interval {
            (subscriptions[number].plan, subscriptions[number].version) = parts[0]
            subscriptions[number].addOns = Array(parts.dropFirst())
            subscriptions[number].bought = completed(wanted.bought, parts)
            subscriptions[number].endsWithPeriod = false
            if let coupon = wanted.coupon { redeem(coupon, for: number) }
            convert(number, now)
            assign(parts, to: company)
        } else {
            expire(number, now)
            subscribe(company, parts, wanted, replacing: number)
        }
    }

    /// Another end of a company's trial; nil: now.
    package mutating func editTrial(_ company: Int, end: Instant?) -> Bool {
        // A trial is named by its subscription: who has none asks for nothing.
        guard let number = companies[company].subscription else { return false }
        runDue(until: now)
        guard companies[company].subscription == number, subscriptions[number].isTrialing else { return false }
        guard let end else {
            finishTrial(number, now)
            return true
        }
        guard isTrialEnd(end) else { return false }
        subscriptions[number].anchor = end
        return true
    }

    /// Nobody has said how to pay, so the company leaves the plan.
    mutating func finishTrial(_ number: Int, _ at: Instant) {
        let company = subscriptions[number].company
        expire(number, at)
        if let expiryPlan { assign([published(expiryPlan)], to: company) }
    }

    mutating func expire(_ number: Int, _ at: Instant) {
        end(number, [], subscriptions[number].period, at)
    }

    /// The first period begins, and is paid ahead.
    private mutating func convert(_ number: Int, _ at: Instant) {
        subscriptions[number].anchor = at
        subscriptions[number].index = 0
        subscriptions[number].isTrialing = false
        subscriptions[number].earlyUntil = at
        subscriptions[number].billedFrom = (at == now ? partInstant(of: subscriptions[number]) : nil) ?? at
        let lines = advance(subscriptions[number], subscriptions[number].period)
        if lines.isEmpty { return }
        let invoice = issue(lines, number, subscriptions[number].period, at: at, finalizesAt: at)
        subscriptions[number].opening = invoice
        finalize(invoice)
    }
}

internal import Basics
internal import Model
internal import Store

/// A plan or add-on that a company comes to have and pays once.
struct Purchase {
    let plan: Plan
    let version: PlanVersion
    let price: Price
}

extension PlanChoice {
    /// What a version costs that is paid once; nil for others.
    ///
    /// - Parameters:
    ///   - id: the price that was chosen; nil: the first that fits.
    ///   - currency: the one to pay in; nil: any.
    static func priceOnce(
        _ id: Identifier<Price>?, _ plan: Plan, _ version: PlanVersion, in currency: Currency?
    ) throws -> Price? {
        guard version.chargeType == .oneTime else { return nil }
        let named = version.prices.filter { $0.id == id ?? $0.id }
        guard let some = named.first else {
            throw PlanProblem(
                "price_unavailable", "plan \(plan.name) has no such price to pay once", plan: plan.id, price: id)
        }
        guard let price = named.first(where: { $0.currency == currency ?? $0.currency }) else {
            throw PlanProblem(
                "currency_mismatch",
                "plan \(plan.name) is paid in \(some.currency.code), not in \(currency?.code ?? "")", plan: plan.id,
                price: some.id)
        }
        return price
    }

    /// Bills what the company comes to have and pays once: at once, on an invoice of its own, which no period and no
    /// proration ever touches. Nil when there is nothing of the kind.
    ///
    /// - Parameter company: as it was before the change.
    func billPurchases(of company: Company, _ transaction: Transaction) throws -> Invoice? {
        guard let target else { return nil }
        let purchases = try target.purchases(by: company, transaction)
        guard let currency = purchases.first?.price.currency else { return nil }
        let (now, finality) = (transaction.now, try Finality.now(transaction))
        let period = Period(start: now, end: now)
        let billing = try transaction.requireBilling(of: company.id)
        var invoice = Invoice(
            id: transaction.newID(), environmentID: transaction.environmentID, companyID: company.id,
            subscriptionID: transaction.newID(), currency: currency, period: period,
            lines: purchases.map { $0.line(transaction.newID(), for: period) }, finalizesAt: finality.at,
            profile: billing.profile, createdAt: now)
        var discount: SubscriptionDiscount?
        if target.price == nil, let coupon = target.coupon {
            try transaction.redeem(coupon)
            discount = SubscriptionDiscount(id: transaction.newID(), coupon, startedAt: now, endsAt: nil)
        }
        try invoice.issue(finality, discount, to: billing, transaction)
        return invoice
    }
}

extension PlanChoice.Target {
    /// What it is paid in, as far as it costs something; one change is paid in one currency.
    var currency: Currency? { firstPrice?.currency }

    /// Of the base plan, else of the first add-on that is paid once.
    var firstPrice: Price? { price ?? priceOnce ?? addOns.lazy.compactMap(\.priceOnce).first }

    /// What is paid once and new to the company. What it has of it already has been paid, in whatever version.
    fileprivate func purchases(by company: Company, _ transaction: Transaction) throws -> [Purchase] {
        let paid = try company.assignments.filter {
            try transaction.get($0.versionID)?.chargeType == .oneTime
        }
        return ([(plan, version, priceOnce)] + addOns.map { ($0.plan, $0.version, $0.priceOnce) })
            .compactMap { plan, version, price in
                guard let price, price.amount > 0, !paid.contains(where: { $0.planID == plan.id }) else { return nil }
                return Purchase(plan: plan, version: version, price: price)
            }
    }
}

extension Purchase {
    fileprivate func line(_ id: Identifier<InvoiceLine>, for period: Period) -> InvoiceLine {
        InvoiceLine(
            id: id, type: .purchase, description: plan.name, planID: plan.id, versionID: version.id, quantity: 1,
            unitAmount: Decimal(price.amount), amount: price.amount, period: period)
    }
}

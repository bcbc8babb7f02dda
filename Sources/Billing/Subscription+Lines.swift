package import Basics
package import Model
internal import Rating
internal import Store

/// What lines are made from: the prices of the subscription's plan and add-ons, and what their versions charge for.
/// Shared: most subscriptions that are closed together have them in common.
final class BillingTerms {
    /// A price for being on a plan at all.
    final class Fee {
        let plan: Plan
        let versionID: Identifier<PlanVersion>
        let price: Price

        init(_ plan: Plan, _ versionID: Identifier<PlanVersion>, _ price: Price) {
            self.plan = plan
            self.versionID = versionID
            self.price = price
        }
    }

    /// Of the base plan first.
    private(set) var fees: [Fee] = []
    /// What is bought ahead of a period, and what is charged after it.
    private(set) var ahead: [Charge] = []
    private(set) var arrears: [Charge] = []
    /// The meters of what is charged after a period, in its order.
    let meters: [Identifier<Meter>]

    /// A feature that costs something. Shared: each line of each subscription asks for it.
    final class Charge {
        let entitlement: PlanEntitlement
        let feature: Feature
        let flagKey: String
        let model: PriceModel
        /// The least and the most that a whole period's use costs, in minor units.
        let minimum: Int64?
        let maximum: Int64?

        init(_ entitlement: PlanEntitlement, _ feature: Feature, _ flag: Flag, _ price: MeteredPrice) {
            self.entitlement = entitlement
            self.feature = feature
            flagKey = flag.key
            model = price.model
            minimum = price.minimumAmount
            maximum = price.maximumAmount
        }
    }

    init(of subscription: Subscription, _ transaction: Transaction) throws {
        let base = (subscription.planID, subscription.versionID, Optional(subscription.priceID))
        for (planID, versionID, priceID) in [base] + subscription.addOns.map({ ($0.planID, $0.versionID, $0.priceID) })
        {
            let version = try transaction.require(versionID, "plan version")
            if let priceID {
                guard let price = version.prices.first(where: { $0.id == priceID }) else {
                    preconditionFailure("subscription \(subscription.id) names price \(priceID) of another version")
                }
                let plan = try transaction.require(planID, "plan")
                fees.append(Fee(plan, versionID, price))
            }
            for id in version.entitlementIDs {
                let entitlement = try transaction.require(id, "plan entitlement")
                guard let price = entitlement.price(for: subscription) else { continue }
                let feature = try transaction.require(entitlement.featureID, "feature")
                let flag = try transaction.require(feature.flagID, "flag")
                let charge = Charge(entitlement, feature, flag, price)
                if entitlement.priceBehavior == .payInAdvance { ahead.append(charge) }
                if entitlement.isBilledInArrears { arrears.append(charge) }
            }
        }
        meters = arrears.compactMap(\.feature.meterID)
    }

    /// What the base plan costs for one of its intervals.
    var price: Price { fees[0].price }
}

extension Subscription {
    /// Base fees of plan and add-ons and quantities bought ahead for a period, charged at its start.
    func advanceLines(for period: Period, _ terms: BillingTerms, _ transaction: Transaction) throws -> [InvoiceLine] {
        var lines = terms.fees.map { fee in
            InvoiceLine(
                id: transaction.newID(), type: .base, description: fee.plan.name, planID: fee.plan.id,
                versionID: fee.versionID, quantity: 1, unitAmount: Decimal(fee.price.amount), amount: fee.price.amount,
                period: period)
        }
        for charge in terms.ahead {
            guard case .perUnit(let unit) = charge.model else { continue }
            let quantity = quantity(boughtOf: charge.entitlement)
            guard quantity > 0 else { continue }
            var line = InvoiceLine(
                id: transaction.newID(), type: .seat, description: charge.feature.name,
                planID: charge.entitlement.planID, versionID: charge.entitlement.versionID,
                quantity: Decimal(quantity), unitAmount: unit,
                amount: try lineAmount(quantity: Decimal(quantity), unitAmount: unit), period: period)
            line.refer(to: charge)
            lines.append(line)
        }
        return lines
    }

    /// One line for each priced feature that is charged afterwards, also at quantity 0.
    func usageLines(
        for period: Period, metered: Period, _ terms: BillingTerms, _ transaction: Transaction
    ) throws -> [InvoiceLine] {
        var sums = try transaction.usage(company: companyID, of: terms.meters.map { ($0, metered) })[...]
        var lines: [InvoiceLine] = []
        lines.reserveCapacity(terms.arrears.count + terms.ahead.count + pendingLines.count + 1)
        var early = billedEarly
        for charge in terms.arrears {
            let isMetered = charge.feature.meterID != nil
            let quantity = isMetered ? sums.removeFirst() : try traitCount(of: charge.feature, transaction)
            // In its place: a line is large, and each copy counts the references in it.
            lines.append(
                InvoiceLine(
                    id: transaction.newID(), type: .usage, description: charge.feature.name,
                    planID: charge.entitlement.planID, versionID: charge.entitlement.versionID, quantity: 0,
                    unitAmount: charge.model.unitAmount, amount: 0, period: period))
            let place = lines.endIndex - 1
            lines[place].refer(to: charge)
            lines[place].usageBasis = try basis(of: charge, for: period, metered: metered)
            if let index = early.firstIndex(where: { $0.featureID == charge.feature.id }) {
                lines[place].usageBasis?.leaveAway(early.remove(at: index))
            }
            try lines[place].rate(quantity, of: companyID, transaction)
        }
        return lines
    }

    private func basis(of charge: BillingTerms.Charge, for period: Period, metered: Period) throws -> UsageBasis {
        var basis = UsageBasis(meterID: charge.feature.meterID, period: metered, model: charge.model)
        func prorated(_ amount: Int64?) throws -> Int64? {
            try amount.map { amount in
                let whole = self.period.seconds
                return try period.seconds == whole
                    ? amount : prorate(amount, seconds: period.seconds, ofSeconds: whole)
            }
        }
        basis.minimum = try prorated(charge.minimum)
        basis.maximum = try prorated(charge.maximum)
        if charge.model.percentage != nil { basis.eventsMeterID = charge.feature.eventsMeterID }
        return basis
    }

    /// What has changed in periods that are billed already: one line for each usage line whose quantity is no longer
    /// what was billed, with the difference of the whole period's rating. Remembers what it has billed, so an unchanged
    /// second run yields nothing.
    mutating func correctionLines(_ transaction: Transaction) throws -> [InvoiceLine] {
        var corrections: [InvoiceLine] = []
        for (index, billed) in billedPeriods.enumerated() {
            let invoice = try transaction.require(billed.invoiceID, "invoice")
            // A draft corrects itself.
            if invoice.status == .draft { continue }
            let lines = billed.usageLines(of: invoice)
            for (line, present) in zip(lines, try lines.metered(of: companyID, transaction)) {
                guard present.quantity != line.quantity || present.amount != line.amount else { continue }
                let discount = try invoice.couponShare(of: line.id)
                var correction = InvoiceLine(
                    id: transaction.newID(), type: .correction, description: "\(line.description): late usage",
                    planID: line.planID, versionID: line.versionID,
                    quantity: try present.quantity.subtracting(line.quantity), unitAmount: nil,
                    amount: try exactDifference(present.boundedAmount(discount), line.boundedAmount(discount)),
                    period: line.period)
                correction.featureID = line.featureID
                correction.featureKey = line.featureKey
                correction.entitlementID = line.entitlementID
                correction.correctsLineID = line.id
                corrections.append(correction)
                billedPeriods[index].correct(present)
            }
        }
        return corrections
    }

    /// The trait that meters a feature, as it stands now.
    private func traitCount(of feature: Feature, _ transaction: Transaction) throws -> Decimal {
        guard let traitID = feature.traitID, let definition = try transaction.get(traitID),
            let company = try transaction.get(companyID), let value = company.traits.value(at: definition.hierarchy),
            let count = Int64(value.text)
        else { return 0 }
        return Decimal(count)
    }
}

private func exactDifference(_ left: Int64, _ right: Int64) throws -> Int64 {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    guard !overflow else { throw ArithmeticOverflow("\(left) − \(right)") }
    return difference
}

extension Invoice {
    /// The part of a charge that the invoice's coupon paid for.
    fileprivate func couponShare(of id: Identifier<InvoiceLine>) throws -> Int64 {
        guard terms?.discount != nil, let index = charges.firstIndex(where: { $0.id == id }) else { return 0 }
        return try couponShares(of: charges, terms)[index]
    }
}

extension [InvoiceLine] {
    /// The same lines with the quantities of now, as a draft shows them while late events still join it.
    func metered(of companyID: Identifier<Company>, _ transaction: Transaction) throws -> [InvoiceLine] {
        let metered = indices.filter { self[$0].usageBasis?.meterID != nil && self[$0].usageBasis?.isEarly == false }
        let quantities = try transaction.usage(
            company: companyID,
            of: metered.map { index in
                let basis = self[index].usageBasis!
                return (basis.meterID!, basis.period)
            })
        var lines = self
        for (index, quantity) in zip(metered, quantities) {
            try lines[index].rate(quantity, of: companyID, transaction)
        }
        return lines
    }
}

extension InvoiceLine {
    /// What the line's use is billed with the commitment that it misses, and without what exceeds its maximum, which is
    /// of what is left once `discount` is taken off.
    fileprivate func boundedAmount(_ discount: Int64) -> Int64 {
        let committed = max(amount, usageBasis?.minimum ?? amount)
        guard let maximum = usageBasis?.maximum else { return committed }
        let (most, overflow) = maximum.addingReportingOverflow(discount)
        return overflow ? committed : min(committed, most)
    }

    /// Takes on the quantity of its whole period, and what that costs by its basis, but for what has been billed before
    /// the period's end.
    fileprivate mutating func rate(
        _ quantity: Decimal, of companyID: Identifier<Company>, _ transaction: Transaction
    ) throws {
        precondition(usageBasis != nil, "line \(id) is not of usage and has no price")
        let period = usageBasis!.period
        let events = try usageBasis!.events(of: quantity) {
            try transaction.quantities(company: companyID, of: $0, in: period)
        }
        let rated = try Rating.rate(quantity: quantity, events: events, under: usageBasis!.model)
        self.quantity = quantity
        amount = rated.amount
        tiers = rated.tiers
        guard let before = usageBasis!.billedEarly else { return }
        self.quantity = try quantity.subtracting(before.quantity)
        amount = try exactDifference(rated.amount, before.amount)
        let billed = Decimal(-before.amount)
        tiers.append(
            TierCharge(
                upTo: nil, quantity: before.quantity.negated, unitAmount: 0, flatAmount: billed, amount: billed))
    }

    fileprivate mutating func refer(to charge: BillingTerms.Charge) {
        featureID = charge.feature.id
        featureKey = charge.flagKey
        entitlementID = charge.entitlement.id
    }
}

extension UsageBasis {
    /// Leaves away what earlier invoices have billed, of the minimum and maximum too. Below 0 are those where more was
    /// billed than they are: a period that is cut short has smaller ones.
    fileprivate mutating func leaveAway(_ early: EarlyUse) {
        billedEarly = early
        minimum = minimum.map { $0 - early.amount }
        maximum = maximum.map { $0 - early.amount }
    }

    /// The single events that make up a quantity, in order, where the price asks for them. What was counted before
    /// they were kept stands for one event at the beginning.
    package func events(
        of quantity: Decimal, read: (Identifier<Meter>) throws -> [Decimal]
    ) throws -> [Decimal] {
        guard model.percentage != nil else { return [] }
        let events = try eventsMeterID.map(read) ?? []
        let rest = try quantity.subtracting(events.reduce(.zero) { sum, event in try sum.adding(event) })
        return rest == .zero ? events : [rest] + events
    }
}

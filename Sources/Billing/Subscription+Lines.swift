internal import Basics
package import Model
internal import Rating
internal import Store

/// What a line is made from: the subscription's version with its entitlements and their features.
struct BillingTerms {
    let plan: Plan
    let version: PlanVersion
    let price: Price
    let entitlements: [(entitlement: PlanEntitlement, feature: Feature, flagKey: String)]

    init(of subscription: Subscription, _ transaction: Transaction) throws {
        plan = try transaction.require(subscription.planID, "plan")
        version = try transaction.require(subscription.versionID, "plan version")
        guard let price = version.prices.first(where: { $0.id == subscription.priceID }) else {
            preconditionFailure(
                "subscription \(subscription.id) names price \(subscription.priceID) of another version")
        }
        self.price = price
        entitlements = try version.entitlementIDs.map { id in
            let entitlement = try transaction.require(id, "plan entitlement")
            let feature = try transaction.require(entitlement.featureID, "feature")
            let flag = try transaction.require(feature.flagID, "flag")
            return (entitlement, feature, flag.key)
        }
    }
}

extension Subscription {
    /// Base fee and quantities bought ahead for a period, charged at its start.
    func advanceLines(for period: Period, _ terms: BillingTerms, _ transaction: Transaction) throws -> [InvoiceLine] {
        var lines = [
            InvoiceLine(
                id: transaction.newID(), type: .base, description: terms.plan.name, planID: planID,
                versionID: versionID,
                quantity: 1, unitAmount: Decimal(terms.price.amount), amount: terms.price.amount, period: period)
        ]
        for (entitlement, feature, flagKey) in terms.entitlements where entitlement.priceBehavior == .payInAdvance {
            guard let price = entitlement.price(for: self), case .perUnit(let unit) = price.model else { continue }
            let quantity = quantity(boughtOf: entitlement)
            guard quantity > 0 else { continue }
            var line = InvoiceLine(
                id: transaction.newID(), type: .seat, description: feature.name, planID: planID, versionID: versionID,
                quantity: Decimal(quantity), unitAmount: unit,
                amount: try lineAmount(quantity: Decimal(quantity), unitAmount: unit), period: period)
            line.refer(to: feature, flagKey, entitlement)
            lines.append(line)
        }
        return lines
    }

    /// The quantity of a pay-in-advance entitlement: what was bought, else what the plan presets.
    package func quantity(boughtOf entitlement: PlanEntitlement) -> Int64 {
        payInAdvance.first { $0.entitlementID == entitlement.id }?.quantity ?? entitlement.usageQuantity ?? 0
    }

    /// One line for each priced feature that is charged afterwards, also at quantity 0.
    func usageLines(
        for period: Period, metered: Period, _ terms: BillingTerms, _ transaction: Transaction
    ) throws -> [InvoiceLine] {
        let lines: [InvoiceLine] = try terms.entitlements.compactMap { entitlement, feature, flagKey in
            guard entitlement.isBilledInArrears, let price = entitlement.price(for: self) else { return nil }
            var line = InvoiceLine(
                id: transaction.newID(), type: .usage, description: feature.name, planID: planID, versionID: versionID,
                quantity: 0, unitAmount: price.model.unitAmount, amount: 0, period: period)
            line.refer(to: feature, flagKey, entitlement)
            line.usageBasis = UsageBasis(meterID: feature.meterID, period: metered, model: price.model)
            if feature.meterID == nil {
                try line.rate(try traitCount(of: feature, transaction), under: price.model)
            }
            return line
        }
        return try lines.metered(of: companyID, transaction)
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
                guard present.quantity != line.quantity else { continue }
                var correction = InvoiceLine(
                    id: transaction.newID(), type: .correction, description: "\(line.description): late usage",
                    planID: line.planID, versionID: line.versionID,
                    quantity: try present.quantity.subtracting(line.quantity), unitAmount: nil,
                    amount: try exactDifference(present.amount, line.amount), period: line.period)
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

extension [InvoiceLine] {
    /// The same lines with the quantities of now, as a draft shows them while late events still join it.
    func metered(of companyID: Identifier<Company>, _ transaction: Transaction) throws -> [InvoiceLine] {
        let metered = indices.filter { self[$0].usageBasis?.meterID != nil }
        let quantities = try transaction.usage(
            company: companyID,
            of: metered.map { index in
                let basis = self[index].usageBasis!
                return (basis.meterID!, basis.period)
            })
        var lines = self
        for (index, quantity) in zip(metered, quantities) {
            try lines[index].rate(Decimal(quantity), under: lines[index].usageBasis!.model)
        }
        return lines
    }
}

extension InvoiceLine {
    fileprivate mutating func rate(_ quantity: Decimal, under model: PriceModel) throws {
        let rated = try Rating.rate(quantity: quantity, under: model)
        self.quantity = quantity
        amount = rated.amount
        tiers = rated.tiers.map(TierCharge.init)
    }

    fileprivate mutating func refer(to feature: Feature, _ flagKey: String, _ entitlement: PlanEntitlement) {
        featureID = feature.id
        featureKey = flagKey
        entitlementID = entitlement.id
    }
}

extension PriceModel {
    /// The one unit amount of a line, where there is one.
    fileprivate var unitAmount: Decimal? {
        switch self {
        case .perUnit(let unit), .overage(_, let unit): unit
        case .graduated, .volume: nil
        }
    }
}

extension TierCharge {
    fileprivate init(_ tier: RatedTier) {
        self.init(
            upTo: tier.upTo, quantity: tier.quantity, unitAmount: tier.unitAmount, flatAmount: tier.flatAmount,
            amount: tier.amount)
    }
}

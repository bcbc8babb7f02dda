internal import Basics
internal import Model
internal import Store

extension Transaction {
    /// Sees to it that everything with a price has one for each interval and currency in which the plan itself recurs.
    ///
    /// A price that was given once counts for every interval without one of its own.
    func completePrices(of version: PlanVersion, _ plan: Plan) throws {
        let recurring = version.prices.filter { $0.interval.unit != .oneTime }
        for var entitlement in try entitlements(of: version) where entitlement.priceBehavior != nil {
            for price in recurring where !entitlement.hasPrice(for: price) {
                guard let common = entitlement.price(givenOnceIn: price.currency) else {
                    let feature = try require(entitlement.featureID, "feature")
                    throw Refusal.conflict(
                        "usage_price_missing_for_interval: plan \"\(plan.name)\" has a price per "
                            + "\(price.interval.text) in "
                            + "\(price.currency.code), but the use of feature \"\(feature.name)\" has none")
                }
                entitlement.meteredPrices.append(
                    MeteredPrice(id: newID(), interval: price.interval, common))
                try put(entitlement)
            }
        }
    }

    /// Refuses a version that does not fit the roles of its plan in a plan group: companies are given it without having
    /// agreed to pay. Nothing to check where the plan has none.
    ///
    /// The fallback plan costs nothing. The trial-expiry plan may have a price of 0, and cannot be tried itself; the
    /// initial plan may besides be a trial that ends by itself. Source of the rule: Schematic, roles of plans.
    func check(_ version: PlanVersion, of plan: Plan, in group: PlanGroup) throws {
        let settings = group.settings
        if group.fallbackPlanID == plan.id {
            try checkNeedsNoPayment(version, of: plan, as: "the plan group's fallback plan")
        }
        if settings.trialExpiryPlanID == plan.id {
            if version.isTrialable {
                throw Refusal.conflict("plan \"\(plan.name)\" is trialable, so it cannot be the trial-expiry plan")
            }
            try checkNeedsNoPayment(
                version, of: plan, as: "the plan group's trial-expiry plan", paying: settings.trialExpiryPriceID)
        }
        if group.initialPlanID == plan.id, !version.isSelfEndingTrial(in: settings) {
            try checkNeedsNoPayment(
                version, of: plan, as: "the plan group's initial plan", paying: settings.initialPriceID)
        }
    }

    /// Refuses a version that costs something at the price that is named, or else at its usual one.
    func checkNeedsNoPayment(
        _ version: PlanVersion, of plan: Plan, as role: String, paying priceID: Identifier<Price>?
    ) throws {
        if let priceID, !version.prices.contains(where: { $0.id == priceID }) {
            throw Refusal.invalid("price \(priceID) is none of plan \"\(plan.name)\", so it cannot be \(role)")
        }
        if let price = version.recurringPrice(priceID), price.amount == 0 {
            return try checkChargesNoUse(version, of: plan, as: role)
        }
        try checkNeedsNoPayment(version, of: plan, as: role)
    }

    /// Refuses a plan for companies that have not agreed to pay: one that is not published, costs something or charges
    /// for use.
    func checkNeedsNoPayment(_ plan: Plan, as role: String) throws {
        try checkNeedsNoPayment(publishedVersion(ofBasePlan: plan, as: role), of: plan, as: role)
    }

    /// What companies would get as their base plan.
    func publishedVersion(ofBasePlan plan: Plan, as role: String) throws -> PlanVersion {
        guard plan.companyID == nil else {
            throw Refusal.invalid("\"\(plan.name)\" is a custom plan and cannot be \(role)")
        }
        guard plan.type == .plan else {
            throw Refusal.invalid("\"\(plan.name)\" is an add-on and cannot be \(role)")
        }
        guard let versionID = plan.publishedVersionID else {
            throw Refusal.conflict("plan \"\(plan.name)\" has no published version, so it cannot be \(role)")
        }
        return try require(versionID, "plan version")
    }

    private func checkNeedsNoPayment(_ version: PlanVersion, of plan: Plan, as role: String) throws {
        guard version.chargeType == .free || version.chargeType == .none else {
            throw Refusal.conflict(
                "plan \"\(plan.name)\" has a \(version.chargeType.rawValue) charge, so it cannot be \(role)")
        }
        try checkChargesNoUse(version, of: plan, as: role)
    }

    private func checkChargesNoUse(_ version: PlanVersion, of plan: Plan, as role: String) throws {
        if let charged = try entitlements(of: version).first(where: { $0.priceBehavior != nil }) {
            let feature = try require(charged.featureID, "feature")
            throw Refusal.conflict(
                "plan \"\(plan.name)\" charges for the use of feature \"\(feature.name)\", so it cannot be \(role)")
        }
    }
}

extension PlanEntitlement {
    fileprivate func hasPrice(for price: Price) -> Bool {
        self.price(every: price.interval, in: price.currency) != nil
    }

    /// Also what is the same for the three common intervals.
    fileprivate func price(givenOnceIn currency: Currency) -> CommonPrice? {
        if let common = commonPrices?.first(where: { $0.currency == currency }) { return common }
        let prices = [PriceInterval.monthly, .quarterly, .yearly].map { interval in
            price(every: interval, in: currency)?.common
        }
        return prices.allSatisfy { $0 == prices[0] } ? prices[0] : nil
    }
}

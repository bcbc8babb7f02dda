internal import Plain
internal import Tollgate

/// Plan changes.
extension World {
    func manage(_ company: Int, _ wanted: PlanRequest) async throws {
        var manage = ManagePlan(companyID: Identifier(number: company))
        if let plan = wanted.plan {
            let has = try engine.read(environment) { try $0.get(Identifier<Model.Company>(number: company)) }
            let kept = has?.assignments ?? []
            manage.basePlanID = catalog.plans[plan]
            if wanted.isNewest { manage.basePlanVersionID = catalog.versions[plan].last!.id }
            let addOns = mutant == .lostAddOn ? wanted.addOns.dropLast() : wanted.addOns[...]
            manage.addOns = addOns.map { addOn in
                var selection = AddOnSelection(planID: catalog.plans[addOn])
                if wanted.isNewest { selection.versionID = catalog.versions[addOn].last!.id }
                return selection
            }
            manage.payInAdvance = selections(wanted, kept)
            if mutant != .lostCoupon { manage.couponExternalID = wanted.coupon.map { "coupon \($0)" } }
        }
        if let anchor = wanted.anchor {
            manage.billingCycleAnchor = Timestamp(anchor)
            manage.proratesFirstPeriod = !wanted.isStubFree
        }
        manage.trialEnd = wanted.trialEnd.map { Timestamp($0 + (mutant == .longTrial ? 1 : 0)) }
        manage.prorate = wanted.isCredited && mutant != .lostCredit
        manage.cancelImmediately = !wanted.waitsForEnd
        let outcome = try await run(manage)
        if let problem = outcome.problems.first(where: \.isBlocking) { throw Refusal.conflict(problem.message) }
    }

    func editTrial(_ company: Int, _ end: Instant?) async throws {
        let id = try engine.read(environment) { try $0.get(Identifier<Model.Company>(number: company))?.subscriptionID }
        guard let id else { throw Refusal.notFound("company \(company) has no subscription") }
        try await run(EditTrialEnd(subscriptionID: id, trialEnd: end.map { Timestamp($0) }))
    }

    private func selections(_ wanted: PlanRequest, _ kept: [PlanAssignment]) -> [PayInAdvanceSelection] {
        wanted.bought.compactMap { seat, quantity in
            let versions = catalog.versions[seat.plan]
            let keptID = kept.first { $0.planID == catalog.plans[seat.plan] }?.versionID
            let version = wanted.isNewest ? versions.last! : versions.first { $0.id == keptID } ?? versions.last!
            return version.aheadPrices[seat.feature].map {
                PayInAdvanceSelection(priceID: $0, quantity: Int64(quantity))
            }
        }
    }
}

internal import Plain
internal import Tollgate

/// Plan changes.
extension World {
    func manage(_ company: Int, _ wanted: PlanRequest) async throws {
        var manage = ManagePlan(companyID: Identifier(number: company))
        if let plan = wanted.plan {
            manage.basePlanID = catalog.plans[plan]
            if wanted.isNewest { manage.basePlanVersionID = catalog.versions[plan].last!.id }
            manage.payInAdvance = try selections(wanted, plan, company)
        }
        manage.prorate = wanted.isCredited && mutant != .lostCredit
        manage.cancelImmediately = !wanted.waitsForEnd
        let outcome = try await run(manage)
        if let problem = outcome.problems.first(where: \.isBlocking) {
            throw UnexpectedProblem(description: problem.message)
        }
    }

    private func selections(_ wanted: PlanRequest, _ plan: Int, _ company: Int) throws -> [PayInAdvanceSelection] {
        let versions = catalog.versions[plan]
        let kept = try engine.read(environment) { try $0.get(Identifier<Model.Company>(number: company))?.plan }
        let isKept = !wanted.isNewest && kept?.planID == catalog.plans[plan]
        let version = isKept ? versions.first { $0.id == kept!.versionID }! : versions.last!
        return wanted.bought.compactMap { feature, quantity in
            version.aheadPrices[feature].map { PayInAdvanceSelection(priceID: $0, quantity: Int64(quantity)) }
        }
    }
}

internal import Basics
package import Model
package import Store

extension Transaction {
    /// Brings a company's plan in line with what providers sell it: the plan that the newest subscription with access
    /// sells, or the fallback plan when there is none any more. A company that no provider gave a plan keeps its own.
    /// Of add-ons that are sold by providers it has those that it is sold.
    ///
    /// Usage, overrides and traits stay. A change is recorded, as every change of a plan.
    func followMirror(of companyID: Identifier<Company>, because cause: PlanChangeCause) throws {
        guard var company = try get(companyID), var mirror = company.mirror else { return }
        let before = company
        let granting = try mirror.subscriptionIDs.compactMap { try get($0) }.filter { $0.details.status.grantsAccess }
            .sorted { ($1.startedAt, $1.id) < ($0.startedAt, $0.id) }
        mirror.productIDs = []
        mirror.grantedBy = nil
        var sold: PlanAssignment?
        var addOns: [PlanAssignment] = []
        for subscription in granting {
            for product in try products(of: subscription) where !mirror.productIDs.contains(product.id) {
                mirror.productIDs.append(product.id)
                guard let plan = try plan(soldAs: product.id), let version = plan.publishedVersionID else { continue }
                let kept = company.assignments.first { $0.planID == plan.id }
                let assignment = kept ?? PlanAssignment(planID: plan.id, versionID: version, assignedAt: now)
                if plan.type == .addOn {
                    addOns.append(assignment)
                } else if sold == nil {
                    sold = assignment
                    mirror.grantedBy = subscription.id
                }
            }
        }
        let isBilledHere = try hasNativeSubscription(company)
        if isBilledHere, sold != nil || !addOns.isEmpty {
            throw Refusal.conflict(
                "company \(companyID) has a subscription of Tollgate's own, so that the provider's "
                    + "\(granting[0].externalID) cannot give it a plan: cancel one of them")
        }
        if let sold {
            company.plan = sold
        } else if before.mirror?.grantedBy != nil || company.plan == nil {
            company.plan = try PlanGroup.fallback(self)
        }
        if !isBilledHere {
            company.addOns = try company.addOns.filter { try get($0.planID)?.billingProductID == nil } + addOns
        }
        guard mirror != before.mirror || company.assignments != before.assignments else { return }
        company.mirror = mirror
        company.updatedAt = now
        try put(company)
        try notePlanChange(of: companyID, from: before, because: cause)
    }

    /// Whoever wants to change a plan that a provider's subscription gives is sent to the provider.
    package func checkNoProvider(sellsTo company: Company) throws {
        guard let id = company.mirror?.grantedBy, let subscription = try get(id) else { return }
        throw Refusal.conflict(
            "the plan of company \(company.id) follows the \(subscription.details.provider.rawValue) subscription "
                + "\(subscription.externalID): change it there")
    }

    /// Two who bill the same company would bill it twice.
    private func hasNativeSubscription(_ company: Company) throws -> Bool {
        guard let id = company.subscriptionID, let subscription = try get(id) else { return false }
        return subscription.endedAt == nil
    }

    /// Those that are known, in the subscription's order.
    private func products(of subscription: MirroredSubscription) throws -> [BillingProduct] {
        try subscription.details.products.compactMap { try find(BillingProduct.self, $0.productExternalID) }
    }

    func plan(soldAs product: Identifier<BillingProduct>) throws -> Plan? {
        try all(Plan.self).first { $0.billingProductID == product }
    }

    /// Moves a subscription to the company that it serves, and has both follow what they are sold.
    func serve(
        _ companyID: Identifier<Company>?, by subscription: inout MirroredSubscription, because cause: PlanChangeCause
    ) throws {
        let old = subscription.companyID
        if old != companyID {
            subscription.companyID = companyID
            try putExternal(subscription)
            if let old, var company = try get(old) {
                company.mirror?.subscriptionIDs.removeAll { $0 == subscription.id }
                try put(company)
                try followMirror(of: old, because: cause)
            }
            if let companyID {
                var company = try require(companyID, "company")
                var mirror = company.mirror ?? CompanyMirror()
                try checkRoom(in: mirror.subscriptionIDs, of: "company \(companyID)")
                mirror.subscriptionIDs.append(subscription.id)
                company.mirror = mirror
                try put(company)
            }
        }
        if let companyID { try followMirror(of: companyID, because: cause) }
    }

    /// Lets go of a company that is deleted.
    func forgetMirror(of company: Company) throws {
        for id in company.mirror?.subscriptionIDs ?? [] {
            guard var subscription = try get(id) else { continue }
            subscription.companyID = nil
            try putExternal(subscription)
        }
    }
}

extension MirroredSubscription {
    /// What tells which of several is the newest.
    fileprivate var startedAt: Timestamp { details.startedAt ?? details.periodStart ?? createdAt }
}

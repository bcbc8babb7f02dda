public import Basics
public import Model
public import Store

/// Forgets a company with its keys and overrides. Its subscriptions and invoices stay; what a provider sells it serves
/// nobody then.
///
/// Users keep naming it as one of their companies until they next change; whoever reads memberships leaves out
/// companies that are gone.
public struct DeleteCompany: Command {
    public static var name: String { "delete_company" }

    public var companyID: Identifier<Company>
    /// Ends an active subscription as of now. Otherwise the company is not deleted while it has one.
    public var cancelSubscription = false

    public init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> Company {
        let company = try transaction.require(companyID, "company")
        if let subscriptionID = company.subscriptionID {
            var subscription = try transaction.require(subscriptionID, "subscription")
            if subscription.isLive {
                guard cancelSubscription else {
                    throw Refusal.conflict(
                        "company \(companyID) has the active subscription \(subscriptionID): cancel it first")
                }
                subscription.status = .canceled
                subscription.endedAt = transaction.now
                subscription.updatedAt = transaction.now
                try transaction.put(subscription)
            }
        }
        transaction.releaseKeys(of: company)
        for overrideID in company.overrideIDs {
            transaction.forget(try transaction.require(overrideID, "company override"))
        }
        try transaction.forgetMirror(of: company)
        transaction.delete(BillingDetails.id(of: companyID))
        try transaction.countCompanies(from: company.assignments, to: [])
        transaction.delete(companyID)
        return company
    }
}

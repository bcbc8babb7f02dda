public import Basics
internal import Catalog
public import Model
public import Store

/// Ends a company's subscription, bills what it has used until now, and forgets the company. Its subscriptions and
/// invoices stay.
public struct DeleteBilledCompany: Command {
    public static let name = "delete_billed_company"

    public let companyID: Identifier<Company>

    public init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> Company {
        let company = try transaction.require(companyID, "company")
        if let id = company.subscriptionID, var subscription = try transaction.get(id), subscription.isLive {
            try subscription.endBillingUsage(transaction)
            let left = try transaction.require(companyID, "company")
            try transaction.countCompanies(from: company.assignments, to: left.assignments)
        }
        return try DeleteCompany(companyID: companyID).apply(transaction)
    }
}

internal import Basics
package import Model
package import Store

extension ReadView {
    /// The record that a billing provider's id, or else ours, names; nil when there is none.
    package func find<E: External>(_ type: E.Type, _ id: String) throws -> E? {
        try snapshot.find(type, id, in: runtime.id)
    }

    /// The customer that a company is for a provider: the one that its key names, if that is known.
    package func customers(of company: Company) throws -> [BillingCustomer] {
        try BillingProviderType.allCases.compactMap { provider in
            guard let key = company.keys.first(where: { $0.name == provider.customerKey }),
                let customer = try find(BillingCustomer.self, key.value), customer.details.provider == provider
            else { return nil }
            return customer
        }
    }

    /// The company that has the customer's id among its keys.
    package func company(of customer: BillingCustomer) throws -> Company? {
        try company(keys: [customer.details.provider.customerKey: customer.externalID])
    }

    /// How many subscriptions with access sell each product, by the provider's id of it.
    package func subscriptionCounts() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        try snapshot.forEach(MirroredSubscription.self, in: runtime.id) { subscription in
            guard subscription.details.status.grantsAccess else { return true }
            for product in Set(subscription.details.products.map(\.productExternalID)) {
                counts[product, default: 0] += 1
            }
            return true
        }
        return counts
    }

    /// The companies that providers sell one of the products to, those included whose subscription gives no access.
    package func companies(sold products: [BillingProduct]) throws -> [Identifier<Company>] {
        let ids = Set(products.flatMap { [$0.externalID, $0.id.description] })
        var found: Set<Identifier<Company>> = []
        try snapshot.forEach(MirroredSubscription.self, in: runtime.id) { subscription in
            guard let company = subscription.companyID else { return true }
            if subscription.details.products.contains(where: { ids.contains($0.productExternalID) }) {
                found.insert(company)
            }
            return true
        }
        return found.sorted()
    }
}

package import Basics
internal import Catalog
package import Model
package import Store

extension Transaction {
    /// The company's payment method of a name, the provider's id or ours; nil where it is another's or nobody's.
    func paymentMethod(_ name: String, of company: Company) throws -> PaymentMethod? {
        guard let method = try find(PaymentMethod.self, name) else { return nil }
        let key = method.provider.customerKey
        return company.keys.contains { $0.name == key && $0.value == method.customerExternalID } ? method : nil
    }

    /// Whether the company can be charged without being asked: a billing provider has a payment method of it.
    package func hasPaymentMethod(_ companyID: Identifier<Company>) throws -> Bool {
        try get(companyID).map { try hasPaymentMethod($0) } ?? false
    }
}

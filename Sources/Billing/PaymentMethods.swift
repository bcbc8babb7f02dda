package import Basics
internal import Catalog
package import Model
package import Store

extension Transaction {
    /// Whether the company can be charged without being asked: a billing provider has a payment method of it.
    package func hasPaymentMethod(_ companyID: Identifier<Company>) throws -> Bool {
        try get(companyID).map { try hasPaymentMethod($0) } ?? false
    }
}

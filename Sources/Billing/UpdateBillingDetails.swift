public import Basics
internal import Catalog
public import Model
public import Store

/// Changes who a company's invoices are addressed to; what is nil stays.
public struct UpdateBillingDetails: Command {
    public static let name = "update_billing_details"

    private static let textLimit = 512

    public let companyID: Identifier<Company>
    public var email: String?
    public var phone: String?
    public var address: BillingAddress?
    /// Replaces the one of the same type.
    public var taxID: TaxID?
    /// What the plan group's checkout fields are filled in with.
    public var fieldValues: [CheckoutFieldValue]?

    public init(companyID: Identifier<Company>) {
        self.companyID = companyID
    }

    public func apply(_ transaction: Transaction) throws -> BillingDetails {
        var company = try transaction.require(companyID, "company")
        if let fieldValues, !fieldValues.isEmpty {
            try transaction.fill(fieldValues, into: &company)
            company.updatedAt = transaction.now
            try transaction.put(company)
        }
        var details =
            try transaction.get(BillingDetails.id(of: companyID)) ?? BillingDetails(of: companyID)
        if let email {
            try Self.check(email, as: "email")
            let parts = email.split(separator: "@", omittingEmptySubsequences: false)
            guard email.isEmpty || (parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".")) else {
                throw Refusal.invalid("email must be an address such as billing@acme.example")
            }
            details.email = email.isEmpty ? nil : email
        }
        if let phone {
            try Self.check(phone, as: "phone")
            details.phone = phone.isEmpty ? nil : phone
        }
        if let address {
            for (name, text) in [
                ("line1", address.line1), ("line2", address.line2), ("city", address.city), ("state", address.state),
                ("postal_code", address.postalCode), ("country", address.country),
            ] {
                try Self.check(text, as: "address.\(name)")
            }
            details.address = address
        }
        if let taxID {
            try Self.check(taxID.value, as: "tax_id.value")
            details.taxIDs.removeAll { $0.type == taxID.type }
            if !taxID.value.isEmpty { details.taxIDs.append(taxID) }
        }
        try transaction.put(details)
        return details
    }

    private static func check(_ text: String, as name: String) throws(Refusal) {
        guard text.utf8.count <= textLimit else {
            throw .invalid("\(name) has \(text.utf8.count) bytes, at most \(textLimit) are allowed")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .invalid("\(name) cannot contain control characters")
        }
    }
}

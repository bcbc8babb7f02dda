internal import Basics
internal import Model
internal import Tollgate

struct CompanyBillingDetailsResponseData: WireObject {
    /// Nil while nothing has been told about the company.
    let details: BillingDetails?
    let company: Company
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("email", details?.email)
        json.field("phone", details?.phone)
        json.field("address", details?.address.map(CompanyBillingAddressView.init))
        json.field("tax_ids", (details?.taxIDs ?? []).map(CompanyTaxIDView.init))
        json.field("checkout_settings", CompanyBillingCheckoutSettings(group: view.planGroup))
        json.field("custom_fields", view.checkoutFields(of: company))
    }
}

struct CompanyBillingAddressView: WireObject {
    let address: BillingAddress

    func writeFields(to json: inout JSONWriter) {
        json.field("line1", address.line1)
        json.field("line2", address.line2)
        json.field("city", address.city)
        json.field("state", address.state)
        json.field("postal_code", address.postalCode)
        json.field("country", address.country)
    }
}

struct CompanyTaxIDView: WireObject {
    let taxID: TaxID

    func writeFields(to json: inout JSONWriter) {
        // A company has one number of each type.
        json.field("id", taxID.type)
        json.field("type", taxID.type)
        json.field("value", taxID.value)
        json.field("country", taxID.country)
    }
}

/// What the plan group wants checkouts to ask for.
struct CompanyBillingCheckoutSettings: WireObject {
    let group: PlanGroup?

    func writeFields(to json: inout JSONWriter) {
        for name in PlanGroupDisplay.checkout {
            json.field(named: name, group?.display["checkout_\(name)"] == .bool(true))
        }
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Who a company's invoices are addressed to.
    func addBillingDetails() {
        get("companies/:company_id/billing-details", .company) { call in
            try call.answer { view in
                let company: Company = try call.found("company_id", in: view)
                return CompanyBillingDetailsResponseData(
                    details: view.get(BillingDetails.id(of: company.id)), company: company, view: view)
            }
        }
        put("companies/:company_id/billing-details") { call in
            let details = try await call.execute(try call.billingDetails())
            return try call.answer { view in
                CompanyBillingDetailsResponseData(
                    details: details, company: try call.found("company_id", in: view), view: view)
            }
        }
    }
}

extension Call {
    fileprivate func billingDetails() throws(Refusal) -> UpdateBillingDetails {
        var command = UpdateBillingDetails(companyID: try id("company_id"))
        command.email = try body.optional("email")
        command.phone = try body.optional("phone")
        if let fields = try body.object("address") {
            var address = BillingAddress()
            address.line1 = try fields.optional("line1") ?? ""
            address.line2 = try fields.optional("line2") ?? ""
            address.city = try fields.optional("city") ?? ""
            address.state = try fields.optional("state") ?? ""
            address.postalCode = try fields.optional("postal_code") ?? ""
            address.country = try fields.optional("country") ?? ""
            command.address = address
        }
        command.fieldValues = try body.checkoutFieldValues("values")
        if let fields = try body.object("tax_id") {
            command.taxID = TaxID(type: try fields.required("type"), value: try fields.required("value"))
        }
        return command
    }
}

extension TaxIDType: FieldValue {}

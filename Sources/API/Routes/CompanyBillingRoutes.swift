internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Subscriptions of companies, and who pays for a company: always itself.
    func addCompanyBilling() {
        get("company-subscriptions", .company) { call in
            let page = try call.query.page()
            let companies: OneOf<Identifier<Company>> = try call.query.oneOf("company_ids", single: "company_id")
            return try call.answer { view in
                try view.reading.list(Subscription.self, offset: page.offset, limit: page.limit) {
                    $0.status == .active && companies.allows($0.companyID)
                }.map { CompanySubscriptionResponseData(subscription: $0, view: view) }
            }
        }
        get("company-billing-entity", .company) { call in
            try call.answer { view in
                _ = try call.queriedCompany(view)
                return [CompanyBillingEntityResponseData()]
            }
        }
        get("company-billing-entity-subscriptions", .company) { call in
            try call.answer { view in
                _ = try call.queriedCompany(view)
                return EmptyList()
            }
        }
    }
}

extension Call {
    /// The company that `company_id` must name.
    func queriedCompany(_ view: WireView) throws -> Company {
        let id: Identifier<Company> = try query.required("company_id")
        guard let company = view.get(id) else { throw Refusal.missing("company_id", id.description) }
        return company
    }
}

struct CompanyBillingEntityResponseData: WireObject {
    func writeFields(to json: inout JSONWriter) {
        json.field("has_own_stripe_customer", false)
    }
}

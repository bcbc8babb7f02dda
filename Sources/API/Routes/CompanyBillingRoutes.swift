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
                view.subscriptions(of: companies).dropFirst(page.offset).prefix(page.limit)
                    .map { ListedSubscription(kind: $0, view: view) }
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

/// CompanySubscriptionResponseData of Tollgate's own subscriptions and of those that providers keep.
private struct ListedSubscription: WireObject {
    enum Kind {
        case native(Subscription)
        case mirrored(MirroredSubscription)

        var createdAt: Timestamp {
            switch self {
            case .native(let subscription): subscription.createdAt
            case .mirrored(let subscription): subscription.createdAt
            }
        }
    }

    let kind: Kind
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        switch kind {
        case .native(let subscription):
            CompanySubscriptionResponseData(subscription: subscription, view: view).writeFields(to: &json)
        case .mirrored(let subscription):
            MirroredCompanySubscription(subscription: subscription, view: view).writeFields(to: &json)
        }
    }
}

extension WireView {
    /// Those that are not over, newest first.
    fileprivate func subscriptions(of companies: OneOf<Identifier<Company>>) -> [ListedSubscription.Kind] {
        let native = all(Subscription.self) { $0.isLive && companies.allows($0.companyID) }
        let mirrored = all(MirroredSubscription.self) {
            $0.companyID != nil && !$0.details.status.isFinal && companies.allows($0.companyID)
        }
        // Sorting keeps the order of what is equal.
        return (native.map(ListedSubscription.Kind.native) + mirrored.map(ListedSubscription.Kind.mirrored))
            .sorted { $1.createdAt < $0.createdAt }
    }
}

struct CompanyBillingEntityResponseData: WireObject {
    func writeFields(to json: inout JSONWriter) {
        json.field("has_own_stripe_customer", false)
    }
}

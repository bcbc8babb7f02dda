internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// What ends soon, and who is near a limit: what people look at who care for customers.
    func addRenewals() {
        get("renewals") { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.renewals(view).dropFirst(page.offset).prefix(page.limit)
                    .map { RenewalResponseData(renewal: $0, view: view) }
            }
        }
        get("renewals/count") { call in
            try call.answer { CountResponse(count: try call.renewals($0).count) }
        }
    }
}

extension Call {
    /// Those within `within_days` days from now, 30 when absent.
    fileprivate func renewals(_ view: WireView) throws -> [Renewal] {
        let days: Int64 = try query.optional("within_days") ?? 30
        guard (0...3660).contains(days) else {
            throw Refusal.invalid("within_days must be between 0 and 3660, not \(days)")
        }
        let kinds: OneOf<Renewal.Kind> = try query.oneOf("kinds", single: "kind")
        let companies: OneOf<Identifier<Company>> = try query.oneOf("company_ids", single: "company_id")
        return try view.reading.renewals(until: view.now + .seconds(days * 86_400)) {
            kinds.allows($0.kind) && companies.allows($0.company.id)
        }
    }
}

extension Renewal.Kind: FieldValue {}

/// One row of `/renewals`: ids that do not belong to its kind are null.
struct RenewalResponseData: WireObject {
    let renewal: Renewal
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("kind", renewal.kind)
        json.field("date", renewal.at)
        json.field("renews", renewal.renews)
        json.field("company_id", renewal.company.id)
        json.field("company_name", renewal.company.name)
        json.field("plan_id", renewal.company.plan?.planID)
        json.field("plan_name", renewal.company.plan.flatMap { view.get($0.planID) }?.name)
        var (overrideID, featureID): (Identifier<CompanyOverride>?, Identifier<Feature>?)
        var (subscriptionID, externalID): (String?, String?)
        var provider: BillingProviderType?
        var checkout: ScheduledCheckout?
        switch renewal.subject {
        case .override(let override): (overrideID, featureID) = (override.id, override.featureID)
        case .subscription(let subscription):
            (subscriptionID, externalID) = (subscription.id.description, subscription.id.description)
            provider = .schematic
        case .mirrored(let subscription):
            (subscriptionID, externalID) = (subscription.id.description, subscription.externalID)
            provider = subscription.details.provider
        case .checkout(let waiting): checkout = waiting
        }
        json.field("company_override_id", overrideID)
        json.field("feature_id", featureID)
        json.field("feature_name", featureID.flatMap { view.get($0) }?.name)
        json.field("subscription_id", subscriptionID)
        json.field("subscription_external_id", externalID)
        json.field("provider_type", provider)
        json.field("scheduled_checkout_id", checkout?.id)
        json.field("to_plan_id", checkout?.toPlanID)
    }
}

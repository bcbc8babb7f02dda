internal import Basics
internal import Model
internal import Tollgate

struct CompanyResponseData: WireObject {
    let company: Company

    func writeFields(to json: inout JSONWriter) {
        json.field("id", company.id)
        json.field("environment_id", company.environmentID)
        json.field("name", company.name)
        json.field("last_seen_at", company.lastSeenAt)
        json.field("created_at", company.createdAt)
        json.field("updated_at", company.updatedAt)
    }
}

struct CompanyDetailResponseData: WireObject {
    let company: Company
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let subscription = company.subscriptionID.flatMap { view.get($0) }
        let billing = subscription.map { BillingSubscriptionView(subscription: $0, view: view) }
        CompanyResponseData(company: company).writeFields(to: &json)
        EntityFields(company, view).writeFields(to: &json)
        json.field("user_count", company.userCount)
        json.field("plan", plan(subscription))
        json.field("plans", planPreviews)
        json.field("billing_subscription", billing)
        json.field("billing_subscriptions", billing.map { [$0] } ?? [])
        json.field("billing_profile", CompanyBillingProfileResponseData(company: company, view: view))
        json.field("entitlements", view.entitledFeatures(of: company).map { FeatureEntitlement(usage: $0, view: view) })
        json.emptyLists("add_ons", "custom_plan_billings", "metrics", "payment_methods", "rules")
    }

    private var planPreviews: [PreviewObject] {
        guard let plan = company.plan.flatMap({ view.get($0.planID) }) else { return [] }
        return [PreviewObject(id: plan.id.description, name: plan.name, description: plan.description)]
    }

    private func plan(_ subscription: Subscription?) -> CompanyPlanWithBillingSubView? {
        guard let assignment = company.plan, let plan = view.get(assignment.planID) else { return nil }
        return CompanyPlanWithBillingSubView(plan: plan, assignment: assignment, subscription: subscription, view: view)
    }
}

struct CompanyPlanWithBillingSubView: WireObject {
    let plan: Plan
    let assignment: PlanAssignment
    let subscription: Subscription?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let price = subscription.flatMap { view.price(of: $0) }
        json.field("id", plan.id)
        json.field("name", plan.name)
        json.field("description", plan.description)
        json.field("plan_version_id", assignment.versionID)
        json.field("added_on", assignment.assignedAt)
        json.field("plan_period", price?.interval.wireName)
        json.field("plan_price", price?.amount)
        json.emptyLists("included_credit_grants")
    }
}

extension WireView {
    /// The base price that a subscription bills by.
    func price(of subscription: Subscription) -> Price? {
        get(subscription.versionID)?.prices.first { $0.id == subscription.priceID }
    }
}

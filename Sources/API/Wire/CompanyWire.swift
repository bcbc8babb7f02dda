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
        json.field("add_ons", company.addOns.compactMap { addOn($0, subscription) })
        let mirrored = (company.mirror?.subscriptionIDs ?? []).compactMap { view.get($0) }
            .map { MirroredSubscriptionView(subscription: $0, view: view) }
        if let granting = mirrored.first(where: { $0.subscription.id == company.mirror?.grantedBy }) {
            json.field("billing_subscription", granting)
        } else {
            json.field("billing_subscription", billing)
        }
        json.field("billing_subscriptions") { json in
            json.array { json in
                billing?.write(to: &json)
                for subscription in mirrored { subscription.write(to: &json) }
            }
        }
        json.field("custom_plan_billings", view.customPlanBillings(of: company))
        json.field("pending_migration", view.pendingMigration(of: subscription))
        let scheduled = company.scheduledCheckoutID.flatMap { view.get($0) }
        json.field(
            "scheduled_downgrade",
            scheduled.map { ScheduledDowngradeResponseData(checkout: $0, subscription: subscription, view: view) })
        writePaymentMethods(to: &json)
        json.field("billing_profile", CompanyBillingProfileResponseData(company: company, view: view))
        json.field("entitlements", view.entitledFeatures(of: company).map { FeatureEntitlement(usage: $0, view: view) })
        json.emptyLists("metrics", "rules")
    }

    /// Those of the customer that the company is for a provider; the default is the one that was chosen here, else the
    /// one that the customer names.
    private func writePaymentMethods(to json: inout JSONWriter) {
        let customers = view.customers(of: company)
        let methods = customers.flatMap(\.paymentMethodIDs).compactMap { view.get($0) }
        let named = Set(customers.compactMap(\.details.defaultPaymentMethodID))
        let usual =
            view.chosenPaymentMethod(of: company)
            ?? methods.first { named.contains($0.externalID) || named.contains($0.id.description) }
        json.field("payment_methods", methods.map { PaymentMethodResponseData(method: $0, view: view) })
        json.field(
            "default_payment_method",
            (usual ?? methods.first).map { PaymentMethodResponseData(method: $0, view: view) })
    }

    private var planPreviews: [PreviewObject] {
        company.assignments.compactMap { view.get($0.planID) }.map {
            PreviewObject(id: $0.id.description, name: $0.name, description: $0.description)
        }
    }

    private func plan(_ subscription: Subscription?) -> CompanyPlanWithBillingSubView? {
        guard let assignment = company.plan, let plan = view.get(assignment.planID) else { return nil }
        return CompanyPlanWithBillingSubView(
            plan: plan, assignment: assignment,
            price: subscription.flatMap { view.price(of: $0) } ?? view.priceOnce(of: assignment),
            view: view)
    }

    private func addOn(_ assignment: PlanAssignment, _ subscription: Subscription?) -> CompanyPlanWithBillingSubView? {
        guard let plan = view.get(assignment.planID) else { return nil }
        let subscribed = subscription?.addOns.first { $0.planID == plan.id }
        return CompanyPlanWithBillingSubView(
            plan: plan, assignment: assignment,
            price: subscribed.flatMap { view.price(of: $0) } ?? view.priceOnce(of: assignment),
            view: view)
    }
}

struct CompanyPlanWithBillingSubView: WireObject {
    let plan: Plan
    let assignment: PlanAssignment
    /// Nil where it costs nothing.
    let price: Price?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", plan.id)
        json.field("name", plan.name)
        json.field("description", plan.description)
        json.field("billing_product_id", plan.billingProductID)
        json.field("billing_product_external_id", plan.billingProductID.flatMap { view.get($0) }?.externalID)
        json.field("plan_version_id", assignment.versionID)
        json.field("added_on", assignment.assignedAt)
        json.field("plan_period", price?.interval.wireName)
        json.field("plan_price", price?.amount)
        json.emptyLists("included_credit_grants")
    }
}

extension WireView {
    /// The payment method that was chosen for a company, while it is there.
    func chosenPaymentMethod(of company: Company) -> PaymentMethod? {
        company.billingProfile.paymentMethodID.flatMap { get($0) }
    }

    /// The base price that a subscription bills by.
    func price(of subscription: Subscription) -> Price? {
        get(subscription.versionID)?.prices.first { $0.id == subscription.priceID }
    }

    /// Nil for an add-on without a base price.
    func price(of addOn: SubscribedAddOn) -> Price? {
        get(addOn.versionID)?.prices.first { $0.id == addOn.priceID }
    }

    /// The first price of a version that is paid once.
    func priceOnce(of assignment: PlanAssignment) -> Price? {
        get(assignment.versionID).flatMap { $0.chargeType == .oneTime ? $0.prices.first : nil }
    }

    /// What a subscription costs for a period before any use or quantity: plan and add-ons.
    func totalPrice(of subscription: Subscription) -> Int64 {
        subscription.addOns.reduce(price(of: subscription)?.amount ?? 0) { $0 + (price(of: $1)?.amount ?? 0) }
    }
}

internal import Basics
internal import Model
internal import Tollgate

/// The subscription that a checkout has left, with the invoice that it issued.
struct CheckoutSubscription: WireObject {
    /// Nil for a company that has never had one: what it came to have costs nothing or was paid once.
    let subscription: Subscription?
    let company: Company
    let invoice: Invoice?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        if let subscription {
            BillingSubscriptionView(subscription: subscription, view: view).writeFields(to: &json)
        } else {
            writePurchase(to: &json)
        }
        json.field("invoice_id", invoice?.id)
    }

    /// What the contract wants to be told of a subscription, of a purchase that begins none.
    private func writePurchase(to json: inout JSONWriter) {
        let id = invoice?.subscriptionID.description ?? ""
        json.field("id", id)
        json.field("subscription_external_id", id)
        json.field("company_id", company.id)
        json.field("customer_external_id", company.id)
        json.field("status", SubscriptionStatus.active)
        json.field("interval", PriceInterval.oneTime.unit)
        json.field("currency", invoice?.currency ?? .usd)
        json.field("total_price", 0)
        json.field("period_start", view.now.seconds)
        json.field("period_end", view.now.seconds)
        json.field("cancel_at_period_end", false)
        json.field("provider_type", BillingProviderType.schematic)
        json.field("created_at", view.now)
    }
}

/// What a company has, and what it would have with a plan that it looks at.
struct CheckoutDataResponseData: WireObject {
    let company: Company
    let selected: Plan?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let subscription = company.subscriptionID.flatMap { view.get($0) }
        let selectedVersion = company.assignments.first { $0.planID == selected?.id }?.versionID
        json.field("company", CompanyDetailResponseData(company: company, view: view))
        json.field("active_plan", company.plan.flatMap(detail))
        json.field("active_add_ons", company.addOns.compactMap(detail))
        json.field(
            "active_usage_based_entitlements",
            company.assignments.flatMap { usageBased($0.versionID, company: subscription) })
        json.field(
            "selected_plan",
            selected.map { PlanDetailResponseData(plan: $0, versionID: selectedVersion, view: view) })
        json.field(
            "selected_usage_based_entitlements",
            (selectedVersion ?? selected?.publishedVersionID).map { usageBased($0, company: subscription) } ?? [])
        json.field("subscription", subscription.map { CompanySubscriptionResponseData(subscription: $0, view: view) })
        json.field(
            "feature_usage",
            FeatureUsageDetailResponseData(usages: view.entitledFeatures(of: company), view: view))
        json.field("company_can_trial_selected_plan", canTry)
        json.field(
            "selected_plan_already_trialed", selected.map { company.hasTried($0.id, in: settings) } ?? false)
        json.field("custom_checkout_fields", view.checkoutFields(of: company))
        json.emptyLists("available_credit_bundles", "selected_credit_bundles")
    }

    private var settings: PlanGroupSettings { view.planGroup?.settings ?? PlanGroupSettings() }

    /// Whether buying the plan would begin a trial.
    private var canTry: Bool {
        guard company.subscriptionID == nil, let version = selected?.publishedVersionID.flatMap({ view.get($0) })
        else { return false }
        return company.trialLength(of: version, in: settings) != nil
    }

    private func detail(_ assignment: PlanAssignment) -> PlanDetailResponseData? {
        view.get(assignment.planID).map {
            PlanDetailResponseData(plan: $0, versionID: assignment.versionID, view: view)
        }
    }

    private func usageBased(
        _ version: Identifier<PlanVersion>, company subscription: Subscription?
    ) -> [UsageBasedEntitlementResponseData] {
        (view.get(version)?.entitlementIDs ?? []).compactMap { view.get($0) }.filter { $0.priceBehavior != nil }
            .map { UsageBasedEntitlementResponseData(entitlement: $0, subscription: subscription, view: view) }
    }
}

/// An entitlement that costs something; with the quantity bought where the company's subscription has it.
struct UsageBasedEntitlementResponseData: WireObject {
    let entitlement: PlanEntitlement
    let subscription: Subscription?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let value = entitlement.value
        let bought = subscription?.payInAdvance.first { $0.entitlementID == entitlement.id }?.quantity
        json.field("feature_id", entitlement.featureID)
        json.field("value_type", value.type)
        json.field("value_bool", value.bool)
        json.field("value_numeric", value.numeric)
        json.field("metric_period", value.metricPeriod)
        json.field("metric_period_month_reset", value.metricPeriodMonthReset)
        json.field("price_behavior", entitlement.priceBehavior)
        json.field("usage_quantity", bought ?? entitlement.usageQuantity)
        json.field("metered_price", subscription.flatMap { entitlement.price(for: $0) }.map(view))
        json.field("monthly_usage_based_price", price(.monthly))
        json.field("quarterly_usage_based_price", price(.quarterly))
        json.field("yearly_usage_based_price", price(.yearly))
    }

    private func price(_ interval: PriceInterval) -> BillingPriceView? {
        entitlement.meteredPrices.first { $0.interval == interval }.map(view)
    }

    private func view(_ price: MeteredPrice) -> BillingPriceView {
        BillingPriceView(price: price, entitlement: entitlement, view: view)
    }
}

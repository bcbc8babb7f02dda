internal import Basics
internal import Model
internal import Tollgate

struct ScheduledCheckoutResponseData: WireObject {
    let checkout: ScheduledCheckout
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let price = view.price(of: checkout)
        json.field("id", checkout.id)
        json.field("company_id", checkout.companyID)
        json.field("from_plan_id", checkout.fromPlanID)
        json.field("to_plan_id", checkout.toPlanID)
        json.field("execute_after", checkout.executeAfter)
        json.field("status", checkout.status)
        json.field("actor_type", checkout.cause.actorType)
        json.field("scheduled_interval", price?.interval.wireName)
        json.field("scheduled_price", price?.amount)
        json.field("started_at", checkout.status == .cancelled ? nil : checkout.completedAt)
        json.field("completed_at", checkout.completedAt)
        json.field("error_message", checkout.errorMessage)
        json.field("created_at", checkout.createdAt)
        json.field("updated_at", checkout.updatedAt)
    }
}

/// A waiting change as its company shows it.
struct ScheduledDowngradeResponseData: WireObject {
    let checkout: ScheduledCheckout
    /// That runs until then.
    let subscription: Subscription?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let price = view.price(of: checkout)
        let former = subscription.flatMap { view.price(of: $0) }
        json.field("id", checkout.id)
        json.field("effective_after", checkout.executeAfter)
        json.field("from_plan_id", checkout.fromPlanID)
        json.field("from_plan_name", view.get(checkout.fromPlanID)?.name ?? "")
        json.field("from_subscription_price", former?.amount ?? 0)
        json.field("to_plan_id", checkout.toPlanID)
        json.field("to_plan_name", view.get(checkout.toPlanID)?.name ?? "")
        json.field("currency", former?.currency ?? price?.currency ?? .usd)
        json.field("interval", (former ?? price)?.interval.wireName ?? "")
        json.field("scheduled_interval", price?.interval.wireName)
        json.field("scheduled_price", price?.amount)
    }
}

extension WireView {
    /// The base price that a waiting change would be billed by, as the catalog is now; nil for a plan without one.
    fileprivate func price(of checkout: ScheduledCheckout) -> Price? {
        let version = get(checkout.toPlanID)?.publishedVersionID.flatMap { get($0) }
        return version?.recurringPrice(checkout.priceID)
    }
}

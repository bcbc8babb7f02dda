internal import Basics
internal import Model
internal import Tollgate

/// A subscription as companies show it. Its period is in Unix seconds, as the contract has it.
struct BillingSubscriptionView: WireObject {
    let subscription: Subscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let period = subscription.period
        let method = view.paymentMethod(of: subscription)
        json.field("id", subscription.id)
        json.field("subscription_external_id", subscription.id)
        json.field("company_id", subscription.companyID)
        json.field("customer_external_id", subscription.companyID)
        json.field("status", subscription.status)
        json.field("interval", subscription.interval.unit)
        json.field("currency", subscription.currency)
        json.field("total_price", view.totalPrice(of: subscription))
        json.field("period_start", period.start.seconds)
        json.field("period_end", period.end.seconds)
        json.field("cancel_at_period_end", subscription.cancelAtPeriodEnd)
        json.field("cancel_at", subscription.cancelAtPeriodEnd ? period.end.seconds : nil)
        json.field("expired_at", subscription.endedAt)
        json.field("trial_end", subscription.trialEndsAt?.seconds)
        json.field("trial_end_setting", subscription.trialEnding)
        json.field("provider_type", BillingProviderType.schematic)
        json.field("created_at", subscription.createdAt)
        json.field("default_payment_method_id", method?.id)
        json.field("payment_method", method.map { PaymentMethodResponseData(method: $0, view: view) })
        json.field("discounts", view.discounts(of: subscription))
        json.emptyLists("products")
    }
}

extension WireView {
    /// The one that was chosen for the company.
    fileprivate func paymentMethod(of subscription: Subscription) -> PaymentMethod? {
        get(subscription.companyID).flatMap { chosenPaymentMethod(of: $0) }
    }
}

struct CompanySubscriptionResponseData: WireObject {
    let subscription: Subscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("subscription_external_id", subscription.id)
        json.field("customer_external_id", subscription.companyID)
        json.field("status", subscription.status)
        json.field("interval", subscription.interval.unit)
        json.field("currency", subscription.currency)
        json.field("total_price", view.totalPrice(of: subscription))
        json.field("is_initial", view.get(subscription.companyID)?.endedSubscriptionIDs.isEmpty ?? false)
        json.field("cancel_at_period_end", subscription.cancelAtPeriodEnd)
        json.field("cancel_at", subscription.cancelAtPeriodEnd ? subscription.period.end : nil)
        json.field("expired_at", subscription.endedAt)
        json.field("trial_end", subscription.trialEndsAt)
        json.field("provider_type", BillingProviderType.schematic)
        json.field(
            "payment_method",
            view.paymentMethod(of: subscription).map { PaymentMethodResponseData(method: $0, view: view) })
        json.field("discounts", view.discounts(of: subscription))
        json.emptyLists("products")
    }
}

struct BillingNativeSubscriptionResponseData: WireObject {
    let subscription: Subscription
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let period = subscription.period
        json.field("id", subscription.id)
        json.field("company_id", subscription.companyID)
        json.field("plan_id", subscription.planID)
        json.field("plan_version_id", subscription.versionID)
        json.field("status", subscription.status)
        json.field("currency", subscription.currency)
        json.field("timezone", subscription.timezone)
        json.field("started_at", subscription.startedAt)
        json.field("period_start", period.start)
        json.field("period_end", period.end)
        json.field("cancel_at", subscription.cancelAtPeriodEnd ? period.end : nil)
        json.field("lines", lines)
        json.emptyLists("scheduled_changes")
    }

    /// The base fees of plan and add-ons, then every priced entitlement.
    private var lines: [BillingNativeSubscriptionLineResponseData] {
        let fees =
            [(subscription.planID, view.price(of: subscription))]
            + subscription.addOns.map { ($0.planID, view.price(of: $0)) }
        var lines = fees.compactMap { planID, price in
            price.map { price in
                BillingNativeSubscriptionLineResponseData(
                    subscription: subscription, id: price.id, source: .plan(planID, view.get(planID)), quantity: 1,
                    unitAmount: price.amount)
            }
        }
        for id in subscription.versionIDs.flatMap({ view.get($0)?.entitlementIDs ?? [] }) {
            guard let entitlement = view.get(id), let price = entitlement.price(for: subscription) else {
                continue
            }
            let bought = entitlement.priceBehavior == .payInAdvance ? subscription.quantity(boughtOf: entitlement) : 0
            var unitAmount: Int64?
            if case .perUnit(let unit) = price.model { unitAmount = unit.rounded }
            lines.append(
                BillingNativeSubscriptionLineResponseData(
                    subscription: subscription, id: price.id,
                    source: .entitlement(entitlement, view.get(entitlement.featureID)), quantity: bought,
                    unitAmount: unitAmount))
        }
        return lines
    }
}

struct BillingNativeSubscriptionLineResponseData: WireObject {
    enum Source {
        case plan(Identifier<Plan>, Plan?)
        case entitlement(PlanEntitlement, Feature?)
    }

    let subscription: Subscription
    let id: Identifier<Price>
    let source: Source
    let quantity: Int64
    /// Nil where there is no single one.
    let unitAmount: Int64?

    func writeFields(to json: inout JSONWriter) {
        let period = subscription.period
        json.field("id", id)
        switch source {
        case .plan(let id, let plan):
            json.field("base", id == subscription.planID)
            json.field("source_id", id)
            json.field("source_name", plan?.name)
            json.field("source_plan_type", plan?.type)
            writeKind(isInAdvance: true, to: &json)
        case .entitlement(let entitlement, let feature):
            json.field("base", false)
            json.field("source_id", entitlement.id)
            json.field("source_name", feature?.name)
            json.field("tiers_mode", entitlement.tierMode)
            writeKind(isInAdvance: entitlement.priceBehavior == .payInAdvance, to: &json)
        }
        json.field("quantity", quantity)
        json.field("unit_amount", unitAmount)
        json.field("currency", subscription.currency)
        json.field("taxable", false)
        json.field("anchor", subscription.anchor)
        json.field("anchor_day", CivilTime(subscription.anchor, in: subscription.calendar.zone).day)
        json.field("cadence_unit", subscription.interval.unit)
        json.field("cadence_count", subscription.interval.count)
        json.field("current_period_start", period.start)
        json.field("current_period_end", period.end)
        json.field("effective_from", subscription.startedAt)
    }

    private func writeKind(isInAdvance: Bool, to json: inout JSONWriter) {
        json.field("kind", isInAdvance ? "capacity" : "rate")
        json.field("timing", isInAdvance ? "in_advance" : "in_arrears")
    }
}

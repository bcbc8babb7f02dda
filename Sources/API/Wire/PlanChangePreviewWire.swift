internal import Basics
internal import Entitlements
internal import Model
internal import Tollgate

struct ManagePlanPreviewResponseResponseData: WireObject {
    let preview: PlanChangePreview
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("problems", preview.outcome.problems.map(CheckoutProblemResponseData.init))
        json.field(
            "subscription_change_preview", PreviewSubscriptionChangeResponseData(preview: preview, view: view))
    }
}

struct PreviewSubscriptionChangeResponseData: WireObject {
    let preview: PlanChangePreview
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("problems", preview.outcome.problems.map(CheckoutProblemResponseData.init))
        json.field("usage_violations", preview.outcome.violations.map(usage))
        json.field("due_now", preview.dueNow)
        json.field("new_charges", preview.newCharges)
        json.field("proration", preview.proration)
        json.field("period_start", preview.subscription?.period.start ?? view.now)
        json.field(
            "finance", preview.effect.map { PreviewSubscriptionFinanceResponseData(preview, $0, view) })
        json.field("is_scheduled_downgrade", preview.outcome.scheduled != nil)
        json.field("scheduled_change_time", preview.outcome.scheduled?.executeAfter)
        json.field("trial_end", preview.trialEnd)
        json.field(
            "payment_method_required", preview.outcome.problems.contains { $0.code == "payment_method_required" })
        preview.write(preview.discount(at: view.now), to: &json)
        let optIn = preview.isSelfServe ? view.planGroup.flatMap { $0.asksToOptIn ? $0 : nil } : nil
        json.field("opt_in_required", optIn != nil)
        json.field("opt_in_text", optIn?.display["opt_in_text"])
        json.field("opt_in_title", optIn?.display["opt_in_title"])
    }

    private func usage(_ violation: UsageViolation) -> FeatureUsageResponseData {
        let terms = violation.grant.terms
        return FeatureUsageResponseData(
            usage: FeatureUsage(
                violation, entitlement: terms.entitlementID.flatMap { view.get($0) },
                override: terms.overrideID.flatMap { view.get($0) }), view: view)
    }
}

extension PlanChangePreview {
    /// When the trial ends that runs after the change.
    fileprivate var trialEnd: Timestamp? {
        subscription.flatMap { $0.status == .trialing ? $0.trialEndsAt : nil }
    }

    fileprivate func write(_ discount: SubscriptionDiscount?, to json: inout JSONWriter) {
        json.field("promo_code_applied", redeemsCoupon)
        var (amount, percent) = (Int64(0), Decimal.zero)
        switch discount?.reduction {
        case .amount(let money): amount = money.minorUnits
        case .percent(let part): percent = part
        case nil: break
        }
        json.field("amount_off", amount)
        json.field("percent_off", DecimalNumber(value: percent))
    }
}

struct PreviewSubscriptionFinanceResponseData: WireObject {
    private let preview: PlanChangePreview
    private let effect: PlanChangeEffect
    private let view: WireView

    init(_ preview: PlanChangePreview, _ effect: PlanChangeEffect, _ view: WireView) {
        self.preview = preview
        self.effect = effect
        self.view = view
    }

    func writeFields(to json: inout JSONWriter) {
        json.field("currency", preview.currency)
        json.field("due_now", preview.dueNow)
        json.field("new_charges", preview.newCharges)
        json.field("proration", preview.proration)
        json.field("proration_billed_at", billedAt)
        json.field("proration_detail") { writeProration(to: &$0) }
        json.field("total_per_billing_period", preview.totalPerPeriod)
        json.field("customer_balance_applied", preview.balanceApplied)
        json.field("customer_balance_remaining", preview.balance)
        json.field("period_start", preview.subscription?.period.start ?? view.now)
        json.field("period_end", preview.subscription?.period.end ?? view.now)
        json.field("upcoming_invoice_line_items", preview.upcoming.map(upcoming))
        json.field("tax_require_billing_details", false)
        json.field("trial_end", preview.trialEnd)
        preview.write(preview.discount(at: view.now), to: &json)
        json.field("discount_amount", preview.discount)
        json.field("tax_amount", preview.tax)
        json.field(
            "discounts",
            preview.discount(at: view.now).map {
                [BillingSubscriptionDiscountView(discount: $0, subscriptionID: preview.subscription?.id, now: view.now)]
            } ?? [])
    }

    /// Credits to the customer balance are given at once, too.
    private var isAtRenewal: Bool { effect.timing == .onNextInvoice }
    private var billedAt: Timestamp? {
        if effect.proration.isEmpty { return nil }
        return isAtRenewal ? preview.subscription?.period.end : view.now
    }

    private func writeProration(to json: inout JSONWriter) {
        func sum(_ type: InvoiceLineType) -> Int64 {
            effect.proration.filter { $0.type == type }.reduce(0) { $0 + $1.amount }
        }
        json.object {
            $0.field("credit", -sum(.prorationCredit))
            $0.field("charge", sum(.prorationCharge))
            $0.field("total", preview.proration)
            $0.field("currency", preview.currency)
            $0.field("timing", effect.proration.isEmpty ? "none" : isAtRenewal ? "at_renewal" : "now")
            $0.field("billed_at", billedAt)
            $0.field("lines", effect.proration.map(PreviewSubscriptionProrationLineResponseData.init))
        }
    }

    private func upcoming(_ line: InvoiceLine) -> PreviewSubscriptionUpcomingInvoiceLineItems {
        var price: Identifier<Price>?
        if let entitlement = line.entitlementID.flatMap({ view.get($0) }) {
            price = preview.subscription.flatMap { entitlement.price(for: $0)?.id }
        } else if let subscription = preview.subscription {
            price =
                line.planID == subscription.planID
                ? subscription.priceID : subscription.addOns.first { $0.planID == line.planID }?.priceID
        }
        return PreviewSubscriptionUpcomingInvoiceLineItems(line: line, priceID: price)
    }
}

/// Amounts have the sign that they have on an invoice.
struct PreviewSubscriptionProrationLineResponseData: WireObject {
    let line: InvoiceLine

    func writeFields(to json: inout JSONWriter) {
        json.field("kind", line.type == .prorationCredit ? "credit" : "charge")
        json.field("amount", line.amount)
        json.field("plan_id", line.planID)
        json.field("quantity", line.quantity.rounded)
        json.field("period_start", line.period.start)
        json.field("period_end", line.period.end)
    }
}

struct PreviewSubscriptionUpcomingInvoiceLineItems: WireObject {
    let line: InvoiceLine
    let priceID: Identifier<Price>?

    func writeFields(to json: inout JSONWriter) {
        json.field("description", line.description)
        json.field("amount", line.amount)
        json.field("quantity", line.quantity.rounded)
        json.field("price_id", priceID?.description ?? "")
        json.field("proration", line.type == .prorationCredit || line.type == .prorationCharge)
    }
}

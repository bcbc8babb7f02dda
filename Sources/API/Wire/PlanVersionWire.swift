internal import Basics
internal import Model
internal import Tollgate

/// What one version of a plan has otherwise than another: by feature, by price, and in its settings.
struct PlanVersionDiffResponseData: WireObject {
    let plan: Plan
    let old: PlanVersion?
    let new: PlanVersion
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let (entitlements, prices) = (entitlementChanges, priceChanges)
        json.field("from", old.map { PlanVersionResponseData(version: $0, plan: plan, view: view) })
        json.field("to", PlanVersionResponseData(version: new, plan: plan, view: view))
        json.field("has_billing_changes", !prices.isEmpty || entitlements.contains(where: \.changesBilling))
        json.field("plan_fields", fieldChanges)
        json.field("prices", prices)
        json.field("entitlements", entitlements)
        json.emptyLists("credit_grants")
    }

    private var entitlementChanges: [PlanVersionEntitlementChange] {
        func byFeature(_ version: PlanVersion?) -> [Identifier<Feature>: PlanEntitlement] {
            let entitlements = (version?.entitlementIDs ?? []).compactMap { view.get($0) }
            return Dictionary(entitlements.map { ($0.featureID, $0) }) { first, _ in first }
        }
        let (before, after) = (byFeature(old), byFeature(new))
        return Set(before.keys).union(after.keys).sorted().map {
            PlanVersionEntitlementChange(featureID: $0, old: before[$0], new: after[$0], view: view)
        }.filter { $0.old == nil || $0.new == nil || !$0.changedFields.isEmpty }
    }

    private var priceChanges: [PlanVersionPriceChange] {
        struct Place: Hashable {
            let interval: PriceInterval
            let currency: Currency
        }
        func byPlace(_ version: PlanVersion?) -> [Place: Price] {
            Dictionary((version?.prices ?? []).map { (Place(interval: $0.interval, currency: $0.currency), $0) }) {
                first, _ in first
            }
        }
        let (before, after) = (byPlace(old), byPlace(new))
        return Set(before.keys).union(after.keys)
            .sorted { ($0.currency.code, $0.interval.wireName) < ($1.currency.code, $1.interval.wireName) }
            .filter { before[$0]?.amount != after[$0]?.amount }
            .map { PlanVersionPriceChange(old: before[$0], new: after[$0]) }
    }

    private var fieldChanges: [PlanVersionFieldChange] {
        func fields(_ version: PlanVersion?) -> [(String, String)] {
            [
                ("charge_type", version?.chargeType.rawValue ?? ""),
                ("billing_strategy", version?.billingStrategy.rawValue ?? ""),
                ("is_trialable", version.map { $0.isTrialable ? "true" : "false" } ?? ""),
                ("trial_days", version?.trialDays.map { String($0) } ?? ""),
            ]
        }
        return zip(fields(old), fields(new)).filter { $0.1 != $1.1 }.map {
            PlanVersionFieldChange(field: $0.0, old: $0.1, new: $1.1)
        }
    }
}

struct PlanVersionFieldChange: WireObject {
    let field: String
    let old: String
    let new: String

    func writeFields(to json: inout JSONWriter) {
        json.field("field", field)
        json.field("old", old)
        json.field("new", new)
    }
}

struct PlanVersionPriceChange: WireObject {
    let old: Price?
    let new: Price?

    func writeFields(to json: inout JSONWriter) {
        guard let some = new ?? old else { return }
        let cadence =
            switch some.interval {
            case .monthly: "monthly"
            case .quarterly: "quarterly"
            case .yearly: "yearly"
            case .oneTime: "one_time"
            default: some.interval.wireName
            }
        json.field("cadence", cadence)
        json.field("currency", some.currency)
        json.field("old", old.map(BillingPriceResponseData.init))
        json.field("new", new.map(BillingPriceResponseData.init))
    }
}

struct PlanVersionEntitlementChange: WireObject {
    let featureID: Identifier<Feature>
    let old: PlanEntitlement?
    let new: PlanEntitlement?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("feature_id", featureID)
        json.field("change_type", old == nil ? "added" : new == nil ? "removed" : "changed")
        json.field("changed_fields", changedFields)
        json.field("old", old.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
        json.field("new", new.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
    }

    /// Whether what companies pay for the feature changes.
    var changesBilling: Bool {
        guard let old, let new else { return (old ?? new)?.priceBehavior != nil }
        return !Set(changedFields).isDisjoint(with: ["price_behavior", "soft_limit", "usage_quantity", "prices"])
            && (old.priceBehavior ?? new.priceBehavior) != nil
    }

    /// By their names on the wire; `prices` stands for all of them.
    var changedFields: [String] {
        guard let old, let new else { return [] }
        func prices(_ entitlement: PlanEntitlement) -> [PriceInterval: Set<CommonPrice>] {
            Dictionary(entitlement.meteredPrices.map { ($0.interval, Set([$0.common])) }) { $0.union($1) }
        }
        let changes: [(String, Bool)] = [
            ("value_type", old.value.type != new.value.type), ("value_bool", old.value.bool != new.value.bool),
            ("value_numeric", old.value.numeric != new.value.numeric),
            ("value_trait_id", old.value.traitID != new.value.traitID),
            ("metric_period", old.value.metricPeriod != new.value.metricPeriod),
            (
                "metric_period_month_reset", old.value.metricPeriodMonthReset != new.value.metricPeriodMonthReset
            ),
            ("price_behavior", old.priceBehavior != new.priceBehavior), ("soft_limit", old.softLimit != new.softLimit),
            ("usage_quantity", old.usageQuantity != new.usageQuantity), ("tier_mode", old.tierMode != new.tierMode),
            ("prices", prices(old) != prices(new)),
        ]
        return changes.filter { $0.1 }.map { $0.0 }
    }
}

/// Why a plan's draft could not be published as it is.
struct PlanIssue: WireObject {
    let versionID: Identifier<PlanVersion>
    let problem: String

    func writeFields(to json: inout JSONWriter) {
        // Problems that have a code in the contract begin with it.
        let code = problem.prefix { $0 != ":" }
        let isCode = code.count < problem.count && code.allSatisfy { $0.isLowercase || $0 == "_" }
        json.field("code", isCode ? String(code) : "cannot_be_published")
        json.field("description", problem)
        json.field("id", versionID)
    }
}

struct PublishPreviewResponseData: WireObject {
    let outcome: PreviewPublication.Outcome
    /// The company comes to a custom plan when it has paid.
    let isPaidFirst: Bool
    let email: String?
    let daysUntilDue: Int64?
    let now: Timestamp

    func writeFields(to json: inout JSONWriter) {
        let lines = outcome.effect?.proration ?? []
        let (credits, charges) = (lines.filter { $0.amount < 0 }, lines.filter { $0.amount >= 0 })
        let profile = outcome.company?.billingProfile
        json.field("billing_email", email)
        json.field("would_fail", outcome.problem != nil)
        json.field("note", outcome.problem ?? note)
        json.field("has_billing_changes", outcome.hasBillingChanges || outcome.effect?.action != nil)
        json.field("will_update_subscription", outcome.effect?.action != nil)
        json.field("company_count", Int(outcome.companies))
        json.field("effective_at", outcome.effect == nil || isPaidFirst ? nil : now)
        json.field("currency", outcome.subscription?.currency)
        json.field("current_period_start", outcome.subscription?.period.start)
        json.field("current_period_end", outcome.subscription?.period.end)
        json.field("next_invoice_at", outcome.subscription?.period.end)
        json.field("new_recurring_amount", outcome.recurring)
        json.field("immediate_invoice_amount", outcome.effect?.invoices.reduce(0) { $0 + max(0, $1.amountRemaining) })
        json.field("default_collection_method", profile?.collectionMethod ?? .sendInvoice)
        json.field("default_days_until_due", daysUntilDue ?? profile?.daysUntilDue ?? 30)
        json.field("default_send_invoice", true)
        json.field("proration_credit", -credits.reduce(0) { $0 + $1.amount })
        json.field("proration_charge", charges.reduce(0) { $0 + $1.amount })
        json.field("proration_total", lines.reduce(0) { $0 + $1.amount })
        json.field("proration_lines", lines.map(PublishPreviewProrationLine.init))
        json.field("lands_on", landsOn)
        json.field("pay_in_advance", outcome.payInAdvance.map(PublishPreviewPayInAdvance.init))
        json.field("payment_method") { $0.object { $0.field("has_default", false) } }
    }

    private var note: String? {
        outcome.companies > 0 ? "companies to be migrated: \(outcome.companies)" : nil
    }

    private var landsOn: String {
        switch outcome.effect?.timing {
        case .now: "immediate_invoice"
        case .onNextInvoice: "next_invoice"
        case .never, nil: "none"
        }
    }
}

private struct PublishPreviewProrationLine: WireObject {
    let line: InvoiceLine

    func writeFields(to json: inout JSONWriter) {
        json.field("amount", line.amount)
        json.field("description", line.description)
        json.field("period_start", line.period.start)
        json.field("period_end", line.period.end)
        json.field("quantity", line.quantity.rounded ?? 0)
    }
}

private struct PublishPreviewPayInAdvance: WireObject {
    let entitlement: PlanEntitlement

    func writeFields(to json: inout JSONWriter) {
        json.field("feature_id", entitlement.featureID)
        json.field("committed_quantity", entitlement.usageQuantity ?? 0)
        json.field("effective_quantity", entitlement.usageQuantity ?? 0)
    }
}

internal import Basics
internal import Entitlements
internal import Model
internal import Tollgate

struct CheckFlagResponseData: WireObject {
    let check: FlagCheck

    func writeFields(to json: inout JSONWriter) {
        let decision = check.decision
        let limit = decision.matchedLimit
        json.field("flag", check.flag.key)
        json.field("flag_id", check.flag.id)
        json.field("value", decision.value)
        json.field("reason", decision.reason)
        json.field("rule_id", decision.rule?.id)
        json.field("rule_type", decision.rule?.type)
        json.field("company_id", check.company)
        json.field("user_id", check.user)
        json.field("feature_allocation", limit?.allocation)
        json.field("feature_usage", limit?.usage)
        json.field("feature_usage_event", limit?.event)
        json.field("feature_usage_period", limit?.span?.period)
        json.field("feature_usage_reset_at", limit?.resetsAt)
        json.field("entitlement") { json in
            guard let use = decision.entitlement else { return json.null() }
            FeatureEntitlement(
                featureKey: check.flag.key, grant: use.grant, usage: use.reading?.usage, event: limit?.event,
                resetsAt: use.reading?.resetsAt
            ).write(to: &json)
        }
    }
}

struct CheckAndReserveFlagResponseData: WireObject {
    let check: FlagCheck
    /// Nil where nothing was to be held, or did not fit.
    let hold: Hold?

    func writeFields(to json: inout JSONWriter) {
        CheckFlagResponseData(check: check).writeFields(to: &json)
        json.field("reservation", hold.map { FlagCheckReservationResponseData(hold: $0, flag: check.flag) })
    }
}

/// A hold in the form of one of credits: a unit is a unit, and costs none.
struct FlagCheckReservationResponseData: WireObject {
    let hold: Hold
    let flag: CompiledFlag

    func writeFields(to json: inout JSONWriter) {
        json.field("id", hold.id)
        json.field("company_id", hold.companyID)
        json.field("credit_type_id", "")
        json.field("consumption_rate", 1)
        json.field("credits_reserved", 0)
        json.field("quantity_reserved", hold.quantity)
        // SDKs settle by a track event, and release at once what has no name for it: a trait's holds have the flag's.
        json.field("event_subtype", flag.event ?? flag.key)
        json.field("expires_at", hold.expiresAt)
    }
}

/// What a company may use of a feature, and has.
struct FeatureEntitlement: WireObject {
    let featureKey: String
    let grant: Grant
    /// Nil for features that nothing meters.
    let usage: Int64?
    /// Nil for features that no event meters, and where a check did not have to ask for it.
    let event: String?
    let resetsAt: Timestamp?

    func writeFields(to json: inout JSONWriter) {
        let value = grant.terms.value
        json.field("feature_id", grant.terms.featureID)
        json.field("feature_key", featureKey)
        json.field("value_type", value.type)
        json.field("allocation", grant.allocation.limit)
        json.field("usage", usage)
        json.field("soft_limit", grant.terms.softLimit)
        json.field("event_name", event)
        json.field("event_subtype", event)
        json.field("metric_period", value.metricPeriod)
        json.field("month_reset", value.metricPeriodMonthReset)
        json.field("metric_reset_at", resetsAt)
    }
}

extension FeatureEntitlement {
    init(usage: FeatureUsage, view: WireView) {
        self.init(
            featureKey: view.get(usage.feature.flagID)?.key ?? "", grant: usage.grant, usage: usage.usage,
            event: usage.feature.eventSubtype, resetsAt: usage.resetAt)
    }
}

/// Every flag for one company and user.
struct CheckFlagsResponseData: WireObject {
    let checks: [FlagCheck]
    /// The company's plan, and the trial that it has or had last.
    let plan: (plan: Plan, trial: Trial?)?

    func writeFields(to json: inout JSONWriter) {
        json.field("flags", checks.map(CheckFlagResponseData.init))
        json.field("plan", plan.map { DatastreamCompanyPlan(plan: $0.plan, trial: $0.trial) })
        json.emptyLists("credit_spend_policies")
    }
}

struct DatastreamCompanyPlan: WireObject {
    let plan: Plan
    let trial: Trial?

    func writeFields(to json: inout JSONWriter) {
        json.field("id", plan.id)
        json.field("name", plan.name)
        json.field("trial_end_date", trial?.endsAt)
        json.field("trial_status", trial?.status)
    }
}

struct CheckFlagsBulkResponseData: WireObject {
    let data: [CheckFlagsResponseData]

    func writeFields(to json: inout JSONWriter) {
        json.field("data", data)
    }
}

internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Who is near a limit, at it, or uses little of what is paid for.
    func addUsageSignals() {
        get("usage-signals") { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.signals(view).dropFirst(page.offset).prefix(page.limit).map { signal in
                    UsageSignalResponseData(
                        signal: signal, previous: try view.reading.previousUse(before: signal), view: view)
                }
            }
        }
        get("usage-signals/count") { call in
            try call.answer { CountResponse(count: try call.signals($0).count) }
        }
    }
}

extension Call {
    fileprivate func signals(_ view: WireView) throws -> [UsageSignal] {
        let near = try percent("threshold", usually: 80)
        let under = try percent("under_threshold", usually: 20)
        let kinds: OneOf<UsageSignalKind> = try query.oneOf("kinds", single: "kind")
        let features: OneOf<Identifier<Feature>> = try query.oneOf("feature_ids", single: "feature_id")
        let companies: OneOf<Identifier<Company>> = try query.oneOf("company_ids", single: "company_id")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf("plan_ids", single: "plan_id")
        for id in features.values ?? [] where view.get(id) == nil {
            throw Refusal.missing("feature_id", id.description)
        }
        return try view.reading.usageSignals(
            SignalThresholds(near: near, under: under), features: features.values
        ) { company, found in
            companies.allows(company.id) && plans.allows(company.plan?.planID) && found.contains { kinds.allows($0) }
        }
    }

    private func percent(_ name: String, usually: Int64) throws(Refusal) -> Int64 {
        let percent = try query.optional(name) ?? usually
        guard (1...100).contains(percent) else {
            throw .invalid("\(name) must be a percentage between 1 and 100, not \(percent)")
        }
        return percent
    }
}

extension UsageSignalKind: FieldValue {}

/// One row of `/usage-signals`.
struct UsageSignalResponseData: WireObject {
    let signal: UsageSignal
    let previous: PreviousUse?
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("company_id", signal.company)
        json.field("company_name", signal.companyName)
        json.field("plan_id", signal.planID)
        json.field("plan_name", signal.planID.flatMap { view.get($0) }?.name)
        json.field("feature_id", signal.feature.id)
        json.field("feature_name", signal.feature.name)
        json.field("signals", signal.kinds.map(\.rawValue))
        json.field("usage", signal.usage)
        json.field("limit", signal.limit)
        json.field("percent_used", Self.percent(signal.usage, of: signal.limit))
        json.field("metric_reset_at", signal.resetAt)
        json.field("previous_usage", previous?.usage)
        json.field("previous_usage_to_date", previous?.usageToDate)
        json.field(
            "change_percent", previous.flatMap { Self.percent(signal.usage - $0.usageToDate, of: $0.usageToDate) })
    }

    /// Cut to two places; nil of nothing.
    private static func percent(_ part: Int64, of whole: Int64) -> DecimalNumber? {
        guard whole > 0 else { return nil }
        return Decimal(coefficient: Int128(part) * 10_000 / Int128(whole), scale: 2).map(DecimalNumber.init)
    }
}

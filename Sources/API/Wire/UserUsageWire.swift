internal import Basics
internal import Entitlements
internal import Model
internal import Tollgate

struct EventSummaryResponseData: WireObject {
    let summary: EventSummary
    let environmentID: EnvironmentID

    func writeFields(to json: inout JSONWriter) {
        json.field("event_subtype", summary.eventSubtype)
        json.field("environment_id", environmentID)
        json.field("event_count", summary.events)
        json.field("company_count", summary.companies)
        json.field("user_count", summary.users)
        json.field("last_seen_at", summary.lastSeenAt)
    }
}

struct UserUsageByCompanyResponseData: WireObject {
    let usage: UserUsage
    let features: [Feature]
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("start_time", usage.period.start)
        json.field("end_time", usage.period.end)
        json.field("rows", features.flatMap { usage.rows(of: $0, view) })
        json.emptyLists("credits")
    }
}

struct CompanyUserUsageMetricsResponseData: WireObject {
    let usage: UserUsage
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let used = view.eventFeatures.filter { !usage.users(of: view.reading.sum(of: $0)).isEmpty }
        json.field("start_time", usage.period.start)
        json.field("end_time", usage.period.end)
        json.field("features", used.map { FeatureResponseData(feature: $0) })
        json.field("has_credits", false)
    }
}

/// Rows of users, and what named none.
struct CompanyUserUsageResponseData: WireObject {
    let usage: UserUsage
    let meter: Identifier<Meter>?
    let offset: Int
    let limit: Int
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let (uses, total) = (usage.users(of: meter), usage.total(of: meter))
        let named = uses.filter { $0.user != nil }
        let row = { (use: UserUsage.Use) in CompanyUserUsageRowResponseData(use: use, total: total, view: view) }
        json.field("start_time", usage.period.start)
        json.field("end_time", usage.period.end)
        json.field("total", total)
        json.field("top_user_share", Share(part: named.first?.quantity ?? 0, total: total))
        json.field("rows", named.dropFirst(offset).prefix(limit).map(row))
        json.field("unattributed", uses.first { $0.user == nil }.map(row))
    }
}

struct CompanyUserUsageRowResponseData: WireObject {
    let use: UserUsage.Use
    let total: Int64
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("user_id", use.user)
        json.field("user", use.user.flatMap { view.get($0) }.map(UserResponseData.init))
        json.field("value", use.quantity)
        json.field("share", Share(part: use.quantity, total: total))
        json.field("last_seen", use.lastSeen)
    }
}

struct UserUsageDetailResponseData: WireObject {
    let usage: UserUsage
    let user: User
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let features = view.eventFeatures
        json.field("start_time", usage.period.start)
        json.field("end_time", usage.period.end)
        json.field("user", UserResponseData(user: user))
        json.field("feature_totals", features.flatMap { usage.rows(of: $0, view) })
        let points = features.flatMap { feature in
            usage.days(of: view.reading.sum(of: feature))
                .map { UserDailyUsagePointResponseData(feature: feature, use: $0) }
        }
        json.field("daily_points", points)
        json.emptyLists("credits", "daily_credit_points")
    }
}

/// What one user used of one feature.
struct UserFeatureUsageResponseData: WireObject {
    let feature: Feature
    let row: CompanyUserUsageRowResponseData

    func writeFields(to json: inout JSONWriter) {
        row.writeFields(to: &json)
        json.field("feature", FeatureResponseData(feature: feature))
    }
}

struct UserDailyUsagePointResponseData: WireObject {
    let feature: Feature
    let use: UserUsage.Use

    func writeFields(to json: inout JSONWriter) {
        json.field("date", use.day)
        json.field("feature", FeatureResponseData(feature: feature))
        json.field("value", use.quantity)
    }
}

extension UserUsage {
    fileprivate func rows(of feature: Feature, _ view: WireView) -> [UserFeatureUsageResponseData] {
        let meter = view.reading.sum(of: feature)
        let total = total(of: meter)
        return users(of: meter).map { use in
            UserFeatureUsageResponseData(
                feature: feature, row: CompanyUserUsageRowResponseData(use: use, total: total, view: view))
        }
    }
}

/// A part of a total as a JSON number, 0.25 for a quarter: six places, cut off.
struct Share: JSONWritable {
    let part: Int64
    let total: Int64

    func write(to json: inout JSONWriter) {
        let millionths = total == 0 ? 0 : Int128(part) * 1_000_000 / Int128(total)
        let digits = String(millionths.magnitude)
        let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        json.raw("\(millionths < 0 ? "-" : "")\(padded.dropLast(6)).\(padded.suffix(6))".utf8)
    }
}

struct FeatureUsageTimeSeriesResponseData: WireObject {
    let feature: Feature
    let series: UsageTimeSeries
    let planID: Identifier<Plan>?

    func writeFields(to json: inout JSONWriter) {
        json.field("feature_id", feature.id)
        json.field("feature_type", feature.type)
        json.field("period_type", series.grant?.grant.terms.value.metricPeriod)
        json.field("usage_points", series.points.map(UsageTimeSeriesPointResponseData.init))
        let limits = series.grant.map { grant, since in
            LimitTimeSeriesPointResponseData(grant: grant, since: since, planID: planID)
        }
        json.field("limits", limits.map { [$0] } ?? [])
    }
}

struct UsageTimeSeriesPointResponseData: WireObject {
    let point: UsageTimeSeries.Point

    func writeFields(to json: inout JSONWriter) {
        json.field("timestamp", point.bucket.start)
        json.field("period_start", point.bucket.start)
        json.field("period_end", point.bucket.end)
        json.field("usage", point.usage)
    }
}

struct LimitTimeSeriesPointResponseData: WireObject {
    let grant: Grant
    let since: Timestamp
    let planID: Identifier<Plan>?

    func writeFields(to json: inout JSONWriter) {
        json.field("effective_at", since)
        json.field("limit_value", grant.effectiveLimit)
        json.field("is_soft_limit", grant.terms.softLimit != nil)
        json.field("limit_source", grant.terms.source == .plan ? "plan_entitlement" : "company_override")
        json.field("plan_id", planID)
        json.field("price_behavior", grant.terms.priceBehavior)
    }
}

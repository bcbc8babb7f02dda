internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Usage in time, and by the users of a company.
    func addUserUsage() {
        get("feature-usage-timeseries", .company) { call in try call.usageTimeSeries() }
        get("event-types") { call in
            let page = try call.query.page()
            let subtypes: OneOf<String> = try call.query.oneOf("event_subtypes")
            let search = try call.query.search()
            let summaries = try await call.engine.eventSummaries(in: call.environment)
                .filter { subtypes.allows($0.eventSubtype) && search.allows([$0.eventSubtype]) }
            return call.answer(
                summaries.dropFirst(page.offset).prefix(page.limit)
                    .map { EventSummaryResponseData(summary: $0, environmentID: call.environment) })
        }
        get("user-usage-by-company", .company) { call in
            let usage = try await call.userUsage()
            return try call.answer {
                UserUsageByCompanyResponseData(usage: usage, features: try call.features($0), view: $0)
            }
        }
        get("user-usage-by-company/metrics", .company) { call in
            let usage = try await call.userUsage()
            return try call.answer { CompanyUserUsageMetricsResponseData(usage: usage, view: $0) }
        }
        get("user-usage-by-company/users", .company) { call in
            let page = try call.query.page()
            let wanted = try call.query.usageMetric()
            let usage = try await call.userUsage()
            return try call.answer { view in
                CompanyUserUsageResponseData(
                    usage: usage, meter: try call.meter(wanted, view), offset: page.offset, limit: page.limit,
                    view: view)
            }
        }
        get("user-usage-by-company/users/count", .company) { call in
            let wanted = try call.query.usageMetric()
            let usage = try await call.userUsage()
            return try call.answer { view in
                CountResponse(count: usage.users(of: try call.meter(wanted, view)).count { $0.user != nil })
            }
        }
        get("user-usage-detail", .company) { call in
            let id: Identifier<User> = try call.query.required("user_id")
            let usage = try await call.userUsage(of: id)
            return try call.answer { view in
                guard let user = view.get(id) else { throw Refusal.missing("user_id", id.description) }
                return UserUsageDetailResponseData(usage: usage, user: user, view: view)
            }
        }
    }
}

extension Call {
    /// Of the company that the query names, in its time: the last 30 days when it says nothing.
    fileprivate func userUsage(of user: Identifier<User>? = nil) async throws -> UserUsage {
        let end: Timestamp = try query.optional("end_time") ?? engine.now(in: environment)
        let start: Timestamp = try query.optional("start_time") ?? end - .days(30)
        guard start < end, end - start <= .days(366) else {
            throw Refusal.invalid("start_time must be before end_time, by 366 days at most")
        }
        let company = try engine.read(environment) { try queriedCompany(WireView($0)).id }
        return try await engine.userUsage(of: company, user: user, in: Period(start: start, end: end), environment)
    }

    /// The event features that the query lets through.
    fileprivate func features(_ view: WireView) throws -> [Feature] {
        let wanted: OneOf<Identifier<Feature>> = try query.oneOf(single: "feature_id")
        return view.eventFeatures.filter { wanted.allows($0.id) }
    }

    /// What counts the feature that the query names; nil where nothing does.
    fileprivate func meter(_ metric: UserUsageMetric, _ view: WireView) throws -> Identifier<Meter>? {
        guard metric == .feature else { return nil }
        return view.reading.sum(of: try queriedFeature(view))
    }

    private func queriedFeature(_ view: WireView) throws -> Feature {
        let id: Identifier<Feature> = try query.required("feature_id")
        guard let feature = view.get(id) else { throw Refusal.missing("feature_id", id.description) }
        return feature
    }

    fileprivate func usageTimeSeries() throws -> Answer {
        let start: Timestamp = try query.required("start_time")
        let end: Timestamp = try query.required("end_time")
        let granularity: HistoryGranularity = try query.optional("granularity") ?? .daily
        guard start < end else { throw Refusal.invalid("start_time must be before end_time") }
        return try answer { view in
            let (company, feature) = (try queriedCompany(view), try queriedFeature(view))
            let series = try view.reading.usageTimeSeries(
                of: feature, company: company, in: Period(start: start, end: end), by: granularity)
            return FeatureUsageTimeSeriesResponseData(feature: feature, series: series, planID: company.plan?.planID)
        }
    }
}

extension WireView {
    /// Those of which something may have been used, newest first.
    var eventFeatures: [Feature] { all(Feature.self) { $0.type == .event } }
}

extension Query {
    fileprivate func usageMetric() throws(Refusal) -> UserUsageMetric { try required("metric") }
}

/// Source: Schematic, `UserUsageMetric`. There are no credits to be used yet.
enum UserUsageMetric: String, CaseIterable, FieldValue {
    case credits, feature
}

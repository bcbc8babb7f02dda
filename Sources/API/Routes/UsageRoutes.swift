internal import Basics
internal import Entitlements
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addUsage() {
        get("feature-usage", .company) { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.featureUsage(view).dropFirst(page.offset).prefix(page.limit)
                    .map { FeatureUsageResponseData(usage: $0, view: view) }
            }
        }
        get("feature-usage/count", .company) { call in
            try call.answer { CountResponse(count: try call.featureUsage($0).count) }
        }
        get("feature-usage-history") { call in
            try call.usageHistory()
        }
        get("usage-by-company", .company) { call in
            let keys = try call.queryKeys()
            return try call.answer { view in
                let company = try view.reading.requireCompany(keys: keys)
                return FeatureUsageDetailResponseData(usages: view.entitledFeatures(of: company), view: view)
            }
        }
        addUsageOfFeatures()
        addReservations()
    }

    /// The companies that a feature is granted to, and their users, newest first.
    private func addUsageOfFeatures() {
        get("feature-companies") { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.featureCompanies(view, offset: page.offset, limit: page.limit)
                    .map { FeatureCompanyResponseData(company: $0, usage: $1, view: view) }
            }
        }
        get("feature-companies/count") { call in
            try call.answer { CountResponse(count: try call.featureCompanies($0).count) }
        }
        get("feature-users") { call in
            let page = try call.query.page()
            return try call.answer { view in
                try call.featureUsers(view).dropFirst(page.offset).prefix(page.limit)
                    .map { FeatureCompanyUserResponseData(user: $0, company: $1, usage: $2, view: view) }
            }
        }
        get("feature-users/count") { call in
            try call.answer { CountResponse(count: try call.featureUsers($0).count) }
        }
    }

    private func addReservations() {
        post("usage/reserve", .use) { call in
            let request = ReserveRequest(
                company: try call.body.required("company"), event: try call.body.optional("event"),
                feature: try call.body.optional("feature"), quantity: try call.body.required("quantity"),
                expiresAt: try call.body.optional("expires_at"),
                idempotencyKey: try call.body.optional("idempotency_key"))
            let answer = try await call.engine.reserve(request, in: call.environment)
            return call.answer(ReservationResponseData(answer: answer))
        }
        get("usage/reservations/:reservation_id") { call in
            let answer = try call.engine.hold(try call.id("reservation_id"), in: call.environment)
            return call.answer(ReservationResponseData(answer: answer))
        }
        put("usage/reservations/:reservation_id/commit", .use) { call in
            let answer = try await call.engine.commit(
                try call.id("reservation_id"), quantity: try call.body.required("quantity"), in: call.environment)
            return call.answer(ReservationResponseData(answer: answer))
        }
        put("usage/reservations/:reservation_id/release", .use) { call in
            let answer = try await call.engine.release(try call.id("reservation_id"), in: call.environment)
            return call.answer(ReservationResponseData(answer: answer))
        }
    }
}

extension HotRoute {
    static let consume = HotRoute("/usage/consume", .use) { call in
        let request = ConsumeRequest(
            company: try call.body.required("company"), event: try call.body.optional("event"),
            feature: try call.body.optional("feature"), quantity: try call.body.optional("quantity") ?? 1,
            idempotencyKey: try call.body.optional("idempotency_key"))
        return try call.engine.beginConsume(request, in: call.environment)
            .map { call.answer(ConsumeResponseData(answer: $0)) }
    }
}

extension Call {
    /// Every feature that the company named by id or keys is entitled to, as far as the query lets them through.
    fileprivate func featureUsage(_ view: WireView) throws -> [FeatureUsage] {
        let features: OneOf<Identifier<Feature>> = try query.oneOf("feature_ids")
        let withoutNegative: Bool? = try query.optional("without_negative_entitlements")
        let search = try query.search()
        return view.entitledFeatures(of: try company(view)).filter { usage in
            features.allows(usage.feature.id) && search.allows([usage.feature.name])
                && (withoutNegative != true || usage.grant.allocation != .off)
        }
    }

    private func company(_ view: WireView) throws -> Company {
        if let id: Identifier<Company> = try query.optional("company_id") {
            guard let company = view.get(id) else { throw Refusal.missing("company_id", id.description) }
            return company
        }
        guard let keys = query.map("company_keys") else {
            throw Refusal.invalid("the query must name a company by company_id or company_keys[name]=value")
        }
        return try view.reading.requireCompany(keys: keys)
    }

    private func feature(_ view: WireView) throws -> Feature {
        let id: Identifier<Feature> = try query.required("feature_id")
        guard let feature = view.get(id) else { throw Refusal.missing("feature_id", id.description) }
        return feature
    }

    /// The companies that the query's feature is granted to, and what each has of it.
    fileprivate func featureCompanies(
        _ view: WireView, offset: Int = 0, limit: Int = .max
    ) throws -> [(Company, FeatureUsage)] {
        let feature = try feature(view)
        let search = try query.search()
        return try view.reading.usages(of: feature, offset: offset, limit: limit) {
            search.allows([$0.name] + $0.keys.map(\.value))
        }
    }

    /// Each of these companies' users; what a company has, all of its users have together.
    fileprivate func featureUsers(_ view: WireView) throws -> [(User, Company, FeatureUsage)] {
        let search = try query.search()
        let usages = try view.reading.usages(of: feature(view))
        let byCompany = Dictionary(uniqueKeysWithValues: usages.map { ($0.company.id, $0) })
        return try view.reading.list(User.self, limit: .max) { search.allows([$0.name] + $0.keys.map(\.value)) }
            .flatMap { user in
                user.memberships.compactMap { byCompany[$0.companyID] }.map { (user, $0.company, $0.usage) }
            }
    }

    /// Without `feature_ids` every event feature, without `company_ids` every company.
    fileprivate func usageHistory() throws -> Answer {
        let page = try query.page(maximum: 250)
        let start: Timestamp = try query.required("start_time")
        let end: Timestamp = try query.required("end_time")
        let granularity: HistoryGranularity = try query.optional("granularity") ?? .daily
        let featureIDs: [Identifier<Feature>]? = try query.list("feature_ids")
        let companyIDs: [Identifier<Company>]? = try query.list("company_ids")
        guard start < end else { throw Refusal.invalid("start_time must be before end_time") }
        return try answer { view in
            let features = try featureIDs.map { ids in
                try ids.map { id in
                    guard let feature = view.get(id) else { throw Refusal.missing("feature_id", id.description) }
                    return feature
                }
            }
            let companies = try companyIDs ?? view.reading.list(Company.self, limit: .max).map(\.id)
            return try view.reading.usageHistory(
                features: features ?? view.all(Feature.self) { $0.type == .event }, companies: companies,
                in: Period(start: start, end: end), by: granularity, offset: page.offset, limit: page.limit
            ).map(FeatureUsageHistoryResponseData.init)
        }
    }
}

extension HistoryGranularity: FieldValue {}

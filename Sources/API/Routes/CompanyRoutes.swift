internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addCompanies() {
        list("companies", Self.companyFilter, order: { try $0.companyOrder() }) {
            CompanyDetailResponseData(company: $0, view: $1)
        }
        addByKeys(
            .company, under: "companies", lookup: .company, find: { try $0.requireCompany(keys: $1) },
            delete: { DeleteCompany(companyID: $0) }, deleted: { CompanyResponseData(company: $0) }
        ) {
            CompanyDetailResponseData(company: $0, view: $1)
        }
        one("companies", id: "company_id", for: .company) { CompanyDetailResponseData(company: $0, view: $1) }
        post("companies") { call in
            try await call.company(try call.body.upsertCompany())
        }
        post("companies/create") { call in
            var command = try call.body.upsertCompany()
            command.createOnly = true
            return try await call.company(command, .created)
        }
        delete("companies/:company_id") { call in
            let cancels: Bool? = try call.query.optional("cancel_subscription")
            let id: Identifier<Company> = try call.id("company_id")
            if cancels ?? false {
                _ = try await call.execute(DeleteBilledCompany(companyID: id))
            } else {
                _ = try await call.execute(DeleteCompany(companyID: id))
            }
            return call.deleted()
        }
    }

    private static let companyFilter: Filter<Company> = { query, view in
        let ids: OneOf<Identifier<Company>> = try query.oneOf("ids")
        let plans: OneOf<Identifier<Plan>> = try query.oneOf("plan_ids", single: "plan_id")
        let versions: OneOf<Identifier<PlanVersion>> = try query.oneOf("plan_version_ids", single: "plan_version_id")
        let entitled: Identifier<Feature>? = try query.optional("with_entitlement_for")
        let notOverridden: Identifier<Feature>? = try query.optional("without_feature_override_for")
        let withSubscription: Bool? = try query.optional("with_subscription")
        let withoutSubscription: Bool? = try query.optional("without_subscription")
        let withoutPlan: Bool? = try query.optional("without_plan")
        let statuses: OneOf<ProviderStatus> = try query.oneOf("subscription_statuses")
        let types: OneOf<SubscriptionType> = try query.oneOf("subscription_types")
        let monetized: Bool? = try query.optional("monetized_subscriptions")
        let unpublished: Bool? = try query.optional("plan_version_unpublished")
        let scheduled: Bool? = try query.optional("has_scheduled_downgrade")
        let credits: OneOf<String> = try query.oneOf("credit_type_ids")
        let search = try query.search()
        let asksForSubscriptions =
            statuses.values != nil || types.values != nil || monetized != nil || withSubscription != nil
            || withoutSubscription != nil
        return { company in
            guard ids.allows(company.id),
                plans.values == nil || company.assignments.contains(where: { plans.allows($0.planID) }),
                versions.values == nil || company.assignments.contains(where: { versions.allows($0.versionID) }),
                search.allows([company.name] + company.keys.map(\.value) + company.traits.values.map(\.text)),
                withoutPlan == nil || withoutPlan == (company.plan == nil),
                scheduled == nil || scheduled == (company.scheduledCheckoutID != nil),
                // Nobody has credits.
                credits.values == nil
            else { return false }
            if asksForSubscriptions {
                let kinds = SubscriptionKinds(of: company, view)
                guard statuses.values?.contains(where: { kinds.statuses.contains($0.rawValue) }) ?? true,
                    types.allows(kinds.type), monetized == nil || monetized == (kinds.type == .paid),
                    withSubscription == nil || withSubscription == kinds.isRunning,
                    withoutSubscription == nil || withoutSubscription == !kinds.isRunning
                else { return false }
            }
            if let unpublished {
                let status = company.plan.flatMap { view.get($0.versionID) }?.status
                guard (status.map { $0 != .published } ?? false) == unpublished else { return false }
            }
            if let entitled, !view.entitledFeatures(of: company).contains(where: { $0.feature.id == entitled }) {
                return false
            }
            if let notOverridden, company.overrideIDs.contains(where: { view.get($0)?.featureID == notOverridden }) {
                return false
            }
            return true
        }
    }
}

/// What companies can be sorted by.
private enum CompanyColumn: String, CaseIterable, FieldValue {
    case name
    case createdAt = "created_at"
    case lastSeenAt = "last_seen_at"
}

private enum SortDirection: String, CaseIterable, FieldValue {
    case asc, desc
}

extension Query {
    /// Equal ones are newest first, as all are where no column is named. Who was never seen was seen before all others.
    fileprivate func companyOrder() throws(Refusal) -> ((Company, Company) -> Bool)? {
        let direction: SortDirection = try optional("sort_order_direction") ?? .asc
        guard let column: CompanyColumn = try optional("sort_order_column") else { return nil }
        func isLess(_ left: Company, _ right: Company) -> Bool {
            let never = Timestamp(milliseconds: .min)
            return switch column {
            case .name: left.name < right.name
            case .createdAt: left.createdAt < right.createdAt
            case .lastSeenAt: left.lastSeenAt ?? never < right.lastSeenAt ?? never
            }
        }
        return { left, right in
            let isBefore = direction == .asc ? isLess(left, right) : isLess(right, left)
            let isAfter = direction == .asc ? isLess(right, left) : isLess(left, right)
            return isBefore || !isAfter && right.id < left.id
        }
    }
}

extension Call {
    fileprivate func company(_ command: UpsertCompany, _ status: HTTPResponse.Status = .ok) async throws -> Answer {
        let company = try await execute(command)
        return try answer(status) { CompanyDetailResponseData(company: company, view: $0) }
    }
}

extension Fields {
    fileprivate func upsertCompany() throws(Refusal) -> UpsertCompany {
        var command = UpsertCompany(keys: try required("keys"))
        command.name = try optional("name")
        command.traits = try optional("traits") ?? [:]
        command.removeKeys = try optional("remove_keys") ?? []
        command.preventKeyRemap = try optional("prevent_key_remap") ?? false
        command.updateOnly = try optional("update_only") ?? false
        command.companyID = try optional("id")
        command.lastSeenAt = try optional("last_seen_at")
        command.timezone = try optional("timezone")
        command.basePlanID = try optional("base_plan_id")
        command.basePlanPriceID = try optional("base_plan_price_id")
        return command
    }
}

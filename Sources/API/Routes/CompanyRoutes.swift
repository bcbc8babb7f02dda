internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addCompanies() {
        list("companies", Self.companyFilter) { CompanyDetailResponseData(company: $0, view: $1) }
        get("companies/lookup", .company) { call in
            let keys = try call.queryKeys()
            return try call.answer { view in
                guard let company = try view.reading.company(keys: keys) else { throw Refusal.noEntity(.company, keys) }
                return CompanyDetailResponseData(company: company, view: view)
            }
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
            var command = DeleteCompany(companyID: try call.id("company_id"))
            command.cancelSubscription = cancels ?? false
            _ = try await call.execute(command)
            return call.deleted()
        }
        post("companies/delete") { call in
            let keys: [String: String] = try call.body.required("keys")
            let company = try call.engine.read(call.environment) { try $0.company(keys: keys) }
            guard let company else { throw Refusal.noEntity(.company, keys) }
            _ = try await call.execute(DeleteCompany(companyID: company.id))
            return call.answer(CompanyResponseData(company: company))
        }
        post("company-traits") { call in
            let command = try call.body.setTrait(of: .company)
            try await call.execute(command)
            return try call.answer { view in
                guard let company = try view.reading.company(keys: command.keys) else {
                    throw Refusal.noEntity(.company, command.keys)
                }
                return CompanyDetailResponseData(company: company, view: view)
            }
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
        let search = try query.search()
        return { company in
            guard ids.allows(company.id), plans.allows(company.plan?.planID), versions.allows(company.plan?.versionID),
                search.allows([company.name] + company.keys.map(\.value) + company.traits.values.map(\.text)),
                withSubscription != true || company.subscriptionID != nil,
                withoutSubscription != true || company.subscriptionID == nil,
                withoutPlan != true || company.plan == nil
            else { return false }
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

extension Call {
    fileprivate func company(_ command: UpsertCompany, _ status: HTTPResponse.Status = .ok) async throws -> Answer {
        let company = try await execute(command)
        return try answer(status) { CompanyDetailResponseData(company: company, view: $0) }
    }

    /// The `keys[name]=value` that a lookup must have.
    func queryKeys() throws(Refusal) -> [String: String] {
        guard let keys = query.map("keys") else { throw .invalid("the query parameter keys[name]=value is missing") }
        return keys
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

    /// The body of `/company-traits` and `/user-traits`.
    func setTrait(of entity: EntityType) throws(Refusal) -> SetTrait {
        var command = SetTrait(entity: entity, keys: try required("keys"), trait: try required("trait"))
        command.set = try optional("set")
        command.increment = try optional("incr")
        command.updateOnly = try optional("update_only") ?? false
        return command
    }
}

extension Refusal {
    /// Nobody has these keys.
    static func noEntity(_ type: EntityType, _ keys: [String: String]) -> Refusal {
        let listed = keys.sorted { $0.key < $1.key }.map { "\($0.key)=\(JSON.string($0.value).excerpt)" }
        return .notFound("there is no \(type.rawValue) with the keys \(listed.joined(separator: ", "))")
    }
}

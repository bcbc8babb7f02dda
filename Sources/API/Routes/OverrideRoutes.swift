internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addOverrides() {
        list("company-overrides", Self.overrideFilter, for: .company) {
            CompanyOverrideResponseData(override: $0, view: $1, showsCompany: true)
        }
        one("company-overrides", id: "company_override_id") {
            CompanyOverrideResponseData(override: $0, view: $1, showsCompany: true)
        }
        delete("company-overrides", id: "company_override_id") { DeleteCompanyOverride(overrideID: $0) }
        post("company-overrides") { call in
            var command = CreateCompanyOverride(
                companyID: try call.body.required("company_id"), featureID: try call.body.required("feature_id"),
                value: try call.body.entitlementValue())
            command.expiresAt = try call.body.optional("expiration_date")
            command.note = try call.body.optional("note")
            let override = try await call.execute(command)
            return try call.answer(.created) {
                CompanyOverrideResponseData(override: override, view: $0, showsCompany: true)
            }
        }
        put("company-overrides/:company_override_id") { call in
            var command = UpdateCompanyOverride(
                overrideID: try call.id("company_override_id"), value: try call.body.entitlementValue())
            command.expiresAt = try call.body.optional("expiration_date")
            command.note = try call.body.optional("note")
            let override = try await call.execute(command)
            return try call.answer { CompanyOverrideResponseData(override: override, view: $0, showsCompany: true) }
        }
    }

    private static let overrideFilter: Filter<CompanyOverride> = { query, view in
        let ids: OneOf<Identifier<CompanyOverride>> = try query.oneOf("ids")
        let companies: OneOf<Identifier<Company>> = try query.oneOf("company_ids", single: "company_id")
        let features: OneOf<Identifier<Feature>> = try query.oneOf("feature_ids", single: "feature_id")
        let withoutExpired: Bool? = try query.optional("without_expired")
        let search = try query.search()
        let now = view.now
        return { override in
            ids.allows(override.id) && companies.allows(override.companyID) && features.allows(override.featureID)
                && (withoutExpired != true || override.expiresAt.map { now < $0 } ?? true)
                && search.allows(Self.names(of: override, view))
        }
    }

    /// What a search looks through: the company's name and keys, the feature's name.
    private static func names(of override: CompanyOverride, _ view: WireView) -> [String] {
        let company = view.get(override.companyID)
        return [company?.name, view.get(override.featureID)?.name].compactMap(\.self)
            + (company?.keys.map(\.value) ?? [])
    }
}

extension Fields {
    fileprivate func entitlementValue() throws(Refusal) -> EntitlementValue {
        try refuseUnsupported("credit_consumption_rate", "quantity_rates", "value_credit_id")
        var value = EntitlementValue(type: try required("value_type"))
        value.bool = try optional("value_bool")
        value.numeric = try optional("value_numeric")
        value.traitID = try optional("value_trait_id")
        value.metricPeriod = try optional("metric_period")
        value.metricPeriodMonthReset = try optional("metric_period_month_reset")
        return value
    }
}

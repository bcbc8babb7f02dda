internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addPlans() {
        list("plans", PlanFilter.read) { PlanDetailResponseData(plan: $0, view: $1) }
        get("plans/:plan_id") { call in
            let versionID: Identifier<PlanVersion>? = try call.query.optional("plan_version_id")
            return try call.answer { view in
                let plan: Plan = try call.found("plan_id", in: view)
                if let versionID, !plan.versionIDs.contains(versionID) {
                    throw Refusal.notFound("plan_version_id: plan \(plan.id) has no version \(versionID)")
                }
                return PlanDetailResponseData(plan: plan, versionID: versionID, view: view)
            }
        }
        post("plans") { call in
            var command = CreatePlan(
                name: try call.body.required("name"), type: try call.body.required("plan_type"))
            command.description = try call.body.optional("description") ?? ""
            command.icon = try call.body.optional("icon") ?? ""
            let plan = try await call.execute(command)
            return try call.answer(.created) { PlanDetailResponseData(plan: plan, view: $0) }
        }
        put("plans/:plan_id") { call in
            var command = UpdatePlan(planID: try call.id("plan_id"), name: try call.body.required("name"))
            command.description = try call.body.optional("description")
            command.icon = try call.body.optional("icon")
            let plan = try await call.execute(command)
            return try call.answer { PlanDetailResponseData(plan: plan, view: $0) }
        }
        delete("plans", id: "plan_id") { DeletePlan(planID: $0) }
        put("plans/:plan_id/billing_products") { call in
            let billing = try call.setBillingProduct(of: try call.id("plan_id"), call.body)
            let product: String? = try call.body.optional("billing_product_id")
            let version =
                if let product {
                    try await call.execute(try call.link(billing, to: product))
                } else {
                    try await call.execute(billing)
                }
            return try call.answer { BillingProductPlanResponseData(version: version, view: $0) }
        }
        addPlanVersions()
    }

    private func addPlanVersions() {
        put("plans/version/:plan_version_id/publish") { call in
            let publication = try call.publication()
            let custom = try call.publishCustomPlan(publication)
            let version: PlanVersion
            if let custom {
                version = try await call.execute(custom)
            } else {
                version = try await call.execute(publication)
            }
            // Companies that come along at once have come along when this answers.
            try await call.engine.closeDue(in: call.environment)
            return try call.answer { view in
                guard let plan = view.get(version.planID) else {
                    throw Refusal.missing("plan_id", version.planID.description)
                }
                return PlanVersionResponseData(version: version, plan: plan, view: view)
            }
        }
        delete("plans/version", id: "plan_version_id") { DeletePlanVersion(versionID: $0) }
    }
}

extension Call {
    /// The body of a publication and of its preview.
    func publication() throws -> PublishPlanVersion {
        try body.refuseUnsupported(
            "billing_cycle_anchor", "billing_start_date", "coupon_external_id", "end_date", "tax_id")
        var command = PublishPlanVersion(
            versionID: try id("plan_version_id"), migrationStrategy: try body.required("migration_strategy"),
            excludedCompanyIDs: try body.required("excluded_company_ids"))
        command.proration = try body.optional("proration_behavior")
        command.scheduledAt = try body.optional("scheduled_at")
        command.requireNoMigration = try body.optional("require_no_migration")
        command.soldCompanyIDs = try engine.read(environment) { view in
            guard let plan = try view.get(command.versionID).flatMap({ try view.get($0.planID) }),
                plan.publishedVersionID == nil, let product = try plan.billingProductID.flatMap({ try view.get($0) })
            else { return nil }
            return try view.companies(sold: [product])
        }
        return command
    }

    /// What a publication is besides for a custom plan; nil for plans of the catalog.
    fileprivate func publishCustomPlan(_ publication: PublishPlanVersion) throws -> PublishCustomPlan? {
        let activation: CustomPlanActivation? = try body.optional("activation_strategy")
        let owner = try engine.read(environment) { view in
            try view.get(publication.versionID).flatMap { try view.get($0.planID) }?.companyID
        }
        guard owner != nil else {
            guard activation == nil else { throw Refusal.invalid("activation_strategy is for custom plans only") }
            return nil
        }
        let sendsInvoice: Bool? = try body.optional("send_invoice")
        guard sendsInvoice ?? true else {
            throw Refusal.invalid("send_invoice must be true: nothing is collected in this release")
        }
        var command = PublishCustomPlan(
            publication: publication, activation: activation ?? .onPublish,
            cause: PlanChangeCause(.managePlan, by: key.id))
        command.daysUntilDue = try body.optional("days_until_due")
        return command
    }

    /// `monthly_price` and so on, the same for more currencies in `currency_prices`, and any interval in `prices`.
    func setBillingProduct(of planID: Identifier<Plan>, _ body: Fields) throws -> SetBillingProduct {
        var command = SetBillingProduct(planID: planID, chargeType: try body.required("charge_type"))
        command.billingStrategy = try body.optional("billing_strategy") ?? .schematicManaged
        command.isTrialable = try body.optional("is_trialable") ?? false
        command.trialDays = try body.optional("trial_days")
        command.prices = try body.cadencePrices(try body.optional("currency") ?? .usd) + namedPrices(body)
        for fields in try body.objects("currency_prices") {
            command.prices += try fields.cadencePrices(try fields.required("currency"))
        }
        for fields in try body.objects("prices") {
            let interval = PriceInterval(
                try fields.required("interval"), count: try fields.optional("interval_count") ?? 1)
            command.prices.append(
                PriceInput(
                    interval: interval, amount: try fields.required("price"),
                    currency: try fields.optional("currency") ?? .usd))
        }
        return command
    }
}

extension Call {
    /// With the companies that come to the plan or leave it by that.
    fileprivate func link(_ billing: SetBillingProduct, to product: String) throws -> LinkBillingProduct {
        var command = LinkBillingProduct(billing: billing, product: product)
        command.companyIDs = try engine.read(environment) { view in
            let former = try view.get(billing.planID)?.billingProductID.flatMap { try view.get($0) }
            let linked = try view.find(BillingProduct.self, product)
            return former?.id == linked?.id ? [] : try view.companies(sold: [former, linked].compactMap(\.self))
        }
        return command
    }

    /// Prices of a provider that `monthly_price_id` and so on name: what they cost, the plan costs.
    fileprivate func namedPrices(_ body: Fields) throws -> [PriceInput] {
        var prices: [PriceInput] = []
        for name in ["monthly_price_id", "quarterly_price_id", "yearly_price_id", "one_time_price_id"] {
            guard let id: String = try body.optional(name), !id.isEmpty else { continue }
            let found = try engine.read(environment) { try $0.find(MirroredPrice.self, id) }
            guard let details = found?.details else { throw Refusal.missing(name, id) }
            prices.append(PriceInput(interval: details.interval, amount: details.amount, currency: details.currency))
        }
        return prices
    }
}

extension Fields {
    fileprivate func cadencePrices(_ currency: Currency) throws(Refusal) -> [PriceInput] {
        var prices: [PriceInput] = []
        let cadences: KeyValuePairs<String, PriceInterval> = [
            "monthly_price": .monthly, "quarterly_price": .quarterly, "yearly_price": .yearly,
            "one_time_price": .oneTime,
        ]
        for (name, interval) in cadences {
            guard let amount: Int64 = try optional(name) else { continue }
            prices.append(PriceInput(interval: interval, amount: amount, currency: currency))
        }
        return prices
    }
}

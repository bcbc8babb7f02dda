internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addBilling() {
        get("billing/settings") { call in
            try call.answer { BillingSettingsResponseData(settings: $0.environment.billing) }
        }
        post("billing/settings") { call in
            var command = UpdateBillingSettings()
            command.timezone = try call.body.optional("timezone")
            command.invoiceGraceSeconds = try call.body.optional("invoice_grace_seconds")
            command.autoFinalize = try call.body.optional("auto_finalize")
            command.defaultProviderType = try call.body.optional("default_provider_type")
            let environment = try await call.execute(command)
            return call.answer(BillingSettingsResponseData(settings: environment.billing))
        }
        post("billing/close") { call in
            let report = try await call.engine.closeDue(
                until: try call.body.optional("until"), in: call.environment)
            return call.answer(
                CloseResponseData(
                    closed: report.closed, invoices: report.invoices, until: report.until, refused: report.refused))
        }
        addProfiles()
        addCoupons()
        addSubscriptions()
    }

    /// Every company has one profile, so profiles are listed through companies.
    private func addProfiles() {
        get("billing/profiles", .company) { call in
            let page = try call.query.page()
            let companies: OneOf<Identifier<Company>> = try call.query.oneOf(single: "company_id")
            let isDefault: Bool? = try call.query.optional("is_default")
            return try call.answer { view in
                try view.reading.list(Company.self, offset: page.offset, limit: page.limit) {
                    companies.allows($0.id) && isDefault != false
                }.map { CompanyBillingProfileResponseData(company: $0, view: view) }
            }
        }
        put("billing/profiles/:billing_profile_id") { call in
            var command = UpdateBillingProfile(profileID: try call.id("billing_profile_id"))
            command.name = try call.body.optional("name")
            command.collectionMethod = try call.body.optional("collection_method")
            command.daysUntilDue = try call.body.optional("days_until_due")
            command.paymentGating = try call.body.optional("payment_gating")
            command.gatingDays = try call.body.optional("gating_days")
            command.timezone = try call.body.optional("timezone")
            command.taxRates = try call.body.taxRates()
            command.paymentMethod = try call.body.optional("payment_method_id")
            let company = try await call.execute(command)
            return try call.answer { CompanyBillingProfileResponseData(company: company, view: $0) }
        }
    }

    private func addSubscriptions() {
        get("companies/:company_id/native-subscription", .company) { call in
            try call.answer { view in
                let company: Company = try call.found("company_id", in: view)
                guard let subscription = company.subscriptionID.flatMap({ view.get($0) }) else {
                    throw Refusal.notFound("company \(company.id) has no subscription")
                }
                return BillingNativeSubscriptionResponseData(subscription: subscription, view: view)
            }
        }
        get("companies/:company_id/customer-balance", .company) { call in
            let page = try call.query.page()
            let asked: Currency? = try call.query.optional("currency")
            return try call.answer { view in
                let company: Company = try call.found("company_id", in: view)
                let balance = try view.reading.balance(of: company)
                let currency = try asked ?? view.currency(of: company)
                return CustomerBalanceResponseData(
                    company: company, currency: currency, balance: balance,
                    entries: try view.reading.balanceEntries(
                        of: company, in: currency, offset: page.offset, limit: page.limit))
            }
        }
        get("companies/:company_id/upcoming-invoice", .company) { call in
            try call.answer { view in
                let company: Company = try call.found("company_id", in: view)
                guard let invoice = try view.reading.upcomingInvoice(of: company) else {
                    throw Refusal.notFound("company \(company.id) has no subscription, so no invoice is coming up")
                }
                return BillingInvoiceDetailResponseData(invoice: invoice, now: view.now)
            }
        }
    }
}

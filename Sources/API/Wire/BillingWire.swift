internal import Basics
internal import Model
internal import Tollgate

struct BillingSettingsResponseData: WireObject {
    let settings: BillingSettings

    func writeFields(to json: inout JSONWriter) {
        json.field("default_provider_type", settings.defaultProviderType)
        json.field("timezone", settings.timezone)
        json.field("invoice_grace_seconds", settings.invoiceGraceSeconds)
        json.field("auto_finalize", settings.autoFinalize)
    }
}

/// A company's one billing profile.
struct CompanyBillingProfileResponseData: WireObject {
    let company: Company
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        let profile = company.billingProfile
        json.field("id", profile.id)
        json.field("account_id", Account.id)
        json.field("environment_id", company.environmentID)
        json.field("company_id", company.id)
        json.field("name", profile.name)
        json.field("collection_method", profile.collectionMethod)
        json.field("days_until_due", profile.daysUntilDue)
        json.field("timezone", profile.timezone ?? view.environment.billing.timezone)
        json.field("tax_rates", (profile.taxRates ?? []).map(TaxRateWire.init))
        json.field("is_default", true)
        json.field("payment_gating", profile.gatingDays == nil ? PaymentGating.keepServing : .revokeAfter)
        json.field("gating_days", profile.gatingDays ?? 0)
        json.field("payment_method_id", view.chosenPaymentMethod(of: company)?.id)
        json.field("provider_type", BillingProviderType.schematic)
        json.field("created_at", profile.createdAt)
        json.field("updated_at", profile.updatedAt)
    }
}

/// The answer to plan changes: `success` is false, and nothing has changed, when a problem blocks.
struct ManagePlanResponseResponseData: WireObject {
    let company: Company
    let problems: [PlanProblem]
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("success", !problems.contains { $0.isBlocking })
        json.field("problems", problems.map(CheckoutProblemResponseData.init))
        json.field("company", CompanyDetailResponseData(company: company, view: view))
    }
}

struct CheckoutProblemResponseData: WireObject {
    let problem: PlanProblem

    func writeFields(to json: inout JSONWriter) {
        json.field("code", problem.code)
        json.field("message", problem.message)
        json.field("blocking", problem.isBlocking)
        json.field("source", problem.source)
        json.field("detail", problem.detail)
        json.field("plan_id", problem.planID)
        json.field("price_id", problem.priceID)
        json.field("feature_id", problem.featureID)
        json.field("field_id", problem.fieldID)
    }
}

internal import Basics
internal import Model
internal import Tollgate

struct CustomPlanBillingResponseData: WireObject {
    let billing: CustomPlanBilling
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", billing.id)
        json.field("plan_id", billing.planID)
        json.field("plan_version_id", billing.versionID)
        json.field("company_id", billing.companyID)
        json.field("plan_billing_source", "custom_plan")
        json.field("activation_strategy", billing.activation)
        json.field("status", billing.status)
        json.field("days_until_due", billing.daysUntilDue)
        json.field("send_invoice", true)
        json.field("external_invoice_id", billing.invoiceID)
        json.field("invoice_id", billing.invoiceID)
        json.field("expires_at", billing.expiresAt)
        json.field("paid_at", billing.paidAt)
        json.field("published_at", billing.publishedAt)
        json.field("created_at", billing.createdAt)
        json.field("updated_at", billing.updatedAt)
        json.emptyLists("problems")
    }
}

extension WireView {
    /// Of the custom plans that have been published for a company, newest first.
    func customPlanBillings(of company: Company) -> [CustomPlanBillingResponseData] {
        all(Plan.self) { $0.companyID == company.id }.compactMap { $0.billingID.flatMap { get($0) } }
            .map { CustomPlanBillingResponseData(billing: $0, view: self) }
    }
}

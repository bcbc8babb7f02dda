internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addCustomPlanBillings() {
        list("custom-plan-billings", Self.billingFilter) { CustomPlanBillingResponseData(billing: $0, view: $1) }
        // The SDK sends a text.
        put("custom-plan-billings/:custom_plan_billing_id/mark-paid", readsBody: false) { call in
            let billing = try await call.execute(
                MarkCustomPlanBillingPaid(billingID: try call.id("custom_plan_billing_id")))
            return try call.answer { CustomPlanBillingResponseData(billing: billing, view: $0) }
        }
        put("custom-plan-billings/:custom_plan_billing_id/retry") { call in
            try call.body.refuseUnsupported("billing_cycle_anchor", "billing_start_date", "end_date")
            var command = RetryCustomPlanBilling(
                billingID: try call.id("custom_plan_billing_id"), cause: PlanChangeCause(.managePlan, by: call.key.id))
            command.activation = try call.body.optional("activation_strategy")
            command.daysUntilDue = try call.body.optional("days_until_due")
            let billing = try await call.execute(command)
            return try call.answer { CustomPlanBillingResponseData(billing: billing, view: $0) }
        }
    }

    private static let billingFilter: Filter<CustomPlanBilling> = { query, _ in
        let company: Identifier<Company>? = try query.optional("company_id")
        let plan: Identifier<Plan>? = try query.optional("plan_id")
        let version: Identifier<PlanVersion>? = try query.optional("plan_version_id")
        let statuses: OneOf<CustomPlanBillingStatus> = try query.oneOf("statuses", single: "status")
        let sources: OneOf<String> = try query.oneOf("plan_billing_sources", single: "plan_billing_source")
        return { billing in
            (company.map { $0 == billing.companyID } ?? true) && (plan.map { $0 == billing.planID } ?? true)
                && (version.map { $0 == billing.versionID } ?? true) && statuses.allows(billing.status)
                && sources.allows("custom_plan")
        }
    }
}

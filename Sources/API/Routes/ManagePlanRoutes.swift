internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addPlanChanges() {
        post("manage-plan") { call in
            var command = try call.body.managePlan()
            command.cause = PlanChangeCause(.managePlan, by: call.key.id)
            let outcome = try await call.execute(command)
            return try call.answer {
                ManagePlanResponseResponseData(company: outcome.company, problems: outcome.problems, view: $0)
            }
        }
        post("manage-plan/preview", .read) { call in
            let preview = try await call.engine.preview(try call.body.managePlan(), in: call.environment)
            return try call.answer { ManagePlanPreviewResponseResponseData(preview: preview, view: $0) }
        }
        put("subscription/:subscription_id/edit-trial-end") { call in
            let edit = EditTrialEnd(
                subscriptionID: try call.id("subscription_id"), trialEnd: try call.body.optional("trial_end"))
            let subscription = try await call.execute(edit)
            return try call.answer { BillingSubscriptionView(subscription: subscription, view: $0) }
        }
        post("manage-plan/subscription/cancel") { call in
            var command = CancelSubscription(companyID: try call.body.required("company_id"))
            command.immediately = try call.body.optional("cancel_immediately") ?? true
            command.prorate = try call.body.optional("prorate") ?? true
            command.cause = PlanChangeCause(.managePlan, by: call.key.id)
            let company = try await call.execute(command)
            return try call.answer { ManagePlanResponseResponseData(company: company, problems: [], view: $0) }
        }
    }
}

extension Fields {
    /// A text; empty is like absent.
    func text(_ name: String) throws(Refusal) -> String? {
        let text: String? = try optional(name)
        return text?.isEmpty == true ? nil : text
    }

    fileprivate func managePlan() throws(Refusal) -> ManagePlan {
        try refuseUnsupported(
            "activate_on_payment", "billing_entity_id", "credit_bundles", "paid_outside_stripe")
        var command = ManagePlan(companyID: try required("company_id"))
        command.basePlanID = try optional("base_plan_id")
        command.basePlanVersionID = try optional("base_plan_version_id")
        command.basePlanPriceID = try optional("base_plan_price_id")
        command.currency = try optional("currency")
        command.couponExternalID = try text("coupon_external_id")
        command.promoCode = try text("promo_code")
        command.paymentMethod = try text("payment_method_external_id")
        command.collectionMethod = try optional("collection_method")
        command.daysUntilDue = try optional("days_until_due")
        command.billingEmail = try text("billing_email")
        command.fieldValues = try checkoutFieldValues("custom_field_values")
        command.addOns = try objects("add_on_selections").map { selection throws(Refusal) in
            var addOn = AddOnSelection(planID: try selection.required("plan_id"))
            addOn.priceID = try selection.optional("price_id")
            addOn.versionID = try selection.optional("version_id")
            return addOn
        }
        command.prorate = try optional("prorate") ?? true
        command.cancelImmediately = try optional("cancel_immediately")
        command.payInAdvance = try payInAdvance("pay_in_advance_entitlements")
        command.trialEnd = try optional("trial_end")
        command.billingCycleAnchor = try optional("billing_cycle_anchor")
        command.proratesFirstPeriod = try optional("prorate_first_period")
        return command
    }
}

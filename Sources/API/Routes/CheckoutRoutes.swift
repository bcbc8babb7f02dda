internal import Basics
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    /// Plan changes as customers make them: what stands in the way is a 400, and a plan group may forbid some.
    func addCheckout() {
        post("checkout-internal") { call in
            let outcome = try await call.execute(try call.body.checkout(by: call.key.id))
            try outcome.requireSuccess()
            return try call.answer(.created) { view in
                let ids = [outcome.company.subscriptionID, outcome.company.endedSubscriptionIDs.last]
                return CheckoutSubscription(
                    subscription: ids.compactMap(\.self).first.flatMap { view.get($0) }, company: outcome.company,
                    invoice: outcome.effect?.invoices.last, view: view)
            }
        }
        post("checkout-internal/preview", .read) { call in
            let preview = try await call.engine.preview(
                try call.body.checkout(by: call.key.id), in: call.environment)
            return try call.answer { PreviewSubscriptionChangeResponseData(preview: preview, view: $0) }
        }
        post("checkout-internal/data", .read) { call in
            let id: Identifier<Company> = try call.body.required("company_id")
            let planID: Identifier<Plan>? = try call.body.optional("selected_plan_id")
            return try call.answer { view in
                guard let company = view.get(id) else { throw Refusal.missing("company_id", id.description) }
                let plan = planID.flatMap { view.get($0) }
                if let planID, plan == nil { throw Refusal.missing("selected_plan_id", planID.description) }
                return CheckoutDataResponseData(company: company, selected: plan, view: view)
            }
        }
        put("company-plans/:company_id") { call in
            let company = try call.engine.read(call.environment) { view in
                try call.found("company_id", in: WireView(view)) as Company
            }
            let outcome = try await call.execute(try call.companyPlans(of: company))
            try outcome.requireSuccess()
            return try call.answer { CompanyDetailResponseData(company: outcome.company, view: $0) }
        }
    }
}

extension ManagePlanOutcome {
    /// Refuses with what stood in the way.
    func requireSuccess() throws(Refusal) {
        let blocking = problems.filter(\.isBlocking)
        guard !blocking.isEmpty else { return }
        let sentences = blocking.map { "\($0.code): \($0.message)" + ($0.detail.map { " (\($0))" } ?? "") }
        throw .invalid(sentences.joined(separator: "; "))
    }
}

extension Fields {
    fileprivate func checkout(by key: Identifier<APIKey>) throws(Refusal) -> ManagePlan {
        try refuseUnsupported("auto_topup_overrides", "billing_entity_id", "credit_bundles")
        var command = ManagePlan(companyID: try required("company_id"))
        command.basePlanID = try required("new_plan_id") as Identifier<Plan>
        command.basePlanPriceID = try price("new_price_id")
        command.currency = try optional("currency")
        command.payInAdvance = try payInAdvance("pay_in_advance")
        command.addOns = try objects("add_on_ids").map { selection throws(Refusal) in
            var addOn = AddOnSelection(planID: try selection.required("add_on_id"))
            addOn.priceID = try selection.price("price_id")
            return addOn
        }
        command.prorate = true
        command.isSelfServe = true
        command.skipsTrial = try optional("skip_trial")
        command.optsIn = try optional("opt_in_accepted")
        command.couponExternalID = try text("coupon_external_id")
        command.promoCode = try text("promo_code")
        command.paymentMethod = try text("payment_method_id")
        command.fieldValues = try checkoutFieldValues("custom_field_values")
        command.cause = PlanChangeCause(.checkout, by: key)
        return command
    }

    /// A price may be left empty, where the contract has no null.
    private func price(_ name: String) throws(Refusal) -> Identifier<Price>? {
        if case .string("") = values[name] { return nil }
        return try optional(name)
    }

    func payInAdvance(_ name: String) throws(Refusal) -> [PayInAdvanceSelection] {
        try objects(name).map { selection throws(Refusal) in
            PayInAdvanceSelection(
                priceID: try selection.required("price_id"), quantity: try selection.required("quantity"))
        }
    }
}

extension Call {
    /// The plans that the body names, at the prices and quantities that the company has of them already.
    fileprivate func companyPlans(of company: Company) throws -> ManagePlan {
        var command = ManagePlan(companyID: company.id)
        command.basePlanID = try body.optional("base_plan_id")
        command.addOns = (try body.optional("add_on_ids") ?? []).map(AddOnSelection.init)
        command.cause = PlanChangeCause(.managePlan, by: key.id)
        command.prorate = true
        guard command.basePlanID == company.plan?.planID, let id = company.subscriptionID else { return command }
        try engine.read(environment) { view in
            guard let subscription = try view.get(id) else { return }
            command.basePlanPriceID = subscription.priceID
            if subscription.status == .trialing { command.trialEnd = subscription.trialEndsAt }
            let kept = subscription.versionIDs.filter { version in
                version == company.plan?.versionID
                    || company.addOns.contains { kept in
                        kept.versionID == version && command.addOns?.contains { $0.planID == kept.planID } == true
                    }
            }
            command.payInAdvance = try subscription.payInAdvance.compactMap { bought in
                guard let entitlement = try view.get(bought.entitlementID), kept.contains(entitlement.versionID),
                    let price = entitlement.price(for: subscription)
                else { return nil }
                return PayInAdvanceSelection(priceID: price.id, quantity: bought.quantity)
            }
        }
        return command
    }
}

internal import Basics
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import Tollgate

extension Routes {
    func addPlanGroups() {
        get("plan-groups") { call in
            try call.answer { view in
                guard let group = view.planGroup else { throw Refusal.notFound("this environment has no plan group") }
                return PlanGroupDetailResponseData(group: group, view: view)
            }
        }
        post("plan-groups") { call in
            let group = try await call.execute(try call.body.planGroup())
            return call.answer(PlanGroupResponseData(group: group), .created)
        }
        put("plan-groups/:plan_group_id") { call in
            var command = try call.body.planGroup()
            command.planGroupID = try call.id("plan_group_id")
            return call.answer(PlanGroupResponseData(group: try await call.execute(command)))
        }
    }
}

extension Fields {
    fileprivate func planGroup() throws(Refusal) -> SetPlanGroup {
        try refuseUnsupported("enable_tax_collection", "ordered_bundle_list")
        var command = SetPlanGroup()
        for plan in try objects("ordered_plans") { command.planIDs.append(try plan.required("plan_id")) }
        command.addOnIDs = try addOns()
        command.initialPlanID = try optional("initial_plan_id")
        command.fallbackPlanID = try optional("fallback_plan_id")
        command.settings = try settings()
        command.checkoutFields = try objects("custom_checkout_fields").map { field throws(Refusal) in
            var input = CheckoutFieldInput(
                name: try field.required("name"), isRequired: try field.optional("required") ?? false,
                metadataKey: try field.required("stripe_metadata_key"))
            input.id = try field.optional("id")
            input.helperText = try field.optional("helper_text")
            input.traitID = try field.optional("definition_id")
            return input
        }
        for name in PlanGroupDisplay.names {
            guard let value: JSON = try optional(name) else { continue }
            command.display[name] = value
        }
        return command
    }

    private func settings() throws(Refusal) -> PlanGroupSettings {
        var settings = PlanGroupSettings()
        settings.trialDays = try optional("trial_days")
        settings.trialNeedsPaymentMethod = try optional("trial_payment_method_required") ?? false
        settings.trialOncePerPlan = try optional("trial_eligibility_per_plan") ?? false
        settings.trialExpiryPlanID = try optional("trial_expiry_plan_id")
        settings.trialExpiryPriceID = try optional("trial_expiry_plan_price_id")
        settings.initialPriceID = try optional("initial_plan_price_id")
        settings.prorationBehavior = try optional("proration_behavior") ?? .createProrations
        settings.preventsDowngradesOverLimit = try optional("prevent_downgrades_when_over_limit") ?? true
        settings.preventsSelfServiceDowngrades = try optional("prevent_self_service_downgrade") ?? false
        settings.downgradeButtonText = try optional("prevent_self_service_downgrade_button_text")
        settings.downgradeURL = try optional("prevent_self_service_downgrade_url")
        settings.scheduledDowngrades = try optional("scheduled_downgrade_behavior") ?? .none
        settings.scheduledDowngradesHeedLimits = try optional("scheduled_downgrade_prevent_when_over_limit") ?? false
        for rule in try objects("add_on_compatibilities") {
            settings.compatibilities.append(
                PlanCompatibility(
                    sourceID: try rule.required("source_plan_id"),
                    compatibleIDs: try rule.required("compatible_plan_ids")))
        }
        settings.customPlanID = try optional("custom_plan_id")
        if let custom = try object("custom_plan_config") {
            settings.customPlanConfig = CustomPlanConfig(
                priceText: try custom.required("price_text"), buttonText: try custom.required("cta_text"),
                website: try custom.required("cta_web_site"))
        }
        return settings
    }

    /// `ordered_add_ons` has the order; those that only `add_on_ids` names follow.
    private func addOns() throws(Refusal) -> [Identifier<Plan>] {
        var ids: [Identifier<Plan>] = []
        for addOn in try objects("ordered_add_ons") { ids.append(try addOn.required("plan_id")) }
        let named: [Identifier<Plan>] = try optional("add_on_ids") ?? []
        return ids + named.filter { !ids.contains($0) }
    }
}

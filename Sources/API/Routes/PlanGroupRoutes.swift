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
        try refuseUnsupported(
            "add_on_compatibilities", "custom_checkout_fields", "custom_plan_config", "custom_plan_id",
            "enable_tax_collection", "ordered_bundle_list", "trial_days", "trial_eligibility_per_plan",
            "trial_expiry_plan_id", "trial_payment_method_required")
        let proration: String? = try optional("proration_behavior")
        guard proration ?? "create_prorations" == "create_prorations" else {
            throw .invalid("proration_behavior must be create_prorations in this release")
        }
        let downgrade: String? = try optional("scheduled_downgrade_behavior")
        guard downgrade ?? "none" == "none" else {
            throw .invalid("scheduled_downgrade_behavior must be none in this release")
        }
        var command = SetPlanGroup()
        for plan in try objects("ordered_plans") { command.planIDs.append(try plan.required("plan_id")) }
        command.addOnIDs = try addOns()
        command.initialPlanID = try optional("initial_plan_id")
        command.fallbackPlanID = try optional("fallback_plan_id")
        for name in PlanGroupSettings.names {
            guard let value: JSON = try optional(name) else { continue }
            command.display[name] = value
        }
        return command
    }

    /// `ordered_add_ons` has the order; those that only `add_on_ids` names follow.
    private func addOns() throws(Refusal) -> [Identifier<Plan>] {
        var ids: [Identifier<Plan>] = []
        for addOn in try objects("ordered_add_ons") { ids.append(try addOn.required("plan_id")) }
        let named: [Identifier<Plan>] = try optional("add_on_ids") ?? []
        return ids + named.filter { !ids.contains($0) }
    }
}

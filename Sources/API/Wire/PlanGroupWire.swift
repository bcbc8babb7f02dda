internal import Basics
internal import Model
internal import Tollgate

/// The settings of the catalog that components read, by their wire names, with what holds where nothing was said.
struct PlanGroupSettings {
    static let checkout = ["collect_address", "collect_email", "collect_phone", "collect_tax_id"]
    static let components = ["show_estimated_total", "show_feature_description", "show_hard_limit"]
    static let shared = ["show_as_monthly_prices", "show_credits", "show_period_toggle", "show_zero_price_as_free"]
    /// As they are sent; in answers the checkout settings lose their prefix.
    static let names =
        checkout.map { "checkout_\($0)" } + components + shared + [
            "opt_in_enabled", "opt_in_text", "opt_in_title", "prevent_downgrades_when_over_limit",
            "prevent_self_service_downgrade", "prevent_self_service_downgrade_button_text",
            "prevent_self_service_downgrade_url", "sync_customer_billing_details",
        ]

    let values: [String: TraitValue]

    func writeFields(to json: inout JSONWriter) {
        json.field("checkout_settings") { json in
            json.object { json in
                json.field("bundle_purchase_behavior", "quantity")
                for name in Self.checkout { json.field(named: name, isOn("checkout_\(name)")) }
                json.field("opt_in_enabled", isOn("opt_in_enabled"))
                json.field("opt_in_text", values["opt_in_text"])
                json.field("opt_in_title", values["opt_in_title"])
            }
        }
        json.field("component_settings") { json in
            json.object { json in
                for name in Self.components + Self.shared { json.field(named: name, isOn(name)) }
            }
        }
        for name in Self.shared + ["prevent_self_service_downgrade", "sync_customer_billing_details"] {
            json.field(named: name, isOn(name))
        }
        json.field(
            "prevent_downgrades_when_over_limit", values["prevent_downgrades_when_over_limit"] ?? .bool(true))
        json.field(
            "prevent_self_service_downgrade_button_text", values["prevent_self_service_downgrade_button_text"])
        json.field("prevent_self_service_downgrade_url", values["prevent_self_service_downgrade_url"])
        json.field("proration_behavior", "create_prorations")
        json.field("tax_collection_enabled", false)
        json.field("trial_eligibility_per_plan", false)
    }

    private func isOn(_ name: String) -> Bool { values[name] == .bool(true) }
}

/// The answer to changes: plans by id.
struct PlanGroupResponseData: WireObject {
    let group: PlanGroup

    func writeFields(to json: inout JSONWriter) {
        json.field("id", group.id)
        json.field("plan_ids", group.planIDs.map(OrderedPlansInGroup.init))
        json.field("add_on_ids", group.addOnIDs)
        json.field("ordered_add_on_ids", group.addOnIDs.map(OrderedPlansInGroup.init))
        json.field("initial_plan_id", group.initialPlanID)
        json.field("fallback_plan_id", group.fallbackPlanID)
        json.field("default_plan_id", group.fallbackPlanID)
        PlanGroupSettings(values: group.display).writeFields(to: &json)
        json.emptyLists("add_on_compatibilities")
    }
}

/// The answer to `GET`: plans in full.
struct PlanGroupDetailResponseData: WireObject {
    let group: PlanGroup
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", group.id)
        json.field("plans", group.planIDs.compactMap(detail))
        json.field("add_ons", group.addOnIDs.compactMap(detail))
        json.field("ordered_plan_list", group.planIDs.map(PlanGroupPlanEntitlementsOrder.init))
        json.field("ordered_add_on_list", group.addOnIDs.map(PlanGroupPlanEntitlementsOrder.init))
        json.field("initial_plan_id", group.initialPlanID)
        json.field("initial_plan", group.initialPlanID.flatMap(detail))
        json.field("fallback_plan_id", group.fallbackPlanID)
        json.field("fallback_plan", group.fallbackPlanID.flatMap(detail))
        json.field("default_plan_id", group.fallbackPlanID)
        json.field("default_plan", group.fallbackPlanID.flatMap(detail))
        PlanGroupSettings(values: group.display).writeFields(to: &json)
        json.emptyLists("custom_checkout_fields", "ordered_bundle_list")
    }

    private func detail(_ id: Identifier<Plan>) -> PlanGroupPlanDetailResponseData? {
        view.get(id).map { PlanGroupPlanDetailResponseData(plan: PlanDetailResponseData(plan: $0, view: view)) }
    }
}

struct PlanGroupPlanDetailResponseData: WireObject {
    let plan: PlanDetailResponseData

    func writeFields(to json: inout JSONWriter) {
        plan.writeFields(to: &json)
        json.field("available_periods", availablePeriods)
        json.field("is_custom", false)
        json.emptyLists("compatible_plan_ids")
    }

    /// PlanPriceCadence
    private var availablePeriods: [String] {
        let cadences: KeyValuePairs<PriceInterval, String> = [
            .monthly: "monthly", .quarterly: "quarterly", .yearly: "yearly",
        ]
        let intervals = (plan.version?.prices ?? []).map(\.interval)
        return cadences.filter { intervals.contains($0.key) }.map(\.value)
    }
}

struct OrderedPlansInGroup: WireObject {
    let planID: Identifier<Plan>

    func writeFields(to json: inout JSONWriter) {
        json.field("plan_id", planID)
    }
}

struct PlanGroupPlanEntitlementsOrder: WireObject {
    let planID: Identifier<Plan>

    func writeFields(to json: inout JSONWriter) {
        json.field("plan_id", planID)
        json.emptyLists("credits", "entitlements")
    }
}

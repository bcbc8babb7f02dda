internal import Basics
internal import Model
internal import Tollgate

/// The settings of the catalog that components read, by their wire names, with what holds where nothing was said.
struct PlanGroupDisplay {
    static let checkout = ["collect_address", "collect_email", "collect_phone", "collect_tax_id"]
    static let components = ["show_estimated_total", "show_feature_description", "show_hard_limit"]
    static let shared = ["show_as_monthly_prices", "show_credits", "show_period_toggle", "show_zero_price_as_free"]
    /// As they are sent; in answers the checkout settings lose their prefix.
    static let names =
        checkout.map { "checkout_\($0)" } + components + shared + [
            "checkout_bundle_purchase_behavior", "opt_in_enabled", "opt_in_text", "opt_in_title",
            "sync_customer_billing_details",
        ]

    let values: [String: TraitValue]

    func writeFields(to json: inout JSONWriter) {
        json.field("checkout_settings") { json in
            json.object { json in
                json.field(
                    "bundle_purchase_behavior", values["checkout_bundle_purchase_behavior"] ?? .string("quantity"))
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
        for name in Self.shared + ["sync_customer_billing_details"] { json.field(named: name, isOn(name)) }
        json.field("tax_collection_enabled", false)
    }

    private func isOn(_ name: String) -> Bool { values[name] == .bool(true) }
}

/// What both answers say in the same way.
extension PlanGroup {
    fileprivate func writeShared(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("initial_plan_id", initialPlanID)
        json.field("initial_plan_price_id", settings.initialPriceID)
        json.field("fallback_plan_id", fallbackPlanID)
        json.field("default_plan_id", fallbackPlanID)
        PlanGroupDisplay(values: display).writeFields(to: &json)
        json.field("trial_days", settings.trialDays)
        json.field("trial_payment_method_required", settings.trialNeedsPaymentMethod)
        json.field("trial_eligibility_per_plan", settings.trialOncePerPlan)
        json.field("trial_expiry_plan_id", settings.trialExpiryPlanID)
        json.field("trial_expiry_plan_price_id", settings.trialExpiryPriceID)
        json.field("proration_behavior", settings.prorationBehavior)
        json.field("prevent_downgrades_when_over_limit", settings.preventsDowngradesOverLimit)
        json.field("prevent_self_service_downgrade", settings.preventsSelfServiceDowngrades)
        json.field("prevent_self_service_downgrade_button_text", settings.downgradeButtonText)
        json.field("prevent_self_service_downgrade_url", settings.downgradeURL)
        json.field("scheduled_downgrade_behavior", settings.scheduledDowngrades)
        json.field("scheduled_downgrade_prevent_when_over_limit", settings.scheduledDowngradesHeedLimits)
        json.field(
            "add_on_compatibilities", settings.compatibilities.map(CompatiblePlansResponseData.init))
        json.field("custom_plan_id", settings.customPlanID)
        json.field("custom_plan_config", settings.customPlanConfig.map(CustomPlanViewConfigResponseData.init))
    }
}

struct CompatiblePlansResponseData: WireObject {
    let rule: PlanCompatibility

    func writeFields(to json: inout JSONWriter) {
        json.field("source_plan_id", rule.sourceID)
        json.field("compatible_plan_ids", rule.compatibleIDs)
    }
}

struct CustomPlanViewConfigResponseData: WireObject {
    let config: CustomPlanConfig

    func writeFields(to json: inout JSONWriter) {
        json.field("price_text", config.priceText)
        json.field("cta_text", config.buttonText)
        json.field("cta_web_site", config.website)
    }
}

/// The answer to changes: plans by id.
struct PlanGroupResponseData: WireObject {
    let group: PlanGroup

    func writeFields(to json: inout JSONWriter) {
        group.writeShared(to: &json)
        json.field("plan_ids", group.planIDs.map(OrderedPlansInGroup.init))
        json.field("add_on_ids", group.addOnIDs)
        json.field("ordered_add_on_ids", group.addOnIDs.map(OrderedPlansInGroup.init))
    }
}

/// The answer to `GET`: plans in full.
struct PlanGroupDetailResponseData: WireObject {
    let group: PlanGroup
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        group.writeShared(to: &json)
        json.field("plans", group.planIDs.compactMap(detail))
        json.field("add_ons", group.addOnIDs.compactMap(detail))
        json.field("ordered_plan_list", group.planIDs.map(PlanGroupPlanEntitlementsOrder.init))
        json.field("ordered_add_on_list", group.addOnIDs.map(PlanGroupPlanEntitlementsOrder.init))
        json.field("initial_plan", group.initialPlanID.flatMap(detail))
        json.field("fallback_plan", group.fallbackPlanID.flatMap(detail))
        json.field("default_plan", group.fallbackPlanID.flatMap(detail))
        json.field("trial_expiry_plan", group.settings.trialExpiryPlanID.flatMap(detail))
        json.field(
            "custom_checkout_fields",
            (group.checkoutFields ?? []).enumerated().map {
                CheckoutFieldResponseData(field: $0.element, position: $0.offset, view: view)
            })
        json.emptyLists("ordered_bundle_list")
    }

    private func detail(_ id: Identifier<Plan>) -> PlanGroupPlanDetailResponseData? {
        view.get(id).map { plan in
            PlanGroupPlanDetailResponseData(
                plan: PlanDetailResponseData(plan: plan, view: view),
                compatibleIDs: group.settings.compatibilities.first { $0.sourceID == id }?.compatibleIDs ?? [])
        }
    }
}

struct PlanGroupPlanDetailResponseData: WireObject {
    let plan: PlanDetailResponseData
    let compatibleIDs: [Identifier<Plan>]

    func writeFields(to json: inout JSONWriter) {
        plan.writeFields(to: &json)
        json.field("available_periods", availablePeriods)
        json.field("is_custom", false)
        json.field("compatible_plan_ids", compatibleIDs)
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

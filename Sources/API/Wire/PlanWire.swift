internal import Basics
internal import Model
internal import Tollgate

struct PlanResponseData: WireObject {
    let plan: Plan

    func writeFields(to json: inout JSONWriter) {
        json.field("id", plan.id)
        json.field("name", plan.name)
        json.field("description", plan.description)
        json.field("icon", plan.icon)
        json.field("plan_type", plan.type)
        json.field("company_id", plan.companyID)
        json.field("copied_from_plan_id", plan.copiedFromID)
        json.field("created_at", plan.createdAt)
        json.field("updated_at", plan.updatedAt)
    }
}

/// A plan as one of its versions has it: the published one, else the draft, unless a version is named.
struct PlanDetailResponseData: WireObject {
    let plan: Plan
    let version: PlanVersion?
    let view: WireView

    init(plan: Plan, versionID: Identifier<PlanVersion>? = nil, view: WireView) {
        self.plan = plan
        self.view = view
        version = (versionID ?? plan.publishedVersionID ?? plan.draftVersionID).flatMap { view.get($0) }
    }

    func writeFields(to json: inout JSONWriter) {
        let prices = version?.prices ?? []
        let entitlements = (version?.entitlementIDs ?? []).compactMap { view.get($0) }
        let features = entitlements.compactMap { view.get($0.featureID) }
        PlanResponseData(plan: plan).writeFields(to: &json)
        json.field("active_version", plan.publishedVersionID.flatMap { view.get($0) }.map(wire))
        json.field("draft_version", plan.draftVersionID.flatMap { view.get($0) }.map(wire))
        json.field("versions", plan.versionIDs.compactMap { view.get($0) }.map(wire))
        json.field("charge_type", version?.chargeType ?? .none)
        json.field("billing_strategy", version?.billingStrategy ?? .schematicManaged)
        json.field("controlled_by", plan.billingLink?.provider ?? .schematic)
        json.field("billing_linked_resource", plan.billingLink.map(BillingLinkedResourceResponseData.init))
        json.field("billing_product", billingProduct)
        json.field("is_trialable", version?.isTrialable ?? false)
        json.field("trial_days", version?.trialDays)
        json.field("is_default", view.planGroup?.fallbackPlanID == plan.id)
        json.field("is_free", prices.allSatisfy { $0.amount == 0 })
        json.field("company_count", view.companyCount(onPlan: plan.id))
        writeCadences(of: prices.filter { $0.currency == prices.first?.currency }, to: &json)
        json.field("prices", prices.map(BillingPriceResponseData.init))
        json.field("currency_prices") { json in
            json.array { json in
                for currency in Set(prices.map(\.currency)).sorted(by: { $0.code < $1.code }) {
                    json.object {
                        $0.field("currency", currency)
                        writeCadences(of: prices.filter { $0.currency == currency }, to: &$0)
                    }
                }
            }
        }
        json.field("entitlements", entitlements.map { PlanEntitlementResponseData(entitlement: $0, view: view) })
        json.field("features", features.map { FeatureDetailResponseData(feature: $0, view: view) })
        json.emptyLists("credits", "included_credit_grants")
    }

    private var billingProduct: BillingProductDetailResponseData? {
        plan.billingProductID.flatMap { view.get($0) }.map { product in
            BillingProductDetailResponseData(
                product: product, prices: view.all(MirroredPrice.self) { $0.details.productID == product.id },
                subscriptionCount: view.subscriptionCount(of: product), view: view)
        }
    }

    private func wire(_ version: PlanVersion) -> PlanVersionResponseData {
        PlanVersionResponseData(version: version, plan: plan, view: view)
    }

    private func writeCadences(of prices: [Price], to json: inout JSONWriter) {
        func price(_ interval: PriceInterval) -> BillingPriceResponseData? {
            prices.first { $0.interval == interval }.map(BillingPriceResponseData.init)
        }
        json.field("monthly_price", price(.monthly))
        json.field("quarterly_price", price(.quarterly))
        json.field("yearly_price", price(.yearly))
        json.field("one_time_price", price(.oneTime))
    }
}

struct PlanVersionResponseData: WireObject {
    let version: PlanVersion
    let plan: Plan
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        json.field("id", version.id)
        json.field("environment_id", view.environment.id)
        json.field("original_plan_id", plan.id)
        json.field("version", version.number)
        json.field("status", version.status)
        json.field("name", plan.name)
        json.field("description", plan.description)
        json.field("icon", plan.icon)
        json.field("plan_type", plan.type)
        json.field("renewal_policy", "auto_renew")
        json.field("created_at", version.createdAt)
        json.field("updated_at", version.updatedAt)
    }
}

struct BillingPriceResponseData: WireObject {
    let price: Price

    func writeFields(to json: inout JSONWriter) {
        json.field("id", price.id)
        json.field("external_price_id", price.id)
        json.field("interval", price.interval.unit)
        json.field("interval_count", price.interval.count)
        json.field("price", price.amount)
        json.field("price_decimal", String(price.amount))
        json.field("currency", price.currency)
        json.field("provider_type", BillingProviderType.schematic)
        json.field("scheme", "per_unit")
    }
}

/// The billing side of a plan's draft.
struct BillingProductPlanResponseData: WireObject {
    let version: PlanVersion
    let view: WireView

    func writeFields(to json: inout JSONWriter) {
        func priceID(_ interval: PriceInterval) -> Identifier<Price>? {
            version.prices.first { $0.interval == interval }?.id
        }
        json.field("account_id", Account.id)
        json.field("environment_id", view.environment.id)
        json.field("plan_id", version.planID)
        json.field("plan_version_id", version.id)
        json.field("billing_product_id", view.get(version.planID)?.billingProductID?.description ?? "")
        json.field("billing_strategy", version.billingStrategy)
        json.field("charge_type", version.chargeType)
        json.field("controlled_by", BillingProviderType.schematic)
        json.field("is_trialable", version.isTrialable)
        json.field("trial_days", version.trialDays)
        json.field("monthly_price_id", priceID(.monthly))
        json.field("quarterly_price_id", priceID(.quarterly))
        json.field("yearly_price_id", priceID(.yearly))
        json.field("one_time_price_id", priceID(.oneTime))
        json.field("prices", version.prices.map(BillingPriceResponseData.init))
    }
}

extension PriceInterval {
    /// `month`, `quarter`, `year`, or for others a count and a unit, as in `2 week`.
    var wireName: String {
        switch self {
        case .monthly: "month"
        case .quarterly: "quarter"
        case .yearly: "year"
        case .oneTime: "one-time"
        default: count == 1 ? unit.rawValue : "\(count) \(unit.rawValue)"
        }
    }
}

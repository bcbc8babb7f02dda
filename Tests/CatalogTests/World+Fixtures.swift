import Basics
import Catalog
import Model
import Store

extension World {
    func freePlan(_ name: String) throws -> (plan: Plan, version: PlanVersion) {
        let plan = try execute(CreatePlan(name: name, type: .plan))
        let version = try execute(SetBillingProduct(planID: plan.id, chargeType: .free))
        return (plan, try execute(PublishPlanVersion(versionID: version.id, migrationStrategy: .leave)))
    }

    /// Published at 49 dollars a month.
    func paidPlan(_ name: String, interval: PriceInterval = .monthly) throws -> Plan {
        let plan = try execute(CreatePlan(name: name, type: .plan))
        var product = SetBillingProduct(planID: plan.id, chargeType: .recurring)
        product.prices = [PriceInput(interval: interval, amount: 4900, currency: .usd)]
        let version = try execute(product)
        try execute(PublishPlanVersion(versionID: version.id, migrationStrategy: .leave))
        return plan
    }

    func onPlan(_ plan: Plan) throws -> Company {
        var command = UpsertCompany(keys: ["id": "on-\(plan.name)"])
        command.basePlanID = plan.id
        return try execute(command)
    }

    func setInitialPlan(_ plan: Plan) throws {
        var group = SetPlanGroup()
        group.planIDs = [plan.id]
        group.initialPlanID = plan.id
        try execute(group)
    }

    func feature(
        _ name: String, _ type: FeatureType, event: String? = nil, trait: Identifier<TraitDefinition>? = nil
    ) throws -> Feature {
        var command = CreateFeature(name: name, description: "", type: type)
        command.eventSubtype = event
        command.traitID = trait
        return try execute(command)
    }

    /// A monthly subscription from now on, as billing would start it.
    @discardableResult
    func subscribe(_ company: Company, carriedFrom: Timestamp? = nil) throws -> Subscription {
        var company = company
        var made: Subscription?
        try seed { transaction in
            let subscription = Subscription(
                id: transaction.newID(), environmentID: environmentID, companyID: company.id,
                planID: Identifier(ordinal: 1),
                versionID: Identifier(ordinal: 1),
                price: Price(id: transaction.newID(), interval: .monthly, amount: 100, currency: .usd), timezone: "UTC",
                usageCarriedFrom: carriedFrom ?? now, startedAt: now)
            company.subscriptionID = subscription.id
            try transaction.put(subscription)
            try transaction.put(company)
            made = subscription
        }
        return made!
    }
}

extension EntitlementValue {
    static let on: EntitlementValue = {
        var value = EntitlementValue(type: .boolean)
        value.bool = true
        return value
    }()

    static func limit(_ limit: Int64) -> EntitlementValue {
        var value = EntitlementValue(type: .numeric)
        value.numeric = limit
        return value
    }
}

extension EntitlementInput {
    static let on: EntitlementInput = {
        var input = EntitlementInput(valueType: .boolean)
        input.valueBool = true
        return input
    }()

    static func limit(_ limit: Int64) -> EntitlementInput {
        var input = EntitlementInput(valueType: .numeric)
        input.valueNumeric = limit
        return input
    }

    static func payAsYouGo(_ unit: Decimal) -> EntitlementInput {
        var input = EntitlementInput(valueType: .unlimited)
        input.priceBehavior = .payAsYouGo
        input.unitPrices.monthly = unit
        return input
    }
}

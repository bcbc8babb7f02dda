internal import Basics
public import Model
public import Store

/// Grants a feature in the draft of a plan by a provider's price or product, or replaces what the draft grants of it.
public struct UpsertLinkedEntitlement: Command {
    public static var name: String { "upsert_linked_entitlement" }

    /// To a price, which is then charged where the entitlement names none; else to a product.
    public var link: BillingLink
    public var entitlement: CreatePlanEntitlement

    public init(link: BillingLink, entitlement: CreatePlanEntitlement) {
        self.link = link
        self.entitlement = entitlement
    }

    public func apply(_ transaction: Transaction) throws -> PlanEntitlement {
        let price = try transaction.price(of: link)
        guard let resource = try price?.externalID ?? transaction.product(of: link)?.externalID else {
            throw link.missing("price or product")
        }
        var command = entitlement
        if let price { try command.input.charge(price) }
        var plan = try transaction.require(command.planID, "plan")
        try plan.checkChangeable(command.versionID)
        let granted = try transaction.entitlements(of: transaction.draft(of: &plan))
        var entitlement =
            if let known = granted.first(where: { $0.featureID == command.featureID }) {
                try UpdatePlanEntitlement(entitlementID: known.id, input: command.input).apply(transaction)
            } else {
                try command.apply(transaction)
            }
        entitlement.billingLink = BillingLink(provider: link.provider, resource: resource)
        try transaction.put(entitlement)
        return entitlement
    }
}

extension EntitlementInput {
    /// Takes over what a provider's price says, unless there are prices already. As every unit price or tiers that are
    /// given alone, it counts for every interval.
    fileprivate mutating func charge(_ price: MirroredPrice) throws(Refusal) {
        guard !unitPrices.areGiven, !tiers.areGiven, percentage == nil, currencyPrices?.isEmpty != false else { return }
        let (details, name) = (price.details, "external_resource_id: price \(price.externalID.cut)")
        let unit = details.amountDecimal ?? Decimal(details.amount)
        let isTiered = details.scheme == .tiered
        if let currency, currency != details.currency {
            throw .invalid("\(name) is in \(details.currency.code), not in \(currency.code)")
        }
        if isTiered, details.usageType == .licensed {
            throw .invalid("\(name) has tiers of a quantity that is bought, which cannot be charged here")
        }
        let behavior =
            priceBehavior ?? (isTiered ? .tier : details.usageType == .licensed ? .payInAdvance : .payAsYouGo)
        guard (behavior == .tier) == isTiered, (behavior == .payInAdvance) == (details.usageType == .licensed) else {
            throw .invalid(
                "\(name) is \(details.scheme.rawValue) and \(details.usageType.rawValue), which price_behavior "
                    + "\(behavior.rawValue) is not for")
        }
        switch details.interval {
        case _ where isTiered: tiers.all = details.tiers
        case .monthly: unitPrices.monthly = unit
        case .quarterly: unitPrices.quarterly = unit
        case .yearly: unitPrices.yearly = unit
        default:
            throw .invalid("\(name) is charged every \(details.interval.text): a month, 3 months or a year is needed")
        }
        if isTiered { tierMode = tierMode ?? details.tiersMode ?? .graduated }
        if details.packageSize > 1 { packageSize = packageSize ?? details.packageSize }
        priceBehavior = behavior
        currency = details.currency
    }
}

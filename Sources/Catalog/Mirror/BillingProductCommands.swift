internal import Basics
public import Model
public import Store

/// Takes over what a billing provider says of a product.
public struct UpsertBillingProduct: Command {
    public static var name: String { "upsert_billing_product" }

    public var externalID: String
    public var details: BillingProduct.Details

    public init(externalID: String, details: BillingProduct.Details) {
        self.externalID = externalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> BillingProduct {
        try externalID.checkExternal("external_id")
        try details.name.check(as: "name")
        guard !details.price.isNegative else {
            throw Refusal.invalid("price cannot be negative, as \(details.price) is")
        }
        let product =
            try transaction.find(BillingProduct.self, externalID)
            ?? BillingProduct(
                id: transaction.newID(), externalID: externalID, details: details, createdAt: transaction.now)
        return try transaction.take(details, of: product)
    }
}

/// Forgets a product with its prices. Refused while a plan is sold as it.
public struct DeleteBillingProduct: Command {
    public static var name: String { "delete_billing_product" }

    /// The provider's id of it, or ours.
    public var externalID: String

    public init(externalID: String) {
        self.externalID = externalID
    }

    public func apply(_ transaction: Transaction) throws {
        let product = try transaction.require(BillingProduct.self, externalID, "billing product")
        if let plan = try transaction.plan(soldAs: product.id) {
            throw Refusal.conflict(
                "plan \"\(plan.name)\" is sold as product \(product.externalID): link another one first")
        }
        for price in try transaction.all(MirroredPrice.self) where price.details.productID == product.id {
            transaction.deleteExternal(price)
        }
        transaction.deleteExternal(product)
    }
}

/// Takes over what a billing provider says of a price.
public struct UpsertMirroredPrice: Command {
    public static var name: String { "upsert_mirrored_price" }

    public var externalID: String
    public var details: MirroredPrice.Details

    public init(externalID: String, details: MirroredPrice.Details) {
        self.externalID = externalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> MirroredPrice {
        try externalID.checkExternal("price_external_id")
        try checkAmounts()
        try details.nickname?.checkOptional(as: "nickname", limit: Limits.nameBytes)
        try details.accountID.checkOptional(as: "external_account_id", limit: Limits.nameBytes)
        let product = try transaction.require(details.productID, "billing product")
        let price =
            try transaction.find(MirroredPrice.self, externalID)
            ?? MirroredPrice(
                id: transaction.newID(), externalID: externalID, details: details, createdAt: transaction.now)
        guard price.details.productID == product.id else {
            throw Refusal.conflict("price \(externalID) is one of another product than \(product.externalID)")
        }
        return try transaction.take(details, of: price)
    }

    private func checkAmounts() throws(Refusal) {
        guard details.amount >= 0 else { throw .invalid("price cannot be negative, as \(details.amount) is") }
        guard details.packageSize >= 1 else {
            throw .invalid("package_size must be at least 1, not \(details.packageSize)")
        }
        guard details.interval.count >= 1 else {
            throw .invalid("interval_count must be at least 1, not \(details.interval.count)")
        }
        var models: [PriceModel] = details.amountDecimal.map { [.perUnit(unit: $0)] } ?? []
        switch details.scheme {
        case .perUnit:
            guard details.tiers.isEmpty else {
                throw .invalid("price_tiers has tiers, where billing_scheme is per_unit")
            }
        case .tiered: models.append(.graduated(tiers: details.tiers))
        }
        for model in models {
            if let refusal = model.refusal { throw .invalid("\(refusal)") }
        }
    }
}

public struct DeleteMirroredPrice: Command {
    public static var name: String { "delete_mirrored_price" }

    /// The provider's id of it, or ours.
    public var externalID: String

    public init(externalID: String) {
        self.externalID = externalID
    }

    public func apply(_ transaction: Transaction) throws {
        transaction.deleteExternal(try transaction.require(MirroredPrice.self, externalID, "billing price"))
    }
}

/// Takes over what a billing provider says of a meter.
public struct UpsertBillingMeter: Command {
    public static var name: String { "upsert_billing_meter" }

    public var externalID: String
    public var details: BillingMeter.Details

    public init(externalID: String, details: BillingMeter.Details) {
        self.externalID = externalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> BillingMeter {
        try externalID.checkExternal("external_id")
        try details.displayName.check(as: "display_name")
        try details.eventName.check(as: "event_name")
        try details.payloadKey.check(as: "event_payload_key")
        var meter =
            try transaction.find(BillingMeter.self, externalID)
            ?? BillingMeter(id: transaction.newID(), externalID: externalID, details: details)
        meter.details = details
        try transaction.putExternal(meter)
        return meter
    }
}

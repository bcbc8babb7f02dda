public import Basics
public import Model
public import Store

/// Takes over what a billing provider says of a customer. Whoever names a company gives it the key that makes it this
/// customer, such as `stripe_customer_id`.
public struct UpsertBillingCustomer: Command {
    public static var name: String { "upsert_billing_customer" }

    public var externalID: String
    public var companyID: Identifier<Company>?
    public var details: BillingCustomer.Details
    public var cause: PlanChangeCause?

    public init(externalID: String, details: BillingCustomer.Details) {
        self.externalID = externalID
        self.details = details
    }

    public func apply(_ transaction: Transaction) throws -> BillingCustomer {
        try externalID.checkExternal("external_id")
        try details.name.checkOptional(as: "name", limit: Limits.nameBytes)
        try details.email.checkOptional(as: "email", limit: Limits.nameBytes)
        try details.meta.mapValues(TraitValue.string).check(as: "customer \(externalID)")
        let known =
            try transaction.find(BillingCustomer.self, externalID)
            ?? BillingCustomer(
                id: transaction.newID(), externalID: externalID, details: details, createdAt: transaction.now)
        guard known.details.provider == details.provider else {
            throw Refusal.conflict(
                "customer \(externalID) is one of \(known.details.provider.rawValue), not of "
                    + details.provider.rawValue)
        }
        if details.isOlder(than: known.details) { return known }
        let customer = try transaction.take(details, of: known)
        if let companyID { try transaction.give(companyID, to: customer) }
        let company = try transaction.company(of: customer)
        for id in customer.subscriptionIDs {
            guard var subscription = try transaction.get(id), !subscription.namesCompany else { continue }
            try transaction.serve(
                company, by: &subscription, because: cause ?? PlanChangeCause(.subscriptionChange))
        }
        return customer
    }
}

/// Forgets a provider's customer: its subscriptions are over, its payment methods gone. Its invoices stay.
public struct DeleteBillingCustomer: Command {
    public static var name: String { "delete_billing_customer" }

    /// The provider's id of it, or ours.
    public var externalID: String
    public var cause: PlanChangeCause?

    public init(externalID: String) {
        self.externalID = externalID
    }

    public func apply(_ transaction: Transaction) throws {
        let customer = try transaction.require(BillingCustomer.self, externalID, "billing customer")
        for id in customer.subscriptionIDs {
            guard var subscription = try transaction.get(id) else { continue }
            if !subscription.details.status.isFinal {
                let endsAt = subscription.endsAt
                subscription.details.status = .canceled
                subscription.updatedAt = transaction.now
                transaction.moveLapse(
                    .mirroredSubscription, of: id.ordinal, from: endsAt, to: subscription.endsAt)
                try transaction.putExternal(subscription)
            }
            if let companyID = subscription.companyID {
                try transaction.followMirror(of: companyID, because: cause ?? PlanChangeCause(.subscriptionChange))
            }
        }
        for id in customer.paymentMethodIDs {
            if let method = try transaction.get(id) { transaction.deleteExternal(method) }
        }
        transaction.deleteExternal(customer)
    }
}

extension Transaction {
    /// The company that has the customer's id among its keys.
    func company(of customer: BillingCustomer) throws -> Identifier<Company>? {
        try owner(of: .company, name: customer.details.provider.customerKey, value: customer.externalID)
            .map { Identifier(ordinal: $0) }
    }

    /// Makes a company this customer; another one that was it is not any more.
    fileprivate func give(_ companyID: Identifier<Company>, to customer: BillingCustomer) throws {
        let key = customer.details.provider.customerKey
        if let former = try company(of: customer) {
            guard former != companyID else { return }
            var company = try require(former, "company")
            try change(&company, KeyChange(keys: [:], removing: [key]))
            try put(company)
        }
        var company = try require(companyID, "company")
        try change(&company, KeyChange(keys: [key: customer.externalID]))
        company.updatedAt = now
        try put(company)
    }
}
